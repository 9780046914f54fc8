"""States of segments and approaches against SUMO's truth.

    python -m benchmarks.segments [--seconds 600] [--seed 1] [--sigma 0.3] [--out FILE]

Traffic with an incident each ten minutes (a car that stands on a lane for a while) drives through a
district whose network is imported. Its true positions plus errors that last about a second are the
pictures of cells of resolution 9, some dozen, so that segments lie in several. They go through the
steps of the segment job. Truth is SUMO's: lanes and speeds of the middles of vehicles, by the same
definitions.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import msgspec
import numpy as np

from benchmarks.segments.feed import ORIGIN, PARAMETERS, START_US, pictures, told
from benchmarks.segments.score import NAME, score_approaches, score_segments
from benchmarks.segments.traffic import drive, middles
from benchmarks.segments.truth import truth_of
from infra.roads.sumo import read_sumo
from infra.simulator.network import District, build_network
from infra.simulator.placement import Placement
from operators.pipeline import LogRecord
from operators.raw import RawRecord
from operators.road.intake import road_record
from operators.road.network import RoadPart, length_m
from operators.routes import APPROACH_STATES, NETWORK, SEGMENT_STATES, SOURCES
from operators.segments.approaches import USUAL_MPS


def measure(seconds: float, seed: int, sigma_m: float) -> dict[str, float]:
    """All figures of one run."""
    district, place = District(crossings=2), Placement()
    half_m = district.side_m / 2
    with tempfile.TemporaryDirectory() as folder:
        network = build_network(district, Path(folder), seed)

        def placed(x_m: np.ndarray, y_m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            lat, lon, _ = place.local_to_wgs84(x_m - half_m, y_m - half_m, np.zeros_like(x_m))
            return lon, lat

        with network.path.open("rb") as file:
            segments = read_sumo(file, NAME, place=placed).segments
        stop_lane = next(
            lane.name.removeprefix(f"{NAME}/")
            for segment in segments
            if segment.name.removeprefix(f"{NAME}/") in network.inner
            for lane in segment.lanes
            if lane.kind == "vehicle" and length_m(lane) > 130.0
        )
        seen = drive(network, seconds, seed, stop_lane)
    lanes = [lane for segment in segments for lane in segment.lanes]
    lengths = {lane.name.removeprefix(f"{NAME}/"): length_m(lane) for lane in lanes}
    limits = {s.name.removeprefix(f"{NAME}/"): s.limit_mps or USUAL_MPS for s in segments}
    truth = truth_of(middles(seen, lengths), limits)
    part = RoadPart(NAME, segments)
    road = road_record(part, ORIGIN, PARAMETERS)
    lat, lon, _ = place.local_to_wgs84(np.zeros(1), np.zeros(1), np.zeros(1))
    unit = {"source_id": "unit", "kind": "roadside", "lat_deg": float(lat[0]),
            "lon_deg": float(lon[0]), "coverage_radius_m": 2000.0}  # fmt: skip
    log = [
        LogRecord(SOURCES, 0, _raw(msgspec.json.encode(unit))),
        LogRecord(NETWORK, 0, _raw(road)),
        *pictures(seen, [part], place, half_m, sigma_m, seed, round(seconds * 10)),
    ]
    records = told(log)
    minutes = int(seconds // 60)
    return (
        {"seconds": seconds, "vehicle_ticks": len(seen), "pictures": len(log) - 2}
        | score_segments(records[SEGMENT_STATES], truth, segments, minutes)
        | score_approaches(records[APPROACH_STATES], truth, segments)
    )


def _raw(body: bytes) -> RawRecord:
    return RawRecord(0, START_US - 5_000_000, 0, "", "", "", body)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.segments", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sigma", type=float, default=0.3, help="of places, metres an axis")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    figures = measure(chosen.seconds, chosen.seed, chosen.sigma)
    for name, value in figures.items():
        sys.stdout.write(f"{name:36} {value:.3f}\n")
    if chosen.out:
        chosen.out.write_bytes(msgspec.json.format(msgspec.json.encode(figures)))


if __name__ == "__main__":
    main()
