"""What a vehicle is told at a tick: what is around it, what it cannot see, what it has to mind."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np

from operators._typing import BoolArray, FloatArray, IntArray, RecordArray
from operators.current import Part
from operators.encode.quantise import heading_of_motion
from operators.enrich.context import ContextFlag
from operators.frame import ObjectClass
from operators.fused import speed_mps
from operators.services.plain import Moment, rounded
from operators.surroundings import WAY_S, Sight, surroundings
from operators.transform.ellipsoid import metres_per_degree

REACH_M = 600.0  # ten seconds at 60 m/s, and any radius
STEP_S = 0.5
STEPS = round(WAY_S / STEP_S) + 1
_STANDS_MPS = 0.5
_WALKERS = (ObjectClass.PEDESTRIAN, ObjectClass.BICYCLE, ObjectClass.ANIMAL)
_NUMBERS = (
    "distance_m",
    "ahead_m",
    "right_m",
    "closing_mps",
    "approach_s",
    "approach_m",
    "reach_s",
)
_SIGHTS = [one.name.lower() for one in Sight]
_BEYOND = (Sight.HIDDEN, Sight.FAR)
_ENCODER = msgspec.json.Encoder()


class Around(NamedTuple):
    """Surroundings of one vehicle.

    Parameters
    ----------
    vehicle : structured array of shape (1,), dtype `operators.fused.FUSED`
    rows : structured array of shape (n,), dtype `operators.fused.FUSED`
        Objects near it.
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
        objects = b",".join(self.pieces[i][:-1] + b"," + one[1:] for i, one in met)
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
    vehicle = part.held.rows[part.chosen]
    lat, lon = float(vehicle["lat_deg"][0]), float(vehicle["lon_deg"][0])
    near = moment.closed.around(lat, lon, max(radius_m, _reach_m(vehicle)))
    rows = np.concatenate([one.held.rows[one.chosen] for one in near])
    reported = np.concatenate([_contributed(one, source_id) for one in near])
    told = surroundings(vehicle, rows, reported, radius_m, sight_m)
    return Around(vehicle, rows, told, moment.of([part])[0], moment.of(near))


def _reach_m(vehicle: RecordArray) -> float:
    return min(REACH_M, float(speed_mps(vehicle)[0]) * WAY_S)


def _contributed(part: Part, source_id: str) -> BoolArray:
    sources = part.held.rows["sources"][part.chosen]
    if source_id not in part.held.sources:
        return np.zeros(len(sources), np.bool_)
    bit = np.uint64(1) << np.uint64(part.held.sources.index(source_id))
    given: BoolArray = (sources & bit) != 0
    return given


def _meetings(told: RecordArray) -> list[bytes]:
    """How a vehicle meets each object, as JSON."""
    columns = [rounded(told[name], 2) for name in _NUMBERS]
    sights, way = told["sight"].tolist(), told["on_way"].tolist()
    return [
        _ENCODER.encode(
            {
                **dict(zip(_NUMBERS, numbers, strict=True)),
                "on_way": way[i],
                "sight": _SIGHTS[sights[i]],
                "beyond_sight": sights[i] in _BEYOND,
            }
        )
        for i, numbers in enumerate(zip(*columns, strict=True))
    ]


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


def warnings(scene: Around, ahead_flags: IntArray) -> list[dict[str, Any]]:
    """What a vehicle has to mind, in the order in which it gets there.

    Parameters
    ----------
    scene
        What is around it.
    ahead_flags : ndarray of shape (`STEPS`,)
        `ContextFlag` bits along its way.

    Returns
    -------
    list of dict
        ``kind``, ``reach_s``, and ``track_id`` where it is an object. Emergency vehicles count as
        near within the time to the closest approach, all else when the vehicle is there.
    """
    found = [*_of_objects(scene), *_of_context(ahead_flags)]
    return sorted(found, key=lambda one: (one["reach_s"], one["kind"]))


def _of_objects(scene: Around) -> list[dict[str, Any]]:
    met, rows = scene.told, scene.rows[scene.told["index"]]
    stands = speed_mps(rows) < _STANDS_MPS
    walks = np.isin(rows["object_class"], _WALKERS)
    emergency = (rows["object_class"] == ObjectClass.EMERGENCY) & (met["closing_mps"] > 0)
    due = met["on_way"] & np.isfinite(met["reach_s"]) & (met["reach_s"] <= WAY_S)
    kinds = (
        ("emergency_vehicle", emergency & np.isfinite(met["approach_s"]), met["approach_s"]),
        ("vulnerable_road_user", due & walks, met["reach_s"]),
        ("standing_ahead", due & stands & ~walks, met["reach_s"]),
        ("slower_ahead", due & ~stands & ~walks & ~emergency, met["reach_s"]),
    )
    return [
        {
            "kind": kind,
            "reach_s": round(float(reach_s[i]), 2),
            "track_id": str(rows["track_id"][i]),
            "beyond_sight": int(met["sight"][i]) in _BEYOND,
        }
        for kind, which, reach_s in kinds
        for i in which.nonzero()[0].tolist()
    ]


def _of_context(ahead_flags: IntArray) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for flag in ContextFlag:
        (steps,) = (ahead_flags & int(flag)).nonzero()
        if len(steps):
            kind = (flag.name or "").lower()
            found.append({"kind": kind, "reach_s": float(steps[0]) * STEP_S})
    return found
