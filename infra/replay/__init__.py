"""Recorded files as the messages that once arrived."""
