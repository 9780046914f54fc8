"""Pictures of what SUMO saw, with errors, and what the steps of the segment job make of them."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from benchmarks.segments.traffic import Seen
from infra.simulator.placement import Placement
from infra.simulator.traffic import ROAD_USERS
from operators.enrich.context import no_context
from operators.envelope import Kind
from operators.parameters import Parameters
from operators.picture import columns, positions
from operators.pipeline import LogRecord, run
from operators.raw import RawRecord
from operators.report import encoder
from operators.road.intake import CellRoad, Origin
from operators.road.known import KnownRoads
from operators.road.network import RoadPart
from operators.road.placing import cell_roads
from operators.routes import OBJECTS, ROAD_EVENTS, SEGMENT_STATES
from operators.segments.flow import SegmentFlow
from operators.segments.segment import COLUMNS
from operators.segments.service import COLUMNS as OF_GROUPS
from operators.track import TRACK_ROW
from operators.transform.cells import cell, owner

START_US = 1_789_999_980_000_000  # a whole minute
TICK_US, SECOND_US = 100_000, 1_000_000
PARAMETERS = Parameters(h3_resolution=9)
ORIGIN = Origin(START_US - 5_000_000, "raw.signal", 0, 0, "maps")  # of the network


class Errors:
    """Errors of the positions and velocities of vehicles that last about a second."""

    def __init__(self, sigma_m: float, seed: int) -> None:
        self._sigmas = np.array([sigma_m, sigma_m, 0.2, 0.2])
        self._rng = np.random.default_rng([seed, 9])
        self._held: dict[str, np.ndarray] = {}
        self._stays = math.exp(-0.1)

    def of(self, vehicle: str) -> np.ndarray:
        """Errors of the next tick: east, north, and of the velocity."""
        new = self._rng.normal(size=4) * self._sigmas
        stays = self._stays
        old = self._held.get(vehicle, new)
        self._held[vehicle] = stays * old + math.sqrt(1 - stays * stays) * new
        return self._held[vehicle]


def pictures(
    seen: Sequence[Seen], parts: Sequence[RoadPart], place: Placement, half_m: float,
    sigma_m: float, seed: int, ticks: int,
) -> Iterator[LogRecord]:  # fmt: skip
    """Pictures of all cells that the network touches, tick by tick."""
    held: dict[str, dict[str, bytes]] = {}
    for part in parts:
        for key, near in cell_roads(part, PARAMETERS).items():
            roads = KnownRoads(key, held.setdefault(key, {}))
            roads.take([(Kind.ROAD, msgspec.msgpack.encode(CellRoad(ORIGIN, near)))])
            held[key] |= {k: v for k, v in roads.changes.items() if v is not None}
    by_tick: dict[int, list[Seen]] = defaultdict(list)
    for one in seen:
        by_tick[one.tick].append(one)
    errors, numbers, offset = Errors(sigma_m, seed), {}, 0
    for tick in range(ticks):
        tick_us = START_US + tick * TICK_US
        rows = _rows(by_tick[tick], place, half_m, errors, numbers, sigma_m)
        for key in sorted(held):
            value = _picture(key, rows.get(key, np.zeros(0, TRACK_ROW)), tick_us, held[key])
            record = RawRecord(offset, tick_us + 150_000, 0, "", "", key, encoder.encode(value))
            yield LogRecord(OBJECTS, 0, record)
            offset += 1


def _rows(
    seen: Sequence[Seen], place: Placement, half_m: float, errors: Errors,
    numbers: dict[str, int], sigma_m: float,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Tracks by the cell that owns their place."""
    found: dict[str, list[tuple[Seen, float, float, np.ndarray]]] = defaultdict(list)
    for one in seen:
        back = ROAD_USERS[one.kind].length_m / 2
        angle = math.radians(90.0 - one.angle_deg)
        error = errors.of(one.vehicle)
        x = one.x_m - back * math.cos(angle) - half_m + error[0]
        y = one.y_m - back * math.sin(angle) - half_m + error[1]
        lat, lon, _ = place.local_to_wgs84(np.array([x]), np.array([y]), np.zeros(1))
        key = owner(float(lat[0]), float(lon[0]), PARAMETERS.h3_resolution)
        velocity = one.speed_mps * np.array([math.cos(angle), math.sin(angle)]) + error[2:]
        found[key].append((one, float(lon[0]), float(lat[0]), velocity))
    made = {}
    for key, held in found.items():
        rows = np.zeros(len(held), TRACK_ROW)
        lon, lat = (np.array([one[k] for one in held]) for k in (1, 2))
        rows["x_m"], rows["y_m"] = cell(key).frame.to_local(lon, lat)
        rows["vx_mps"], rows["vy_mps"] = np.array([one[3] for one in held]).T
        rows["track_id"] = [numbers.setdefault(o[0].vehicle, len(numbers) + 1) for o in held]
        rows["length_m"] = [ROAD_USERS[one[0].kind].length_m for one in held]
        rows["object_class"] = [ROAD_USERS[one[0].kind].object_class for one in held]
        rows["cov_xx_m2"] = rows["cov_yy_m2"] = sigma_m**2
        made[key] = rows
    return made


def _picture(
    key: str, rows: np.ndarray, tick_us: int, entries: dict[str, bytes]
) -> dict[str, object]:
    roads = KnownRoads(key, entries)
    on_roads = roads.columns(rows, tick_us, TICK_US)
    for name, value in roads.changes.items():
        if value is None:
            entries.pop(name, None)
        else:
            entries[name] = value
    head = {"run_id": PARAMETERS.run_id, "frame": "wgs84", "cell_key": key, "tick_us": tick_us}
    head |= {"live_sources": ["unit"], "count": len(rows)}
    head |= no_context(len(rows)) | {"sources": [], "missing_sources": [], "station_id": "s"}
    return head | columns(key, rows, positions(key, rows), tick_us) | on_roads


def told(log: Sequence[LogRecord]) -> dict[str, list[dict[str, np.ndarray]]]:
    """Columns of the records of both topics, with the start of each in microseconds."""
    flow = SegmentFlow(PARAMETERS, lambda _topic, value: msgspec.msgpack.decode(value))
    found: dict[str, list[dict[str, np.ndarray]]] = defaultdict(list)
    for output in run(log, flow):
        if output.route == ROAD_EVENTS:
            continue
        value = msgspec.msgpack.decode(output.value)
        kinds = COLUMNS if output.route == SEGMENT_STATES else OF_GROUPS
        row = {name: np.frombuffer(value[name], kind) for name, kind in kinds.items()}
        row |= {"start_us": value["start_us"], "period_us": value.get("period_us", SECOND_US)}
        found[output.route].append(row | {"key": output.key})
    return found
