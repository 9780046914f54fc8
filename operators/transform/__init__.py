"""Bring positions to common space."""
