"""Bring observations to common time."""
