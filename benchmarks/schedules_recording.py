"""Small recordings for schedules: every mechanism that a crash or another order could upset."""

import json
import random
from collections import Counter

import numpy as np

from benchmarks.schedules_context import context
from operators.pipeline import LogRecord
from operators.raw import RawRecord
from operators.transform.cells import Cell, cell, owner
from operators.transform.gcj02 import wgs84_to_gcj02

START_US = 1_790_000_000_000_000
SECOND_US = 1_000_000
SECONDS = 4.0
SPACING = 1000  # between offsets, so that others find room
_HOME = cell(owner(39.90, 116.40, 7))
_CLOCK_BEHIND_US = 3 * SECOND_US


def recording(seed: int) -> list[LogRecord]:
    """A log of some four seconds in order of receive time.

    Two to four objects near a corner where three cells meet (every third recording: in the middle
    of one); a unit, a unit whose clock is 3 s behind, a unit whose datum is mended while it sends,
    a gateway of probes; what feeds, maps and signals say (`schedules_context`); records that are
    late, of the future, broken, or say nothing.
    """
    rng = random.Random(seed)
    paths = _paths(rng, corner=seed % 3 != 2)
    sent = [*_entries(), *context(paths, SECONDS)]
    for name, every_us, delay_us in (
        ("unit-a", 100_000, 50_000),
        ("unit-late", 100_000, 80_000),
        ("unit-gcj", 200_000, 60_000),
        ("fleet", 100_000, 90_000),
    ):
        at_us = START_US + rng.randrange(0, 100_000, 1000)
        while at_us < START_US + SECONDS * SECOND_US:
            sent.append(_record(name, at_us, delay_us, paths, rng))
            at_us += every_us
    return _numbered(sent)


def _paths(rng: random.Random, *, corner: bool) -> list[tuple[float, float, float, float]]:
    x, y = _corner(_HOME, rng.randrange(6)) if corner else (0.0, 0.0)
    return [
        (x + rng.uniform(-20, 20), y + 15.0 * k, rng.uniform(-12, 12), rng.uniform(-3, 3))
        for k in range(rng.randint(2, 4))
    ]


def _corner(home: Cell, k: int) -> tuple[float, float]:
    (a, b, c), (d, e, f) = home.edges[k], home.edges[(k + 1) % len(home.edges)]
    x, y = np.linalg.solve([[a, b], [d, e]], [2.0 - c, 2.0 - f])
    return float(x), float(y)


def _record(
    name: str,
    at_us: int,
    delay_us: int,
    paths: list[tuple[float, float, float, float]],
    rng: random.Random,
) -> tuple[str, int, RawRecord]:
    age_s = (at_us - START_US) / 1e6
    seen = [
        (x + vx * age_s + rng.gauss(0, 0.3), y + vy * age_s + rng.gauss(0, 0.3), k)
        for k, (x, y, vx, vy) in enumerate(paths)
        if rng.random() < 0.9
    ]
    if name == "fleet":
        seen = seen[:1]
    said_us = at_us - (_CLOCK_BEHIND_US if name == "unit-late" else 0)
    objects = [_object(*one, shifted=name == "unit-gcj") for one in seen]
    line = {"source": name, "event_time_us": said_us, "frame": "wgs84", "objects": objects}
    body = json.dumps(line).encode()
    body = body if rng.random() < 0.95 else body[:-1]
    odd_us = rng.choice([0] * 12 + [70_000, 300_000, 900_000, 2_300_000, -600_000])
    received = at_us + delay_us + odd_us
    received -= received % 1000
    topic = "raw.probe" if name == "fleet" else "raw.roadside"
    # Two sources share a partition.
    partition = {"unit-a": 0, "unit-late": 1, "unit-gcj": 0, "fleet": 0}[name]
    return topic, partition, RawRecord(0, received, 0, "recording.json", name, "", body)


def _object(x_m: float, y_m: float, number: int, *, shifted: bool) -> dict[str, object]:
    lon, lat = _HOME.frame.to_geographic(np.array([x_m]), np.array([y_m]))
    if shifted:
        lon, lat = wgs84_to_gcj02(lon, lat)
    return {
        "lat_deg": float(lat[0]),
        "lon_deg": float(lon[0]),
        "class": "car",
        "local_id": number,
        "position_cov": [0.25, 0.0, 0.0, 0.25],
    }


def _entries() -> list[tuple[str, int, RawRecord]]:
    lon, lat = _HOME.frame.to_geographic(np.zeros(1), np.zeros(1))
    place = {"lat_deg": float(lat[0]), "lon_deg": float(lon[0])}
    early_us, mended_us = START_US - 10 * SECOND_US, START_US - 3 * SECOND_US
    declared = [
        (early_us, {"source_id": "unit-a", **place, "coverage_radius_m": 2000.0}),
        (early_us, {"source_id": "unit-late"}),
        (early_us, {"source_id": "unit-gcj"}),
        (early_us, {"source_id": "zbaa", **place, "coverage_radius_m": 3000.0, "kind": "feed"}),
        (early_us, {"source_id": "office", "kind": "feed"}),
        (early_us, {"source_id": "maps"}),
        (early_us, {"source_id": "lights"}),
        (mended_us, {"source_id": "unit-gcj", "datum": "GCJ-02"}),  # holds from 2 s on
        (mended_us, {"source_id": "unit-a", "surprise": 1}),
    ]
    return [
        (
            "station.sources",
            0,
            RawRecord(
                0,
                at_us,
                0,
                "",
                "",
                str(entry["source_id"]),
                json.dumps({"kind": "roadside"} | entry).encode(),
            ),
        )
        for at_us, entry in declared
    ]


def _numbered(sent: list[tuple[str, int, RawRecord]]) -> list[LogRecord]:
    """Offsets in the order of receive time in each partition, as a broker gives them."""
    counts: Counter[tuple[str, int]] = Counter()
    log = []
    for topic, partition, record in sorted(sent, key=lambda one: one[2].receive_time_us):
        offset = SPACING * counts[topic, partition]
        counts[topic, partition] += 1
        log.append(LogRecord(topic, partition, record._replace(offset=offset)))
    return log
