"""Acceptance reports of sources, from the tables alone."""
