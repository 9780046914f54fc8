"""Account for every record and observation."""
