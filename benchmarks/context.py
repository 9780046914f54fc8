"""What features cost a tick: the publish step of one cell, with few and with many features about.

Features are circles, lines with a width, and polygons of up to 40 corners, 20 m to 1 km large and
spread over a city of 40 km about the cell, as work zones are; over a city beside it, so that none
touches the cell; or, as the worst case, all in the very cell and no larger than 50 m. At each tick
one of them is updated.
"""

import argparse
import random
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benchmarks.machine import description
from operators.enrich.versions import share_feature
from operators.envelope import Kind, seal
from operators.parameters import Parameters
from operators.publish import Publish
from operators.report import Report, encoder
from operators.shared import Shared
from operators.step import State
from operators.track import TRACK_ROW
from operators.transform.cells import LocalFrame, cell, owner

START_US = 1_790_000_000_000_000
COUNTS = (0, 10, 1000, 10_000)
OBJECTS = 200
CELL_M = 1_000.0
# Where east of the cell the middle of the features is and how far from it they lie, metres, and the
# exponent of the largest size.
SPREADS = {
    "beside": (25_000.0, 20_000.0, 3.0),
    "city": (0.0, 20_000.0, 3.0),
    "cell": (0.0, CELL_M, 1.7),
}
KINDS = ("weather", "work_zone", "incident", "warning")
_ENCODER = msgspec.msgpack.Encoder()


def geometry(rng: random.Random, frame: LocalFrame, spread: str) -> tuple[str, float | None]:
    """A random area near the middle of a frame."""
    middle_m, reach_m, largest = SPREADS[spread]
    x, y = middle_m + rng.uniform(-reach_m, reach_m), rng.uniform(-reach_m, reach_m)
    size_m = 10 ** rng.uniform(1.3, largest)
    corners = rng.choice([1, 2, 5, 40])
    turns = sorted(rng.uniform(0, 2 * np.pi) for _ in range(corners))
    lon, lat = frame.to_geographic(x + size_m * np.cos(turns), y + size_m * np.sin(turns))
    places = np.column_stack([lon, lat]).tolist()
    if corners == 1:
        return _text("Point", places[0]), size_m / 4
    if corners == 2:
        return _text("LineString", places), 15.0
    return _text("Polygon", [[*places, places[0]]]), None


def _text(kind: str, coordinates: list[Any]) -> str:
    return msgspec.json.encode({"type": kind, "coordinates": coordinates}).decode()


def feature(rng: random.Random, frame: LocalFrame, spread: str, number: int, offset: int) -> bytes:
    """A record of `context.features`."""
    area, radius_m = geometry(rng, frame, spread)
    value = {
        "feature_id": f"f{number}",
        "kind": KINDS[number % len(KINDS)],
        "receive_time_us": START_US + offset,
        "issued_us": None,
        "valid_from_us": None,
        "valid_to_us": START_US + 3_600_000_000,
        "area": area,
        "radius_m": radius_m,
        "cancelled": False,
        "properties": {"visibility_m": str(50 * (number % 100)), "precipitation": "rain"},
        "topic": "raw.context",
        "partition": 0,
        "offset": offset,
    }
    return _ENCODER.encode(value)


def rows(rng: random.Random) -> bytes:
    """Tracks anywhere in the cell."""
    made = np.zeros(OBJECTS, TRACK_ROW)
    made["track_id"] = np.arange(1, OBJECTS + 1)
    made["confirmed"] = 1
    made["x_m"] = [rng.uniform(-CELL_M, CELL_M) for _ in range(OBJECTS)]
    made["y_m"] = [rng.uniform(-CELL_M, CELL_M) for _ in range(OBJECTS)]
    return made.tobytes()


def costs(spread: str, count: int, ticks: int) -> dict[str, Any]:
    """CPU milliseconds of a tick with `count` features, those of its one update included."""
    rng, home, parameters = random.Random(count), cell(owner(39.9, 116.4, 7)), Parameters()
    shared, publish, state = Shared(), Publish(parameters), State()
    for number in range(count):
        shared.change(share_feature(shared, feature(rng, home.frame, spread, number, number)))
    spent = []
    for k in range(ticks):
        tick = START_US + 1_000_000 + k * parameters.tick_us
        at_us = tick + parameters.cut_us
        report = Report(tick, rows(rng), ["u1"], b"", [], [], ["u1"], [])
        event = seal(at_us, Kind.PICTURE, encoder.encode(report))
        update = (
            feature(rng, home.frame, spread, rng.randrange(count), count + k) if count else None
        )
        began = time.process_time()
        if update is not None:
            shared.change(share_feature(shared, update))
        result = publish.on_wake(home.key, state, [event], shared, at_us)
        spent.append(time.process_time() - began)
        state = State(result.value)
    warm = 1e3 * np.array(spent[10:])
    p50, p99 = np.percentile(warm, (50, 99)).tolist()
    return {
        "spread": spread,
        "features": count,
        "p50_ms": p50,
        "p99_ms": p99,
        "first_ms": 1e3 * spent[0],
    }


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.context", description=__doc__)
    parser.add_argument("--ticks", type=int, default=1000)
    parser.add_argument("--out", type=Path, help="JSON file to write")
    options = parser.parse_args()
    costs("cell", 100, 20)
    outcomes = [costs(spread, count, options.ticks) for spread in SPREADS for count in COUNTS]
    for one in outcomes:
        times = "  ".join(f"{name} {one[name]:8.2f}" for name in ("p50_ms", "p99_ms", "first_ms"))
        print(f"{one['spread']:6}  {one['features']:6} features  {times}")
    if options.out:
        report = {"machine": description(), "objects": OBJECTS, "outcomes": outcomes}
        options.out.write_bytes(msgspec.json.format(msgspec.json.encode(report)))


if __name__ == "__main__":
    main()
