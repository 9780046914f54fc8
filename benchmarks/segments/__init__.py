"""States of segments and approaches against SUMO's truth: see `__main__`."""
