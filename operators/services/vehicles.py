"""What a vehicle is told at a tick: what is around it, what it cannot see, what it has to mind."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec
import numpy as np

from operators._typing import FloatArray, IntArray, RecordArray
from operators.current import Part
from operators.encode.quantise import heading_of_motion
from operators.enrich.told import ContextFlag
from operators.frame import ObjectClass
from operators.fused import speed_mps
from operators.services.plain import Moment
from operators.surroundings import WAY_S, Fleet, Sight, surroundings
from operators.transform.ellipsoid import metres_per_degree

STEP_S = 0.5
STEPS = round(WAY_S / STEP_S) + 1
_STANDS_MPS = 0.5
_EMERGENCY = int(ObjectClass.EMERGENCY)  # plain: enums compare slowly
_WALKERS = (int(ObjectClass.PEDESTRIAN), int(ObjectClass.BICYCLE), int(ObjectClass.ANIMAL))
_SIGHTS = [one.name.lower() for one in Sight]
_BEYOND = (int(Sight.HIDDEN), int(Sight.FAR))
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


class Asked(NamedTuple):
    """Who asks what is around an object.

    Parameters
    ----------
    part
        The object.
    source_id
        The vehicle's own source, whose contributions it knows; empty if it has none.
    radius_m, sight_m
        As for `operators.surroundings.surroundings`.
    """

    part: Part
    source_id: str
    radius_m: float
    sight_m: float


class Around(NamedTuple):
    """Surroundings of one vehicle.

    Parameters
    ----------
    own
        JSON of the vehicle.
    objects
        JSON of each object that it is told, nearest first.
    minded
        Those that it has to mind, as `warnings` takes them.
    """

    own: bytes
    objects: Sequence[bytes]
    minded: Sequence[dict[str, Any]]

    def as_json(self, head: bytes) -> bytes:
        """One JSON object that begins with the members in `head`."""
        objects = b",".join(self.objects)
        return b'{%s,"vehicle":%s,"objects":[%s]}' % (head, self.own, objects)


def around(moment: Moment, asked: Sequence[Asked]) -> list[Around]:
    """What is around objects, all of them at once.

    Parameters
    ----------
    moment
        The tick.
    asked
        The questions.
    """
    if not asked:
        return []
    whole, pieces = moment.whole, moment.all_pieces
    numbers = [whole.number(one.part) for one in asked]
    _, source_ids, radius_m, sight_m = zip(*asked, strict=True)
    limits_m = np.array([radius_m, sight_m], float)
    fleet = Fleet(np.array(numbers), whole.bits(source_ids), *limits_m)
    told, starts = surroundings(fleet, whole.rows, whole.cell)
    objects = [
        pieces[i][:-1] + met for i, met in zip(told["index"].tolist(), _meetings(told), strict=True)
    ]
    minded = _minded(told, whole.rows)
    found = []
    for number, (begin, end) in zip(numbers, pairwise(starts.tolist()), strict=True):
        mind = [minded[k] for k in range(begin, end) if k in minded]
        found.append(Around(pieces[number], objects[begin:end], mind))
    return found


def _meetings(told: RecordArray) -> list[bytes]:
    """How vehicles meet objects: what goes on from the JSON of each, its end too."""
    sights = told["sight"].tolist()
    columns = (
        *(np.round(told[name], 2).tolist() for name in _NUMBERS),
        told["on_way"].tolist(),
        [_SIGHTS[sight] for sight in sights],
        [sight in _BEYOND for sight in sights],
    )
    lines = _ENCODER.encode_lines([_Meeting(*one) for one in zip(*columns, strict=True)])
    return [b"," + line[1:] for line in lines.splitlines()]


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
    found = [*scene.minded, *_of_context(ahead_flags), *events]
    return sorted(found, key=lambda one: (one["reach_s"], one["kind"]))


def _minded(told: RecordArray, rows: RecordArray) -> dict[int, dict[str, Any]]:
    """Objects that have to be minded, by their numbers in `told`."""
    emergency = rows["object_class"][told["index"]] == ObjectClass.EMERGENCY
    (chosen,) = (told["on_way"] | emergency).nonzero()
    met = told[chosen]
    of = rows[met["index"]]
    columns = (chosen, of["track_id"], of["object_class"], speed_mps(of), *(met[n] for n in _TIMES))
    found = {}
    for k, track_id, object_class, speed, sight, *times in zip(
        *(column.tolist() for column in columns), strict=True
    ):
        kind, reach_s = _kind(object_class, speed, *times)
        if reach_s <= WAY_S:  # not if it is NaN
            found[k] = {
                "kind": kind,
                "reach_s": round(reach_s, 2),
                "track_id": str(track_id),
                "beyond_sight": sight in _BEYOND,
            }
    return found


_TIMES = ("sight", "closing_mps", "approach_s", "reach_s")


def _kind(
    object_class: int, speed_mps: float, closing_mps: float, approach_s: float, reach_s: float
) -> tuple[str, float]:
    """What an object is to be minded as, and in how many seconds; NaN for not at all."""
    if object_class == _EMERGENCY and closing_mps > 0:
        return "emergency_vehicle", approach_s
    if object_class in _WALKERS:
        return "vulnerable_road_user", reach_s
    return ("standing_ahead" if speed_mps < _STANDS_MPS else "slower_ahead"), reach_s


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
