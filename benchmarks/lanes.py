"""Segments and lanes of objects, against SUMO's, through all steps in memory.

    python -m benchmarks.lanes [--seconds 60] [--seed 1] [--maps] [--out FILE]

A district with roadside units and probes is fused in memory with its network imported. Each row of
the pictures that is of a vehicle or cyclist of the truth (2.5 m at most) is asked: was a segment
told, a lane, and is it the one that SUMO's vehicle is on? `--maps` has the junctions send their
maps too. The cost is that of `operators.road.match` alone, all rows of a tick at once.
"""

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from scipy.optimize import linear_sum_assignment

import schemas
from benchmarks.lanes_truth import Lanes, OnLane, read_truth
from benchmarks.machine import description
from infra.roads.pieces import entry_of, messages_of, pieces_of
from infra.roads.sumo import read_sumo
from infra.simulator.junctions import read_junctions
from infra.simulator.network import build_network
from infra.simulator.scenario import Scenario, sense
from infra.simulator.traffic import simulate_traffic
from infra.simulator.truth import Truth
from operators._typing import FloatArray, IntArray, RecordArray
from operators.parameters import Parameters
from operators.pipeline import LogRecord, Pipeline, run
from operators.raw import RawRecord
from operators.road.intake import cell_roads
from operators.road.lanes import cell_lanes, pack_parts
from operators.road.match import match
from operators.road.network import RoadPart
from operators.road.recall import MEMORY
from operators.routes import SOURCES
from operators.track import TRACK_ROW
from operators.transform.cells import cell, owner
from schemas.reader import ColumnReader

NAME = "district"
START_US = 1_790_000_000_000_000
AHEAD_US = 10_000_000  # sources are declared, and the network sent 3 s later
NEAR_M = 2.5
SIGMA_M = 0.5
SETTLED_S = 5.0
_NOBODY = OnLane(0, 0)  # who has no lane in the truth: a pedestrian


class Scene(NamedTuple):
    """What is fused, and what is true."""

    scenario: Scenario
    truth: Truth
    lanes: dict[tuple[int, int], OnLane | None]
    log: list[LogRecord]
    parts: list[RoadPart]


def scene(seconds: float, seed: int, *, maps: bool) -> Scene:
    """Simulate, import the network, and make the log of both."""
    scenario = Scenario(START_US, duration_s=seconds, seed=seed)
    district, place = scenario.district, scenario.placement
    with tempfile.TemporaryDirectory() as folder:
        network = build_network(district, Path(folder), seed)
        truth = simulate_traffic(
            network, district, scenario.demand, place, START_US, seconds, seed
        )  # fmt: skip
        half_m = district.side_m / 2

        def placed(x_m: FloatArray, y_m: FloatArray) -> tuple[FloatArray, FloatArray]:
            lat, lon, _ = place.local_to_wgs84(x_m - half_m, y_m - half_m, np.zeros_like(x_m))
            return lon, lat

        with network.path.open("rb") as file:
            imported = read_sumo(file, NAME, place=placed)
        begin_us = START_US - round(scenario.demand.warm_up_s * 1e6)
        junctions = read_junctions(network.path, district.side_m, begin_us) if maps else ()
        lanes = read_truth(Path(folder) / "floating.csv", scenario, Lanes(imported, NAME))
    made = sense(scenario, truth, junctions)
    entries = [
        *map(msgspec.json.encode, made.sources),
        msgspec.json.encode(entry_of(NAME, "WGS-84")),
    ]
    records = [(START_US - AHEAD_US, SOURCES, "", "", body) for body in entries]
    parts = pieces_of(imported, NAME)
    pieces = messages_of(parts, f"network/{NAME}", START_US - 3_000_000)
    records += [
        (one.receive_time_us, one.topic, one.source_id, one.format, one.payload)
        for one in (*pieces, *made.sent)
    ]
    return Scene(scenario, truth, lanes, list(_log(sorted(records, key=lambda r: r[0]))), parts)


