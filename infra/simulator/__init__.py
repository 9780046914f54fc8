"""The simulator: SUMO truth, sensor models, messages in the real formats, scoring."""
