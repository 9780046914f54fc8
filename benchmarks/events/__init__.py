"""Events against what was made to happen: scripted scenes, and ordinary traffic in SUMO."""
