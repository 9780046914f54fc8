"""What a vehicle is told at a tick: what is around it, what it cannot see, what it has to mind."""

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np

from operators._typing import FloatArray, IntArray, RecordArray
from operators.current import Part
from operators.encode.quantise import heading_of_motion
from operators.enrich.told import ContextFlag
from operators.frame import ObjectClass
from operators.fused import speed_mps
from operators.jit import Record
from operators.services.plain import Moment
from operators.surroundings import WAY_S, Sight, surroundings
from operators.transform.ellipsoid import metres_per_degree

REACH_M = 600.0  # ten seconds at 60 m/s, and any radius
STEP_S = 0.5
STEPS = round(WAY_S / STEP_S) + 1
_STANDS_MPS = 0.5
_WALKERS = (ObjectClass.PEDESTRIAN, ObjectClass.BICYCLE, ObjectClass.ANIMAL)
_SIGHTS = [one.name.lower() for one in Sight]
_BEYOND = (int(Sight.HIDDEN), int(Sight.FAR))  # plain: enums compare slowly
_ENCODER = msgspec.json.Encoder()


class _Meeting(msgspec.Struct):
    """How a vehicle meets an object, as JSON has it; NaN is null there."""

    distance_m: float
    ahead_m: float
    right_m: float
    closing_mps: float
    approach_s: float
    approach_m: float
    reach_s: float
    on_way: bool
    sight: str
    beyond_sight: bool


_NUMBERS = _Meeting.__struct_fields__[:7]


class Around(NamedTuple):
    """Surroundings of one vehicle.

    Parameters
    ----------
    vehicle : structured array of shape (1,), dtype `operators.fused.FUSED`
    rows : structured array of shape (n,), dtype `operators.fused.FUSED`
        All objects.
    told : structured array of shape (m,), dtype `operators.surroundings.NEAR`
        Those that it is told, nearest first.
    own
        JSON of the vehicle.
    pieces
        JSON of each of `rows`.
    """

    vehicle: RecordArray
    rows: RecordArray
    told: RecordArray
    own: bytes
    pieces: Sequence[bytes]

    def as_json(self, head: bytes) -> bytes:
        """One JSON object that begins with the members in `head`."""
        met = zip(self.told["index"].tolist(), _meetings(self.told), strict=True)
        objects = b",".join([self.pieces[i][:-1] + b"," + one[1:] for i, one in met])
        return b'{%s,"vehicle":%s,"objects":[%s]}' % (head, self.own, objects)


def around(moment: Moment, part: Part, source_id: str, radius_m: float, sight_m: float) -> Around:
    """What is around an object.

    Parameters
    ----------
    moment
        The tick.
    part
        The object.
    source_id
        The vehicle's own source, whose contributions it knows; empty if it has none.
    radius_m, sight_m
        As for `operators.surroundings.surroundings`.
    """
    whole, pieces = moment.whole, moment.all_pieces
    number = whole.number(part)
    vehicle = whole.rows[number : number + 1]
    near = whole.near(number, max(radius_m, _reach_m(vehicle)))
    reported = whole.contributed(source_id)
    told = surroundings(vehicle, whole.rows, reported, radius_m, sight_m, near)
    return Around(vehicle, whole.rows, told, pieces[number], pieces)


def _reach_m(vehicle: RecordArray) -> float:
    return min(REACH_M, _speed_mps(vehicle[0]) * WAY_S)


def _meetings(told: RecordArray) -> list[bytes]:
    """How a vehicle meets each object, as JSON."""
    sights = told["sight"].tolist()
    columns = (
        *(np.round(told[name], 2).tolist() for name in _NUMBERS),
        told["on_way"].tolist(),
        [_SIGHTS[sight] for sight in sights],
        [sight in _BEYOND for sight in sights],
    )
    return [_ENCODER.encode(_Meeting(*one)) for one in zip(*columns, strict=True)]


# -- warnings ------------------------------------------------------------------------------------


def way_ahead(vehicles: RecordArray) -> tuple[FloatArray, FloatArray]:
    """Longitudes and latitudes where vehicles will be, every half second for ten seconds.

    Straight ahead at their speed, as `operators.surroundings` takes their ways.

    Returns
    -------
    tuple of ndarray of shape (n, `STEPS`)
    """
    heading = np.nan_to_num(heading_of_motion(vehicles))[:, None]
    gone_m = speed_mps(vehicles)[:, None] * (np.arange(STEPS) * STEP_S)
    east_m, north_m = metres_per_degree(vehicles["lat_deg"])
    lon = vehicles["lon_deg"][:, None] + gone_m * np.sin(heading) / east_m[:, None]
    lat = vehicles["lat_deg"][:, None] + gone_m * np.cos(heading) / north_m[:, None]
    return lon, lat


def warnings(
    scene: Around, ahead_flags: IntArray, events: Sequence[dict[str, Any]] = ()
) -> list[dict[str, Any]]:
    """What a vehicle has to mind, in the order in which it gets there.

    Parameters
    ----------
    scene
        What is around it.
    ahead_flags : ndarray of shape (`STEPS`,)
        `ContextFlag` bits along its way.
    events
        Those of the road's events that concern it, as `open_events.concerned` tells them.

    Returns
    -------
    list of dict
        ``kind``, ``reach_s``, and ``track_id`` where it is an object. Emergency vehicles count as
        near within the time to the closest approach, all else when the vehicle is there.
    """
    found = [*_of_objects(scene), *_of_context(ahead_flags), *events]
    return sorted(found, key=lambda one: (one["reach_s"], one["kind"]))


def _of_objects(scene: Around) -> Iterator[dict[str, Any]]:
    emergency = scene.rows["object_class"][scene.told["index"]] == ObjectClass.EMERGENCY
    for met in scene.told[scene.told["on_way"] | emergency]:
        row = scene.rows[met["index"]]
        kind, reach_s = _kind(int(row["object_class"]), met, _speed_mps(row))
        if reach_s <= WAY_S:  # not if it is NaN
            yield {
                "kind": kind,
                "reach_s": round(reach_s, 2),
                "track_id": str(row["track_id"]),
                "beyond_sight": int(met["sight"]) in _BEYOND,
            }


def _kind(object_class: int, met: Record, speed_mps: float) -> tuple[str, float]:
    """What an object is to be minded as, and in how many seconds; NaN for not at all."""
    if object_class == ObjectClass.EMERGENCY and met["closing_mps"] > 0:
        return "emergency_vehicle", float(met["approach_s"])
    if object_class in _WALKERS:
        return "vulnerable_road_user", float(met["reach_s"])
    kind = "standing_ahead" if speed_mps < _STANDS_MPS else "slower_ahead"
    return kind, float(met["reach_s"])


def _speed_mps(row: Record) -> float:
    return math.hypot(row["velocity_east_mps"], row["velocity_north_mps"])


def _of_context(ahead_flags: IntArray) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if not ahead_flags.any():
        return found
    for flag in ContextFlag:
        (steps,) = (ahead_flags & int(flag)).nonzero()
        if len(steps):
            kind = (flag.name or "").lower()
            found.append({"kind": kind, "reach_s": float(steps[0]) * STEP_S})
    return found
