"""Segments through a simulated district, as a source of maps tells them."""

import json
import math

SOURCE = {"source_id": "roads", "kind": "roadside", "format": "network.json"}
WIDE_M = 60.0


def roads_about(sources):
    """Body of a piece of a network: a wide segment through each place of a source, both ways."""
    segments = []
    for source in sources:
        if source.get("kind") != "roadside" or source.get("lat_deg") is None:
            continue
        lat, lon = source["lat_deg"], source["lon_deg"]
        half = 150.0 / (111_320.0 * math.cos(math.radians(lat)))
        for way, (first, last) in {"east": (-half, half), "west": (half, -half)}.items():
            name = f"{source['source_id']} {way}"
            points = [[lon + first, lat], [lon + last, lat]]
            turns = [{"intersection": name, "group": 1}]
            lane = {"name": f"{name}:1", "points": points, "width_m": WIDE_M, "turns": turns}
            segments.append({"name": name, "lanes": [lane], "limit_mps": 13.9})
    return json.dumps({"part": "district", "segments": segments}).encode()
