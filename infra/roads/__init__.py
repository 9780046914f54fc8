"""Road networks of others (SUMO, GeoJSON, OpenStreetMap) as pieces that the station reads."""
