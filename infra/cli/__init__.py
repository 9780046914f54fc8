"""The `station` command."""
