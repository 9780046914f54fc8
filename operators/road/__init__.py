"""The road network as data: signals, segments with lanes, and which lane an object is on."""
