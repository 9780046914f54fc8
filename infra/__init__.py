"""How the station is deployed and tried: local parts, simulator, command line."""
