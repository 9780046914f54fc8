"""Fused objects as the messages of the standards: the services to vehicles."""
