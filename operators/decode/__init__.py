"""Adapters: one module a message format, each a datasheet of its standard."""
