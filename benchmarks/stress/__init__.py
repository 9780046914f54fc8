"""Faults of sources and hard scenes, each with and without its fault."""