def _log(records: list[tuple[int, str, str, str, bytes]]) -> Iterator[LogRecord]:
    offsets: Counter[str] = Counter()
    for receive_us, topic, source, form, body in records:
        key = msgspec.json.decode(body)["source_id"] if topic == SOURCES else source
        record = RawRecord(offsets[topic], receive_us // 1000 * 1000, 0, form, source, key, body)
        yield LogRecord(topic, 0, record)
        offsets[topic] += 1


def pictures(log: list[LogRecord]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Instant and columns of each picture with objects."""
    reader = ColumnReader(schemas.load("picture"), np.frombuffer)
    for output in run(log, Pipeline(Parameters())):
        if output.route == "fused.objects":
            record = msgspec.msgpack.decode(output.value)
            if record["count"]:
                yield record["tick_us"], reader.columns(record)


ROW = np.dtype(
    [
        ("tick_us", "<i8"),
        ("object_id", "<i8"),
        ("sigma_m", "<f8"),
        ("segment_id", "<u8"),
        ("lane_id", "<u8"),
        ("true_segment_id", "<u8"),  # 0 where SUMO has none that was imported
        ("true_lane_id", "<u8"),
    ]
)


class Matched(NamedTuple):
    """Rows of a picture beside the objects of the truth that they are of.

    Parameters
    ----------
    tick_us, at
        The instant, and its number in the truth.
    columns
        Of the picture.
    own, objects : ndarrays of shape (m,)
        Rows that are of an object, `NEAR_M` off at most; the numbers of these in the truth.
    x_m : ndarray of shape (m,)
        Where the rows are, east, in the truth's axes.
    """

    tick_us: int
    at: int
    columns: dict[str, Any]
    own: IntArray
    x_m: FloatArray
    objects: IntArray


def matched(scene: Scene) -> Iterator[Matched]:
    """Each picture at an instant of the truth, its rows matched with it."""
    truth = scene.truth
    numbers = {int(at): k for k, at in enumerate(truth.time_us)}
    for tick_us, columns in pictures(scene.log):
        if tick_us not in numbers:
            continue
        at = numbers[tick_us]
        lat, lon = columns["lat_e7"] / 1e7, columns["lon_e7"] / 1e7
        x, y, _ = scene.scenario.placement.wgs84_to_local(lat, lon, np.full(len(lat), 12.0))
        own, other = _pairs(x, y, truth.states.x_m[at], truth.states.y_m[at])
        yield Matched(tick_us, at, columns, own, x[own], other)


def compared(scene: Scene) -> RecordArray:
    """Rows of `ROW`: those of pictures that are of a vehicle or cyclist of the truth."""
    found = []
    settled_us = START_US + round(SETTLED_S * 1e6)
    for tick_us, _, columns, own, _, objects in matched(scene):
        if tick_us < settled_us:
            continue
        rows = np.zeros(len(objects), ROW)
        rows["tick_us"], rows["object_id"] = tick_us, scene.truth.object_id[objects]
        rows["sigma_m"] = _sigma_m(columns)[own]
        for name in ("segment_id", "lane_id"):
            rows[name] = columns[name][own]
        places = [scene.lanes.get((tick_us, int(n)), _NOBODY) for n in rows["object_id"]]
        rows["true_segment_id"] = [place.segment_id if place else 0 for place in places]
        rows["true_lane_id"] = [place.lane_id if place else 0 for place in places]
        found.append(rows[[place is not _NOBODY for place in places]])
    return np.concatenate(found)


def _pairs(
    x: FloatArray, y: FloatArray, true_x: FloatArray, true_y: FloatArray
) -> tuple[IntArray, IntArray]:
    """Which tracks and true objects belong together: nearest in sum, `NEAR_M` apart at most."""
    away = np.hypot(x[:, None] - true_x, y[:, None] - true_y)
    away = np.where(away <= NEAR_M, away, 1e6)
    own, other = linear_sum_assignment(away)
    near = away[own, other] <= NEAR_M
    return own[near], other[near]


def _sigma_m(columns: dict[str, Any]) -> FloatArray:
    """Larger standard deviation of the position."""
    ee, en, nn = (columns[name].astype(float) for name in ("cov_ee_m2", "cov_en_m2", "cov_nn_m2"))
    middle, half = (ee + nn) / 2, np.hypot((ee - nn) / 2, en)
    return np.sqrt(middle + half)


def score(rows: RecordArray) -> dict[str, float]:
    """Shares: told of all, and right of what was told.

    Who came before the truth began has no lane there until its middle is past the first one.
    """
    rows = rows[rows["true_lane_id"] > 0]
    sharp = rows[rows["sigma_m"] <= SIGMA_M]
    result: dict[str, float] = {"rows": len(rows), "rows_sharp": len(sharp)}
    for name, chosen in (("segment", rows), ("lane", sharp)):
        told = chosen[f"{name}_id"] > 0
        right = chosen[f"{name}_id"] == chosen[f"true_{name}_id"]
        result[f"{name}_told"] = float(told.mean())
        result[f"{name}_right"] = float(right[told].mean())
    return result


def cost_us(scene: Scene, parts: list[RoadPart], ticks: int = 200) -> float:
    """CPU time of `match` for one object, all of the truth at an instant at once; median."""
    key = owner(scene.truth.placement.lat_deg, scene.truth.placement.lon_deg, 7)
    placed = [cell_roads(part, Parameters()) for part in parts]
    lanes = cell_lanes(key, pack_parts([found[key] for found in placed if key in found]))
    truth = scene.truth.rows()
    truth = truth[truth["time_us"] == scene.truth.time_us[-1]]
    rows = np.zeros(len(truth), TRACK_ROW)
    rows["x_m"], rows["y_m"] = cell(key).frame.to_local(truth["lon_deg"], truth["lat_deg"])
    for name in ("vx_mps", "vy_mps", "object_class"):
        rows[name] = truth[name]
    rows["track_id"] = truth["object_id"] + 1
    rows["cov_xx_m2"] = rows["cov_yy_m2"] = SIGMA_M**2
    rows = np.tile(rows, 10)  # a busy cell: what a call costs itself is shared by many
    rows["track_id"] = np.arange(1, len(rows) + 1)
    _, memory = match(rows, np.zeros(0, MEMORY), lanes, 0.1)
    spent = []
    for _ in range(ticks):
        began = time.process_time()
        match(rows, memory, lanes, 0.1)
        spent.append(time.process_time() - began)
    return float(np.median(spent)) / len(rows) * 1e6


def main() -> None:
    """Run, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--maps", action="store_true")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    made = scene(given.seconds, given.seed, maps=given.maps)
    result: dict[str, Any] = score(compared(made)) | {"cost_us": cost_us(made, made.parts)}
    for name, value in result.items():
        print(f"{name:>15} {value:,.4g}")
    if given.out:
        given.out.write_text(json.dumps(result | {"machine": description()}, indent=1))


if __name__ == "__main__":
    main()
