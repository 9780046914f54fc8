"""Mutation fuzzing of the adapters."""
