"""Who is where nobody, or nobody of its kind, should be, and who should make way."""

from operator import itemgetter

import numpy as np
from scipy.special import ndtr

from operators._typing import FloatArray, IntArray
from operators.enrich.shapes import depths_m, parts_of
from operators.enrich.versions import Version
from operators.events.ground import limit_mps
from operators.events.kinds import SURE, UNSURE, EventKind
from operators.events.rows import is_vehicle
from operators.events.scene import NO_MEMBERS, Claims, Scene, claims, joined, subject_of
from operators.frame import ObjectClass
from operators.transform.cells import cell

# -- walkers and cyclists

# On a crossing, on a path beside the road or at a kerb is where they belong. A second on the
# carriageway off a crossing is a step into a lane of 3 m at 1.4 m/s: half way over.
WALKING_S = 1.0
# Cyclists use carriageways; not those of fast roads, where Chinese law (Road Traffic Safety
# Act, article 67) and the Vienna Convention (article 25) shut them out.
FAST_ROAD_MPS = 19.0  # 70 km/h and more
_ON_CROSSING_M = 1.0


def vulnerable(scene: Scene) -> Claims:
    """Claims of pedestrians off crossings, and of cyclists on fast roads."""
    rows, ground = scene.rows, scene.ground
    walks = rows["object_class"] == ObjectClass.PEDESTRIAN
    walks |= rows["object_class"] == ObjectClass.ANIMAL
    rides = rows["object_class"] == ObjectClass.BICYCLE
    rides &= limit_mps(ground, scene.roads) > FAST_ROAD_MPS
    off = (1.0 - ground["on_walk"]) * (1.0 - ground["on_bicycle"])
    chance = ground["on_road"] * off
    chosen = np.flatnonzero((walks | rides) & (chance > 0.3))
    limit = limit_mps(ground, scene.roads)[chosen]
    made = claims(
        EventKind.VULNERABLE_ON_CARRIAGEWAY, scene, chosen,
        chance=chance[chosen], hold_s=WALKING_S, severity=np.where(limit > FAST_ROAD_MPS, 3, 2),
        value=rows["speed_mps"][chosen],
    )  # fmt: skip
    return Claims(made, NO_MEMBERS)


# -- emergency vehicles

EMERGENCY_S = 0.5
_FOUND_M = 60.0  # what it drives between two reports of its place, a second or two apart


def emergency(scene: Scene) -> Claims:
    """Claims of vehicles on a call that somebody else is near to.

    The subject is the feature, not the track: a cell that is near may not see the vehicle. Of
    several that tell of one vehicle it is the first by name.
    """
    found = [claims(EventKind.EMERGENCY_VEHICLE, scene, np.zeros(0, np.int64))]
    vehicles: list[tuple[int, FloatArray]] = []  # told already: row and place
    for name, version, near in sorted(
        scene.applied.of_kind("emergency_vehicle"), key=itemgetter(0)
    ):
        at = _place_of(scene, version)
        own = _vehicle_at(scene, at)
        others = near[near != own]
        if not len(others) or any(_is_one(own, at, *one) for one in vehicles):
            continue
        vehicles.append((own, at))
        first = own if own >= 0 else others[np.argmax(scene.rows["own"][others])]
        found.append(
            claims(
                EventKind.EMERGENCY_VEHICLE, scene, np.array([first]),
                subject=subject_of(name), chance=1.0, hold_s=EMERGENCY_S, value=len(others),
                radius_m=version["radius_m"] or 0.0,
            )
        )  # fmt: skip
    return Claims(np.concatenate(found), NO_MEMBERS)


def _is_one(row: int, at: FloatArray, other_row: int, other_at: FloatArray) -> bool:
    if row >= 0 or other_row >= 0:
        return row == other_row
    return bool(np.hypot(*(at - other_at)) < _FOUND_M)


def _place_of(scene: Scene, version: Version) -> FloatArray:
    """Where a feature says that its emergency vehicle is, shape (2,), metres."""
    (part,) = parts_of(version["area"], version["radius_m"])
    lon, lat = part.edges[0, :2]
    return np.concatenate(cell(scene.key).frame.to_local(np.array([lon]), np.array([lat])))


def _vehicle_at(scene: Scene, at: FloatArray) -> int:
    """Row of the emergency vehicle that a feature is of, -1 if it is not among the rows."""
    rows = scene.rows
    away = np.hypot(rows["x_m"] - at[0], rows["y_m"] - at[1])
    away[rows["object_class"] != ObjectClass.EMERGENCY] = np.inf
    nearest = int(np.argmin(away)) if len(away) else -1
    return nearest if nearest >= 0 and away[nearest] < _FOUND_M else -1


# -- work zones

INTRUSION_S, ENTERS_MPS = 0.5, 1.5
_OUTSIDE_US = 20_000_000  # works vehicles were inside before


def is_closed(version: Version) -> bool:
    """Whether a work zone shuts traffic out: a drawn area, unless it says that lanes are open.

    A line with a radius is the road along which works are; traffic passes there.
    """
    impact = version["properties"].get("vehicle_impact", "")
    drawn = "Polygon" in version["area"]
    return impact == "all-lanes-closed" or (drawn and not impact)


def intrusion(scene: Scene) -> Claims:
    """Claims of vehicles that drive into the closed area of a work zone from outside."""
    rows, memory = scene.rows, scene.memory
    inside_m = np.full(len(rows), -np.inf)
    for _, version, near in scene.applied.of_kind("work_zone"):
        if is_closed(version):
            inside_m[near] = np.maximum(inside_m[near], _inside_m(scene, version, near))
    chance = ndtr(inside_m / rows["sigma_m"])
    memory["outside_us"][chance < 0.1] = scene.tick_us
    entered = scene.tick_us - memory["outside_us"] < _OUTSIDE_US
    # Who stands there tells nothing new either way.
    chance = np.where(rows["speed_mps"] > ENTERS_MPS, chance, chance.clip(max=(SURE + UNSURE) / 2))
    chosen = np.flatnonzero(is_vehicle(rows) & entered & (chance > 0.3))
    made = claims(
        EventKind.WORK_ZONE_INTRUSION, scene, chosen,
        chance=chance[chosen], hold_s=INTRUSION_S, severity=3, value=rows["speed_mps"][chosen],
    )  # fmt: skip
    return Claims(made, NO_MEMBERS)


def _inside_m(scene: Scene, version: Version, near: IntArray) -> FloatArray:
    """How deep objects are inside a feature, metres, negative outside."""
    home = cell(scene.key).frame
    lon, lat = home.to_geographic(scene.rows["x_m"][near], scene.rows["y_m"][near])
    parts = parts_of(version["area"], version["radius_m"])
    depths: FloatArray = np.max([depths_m(part, lon, lat) for part in parts], axis=0)
    return depths


def zones(scene: Scene) -> Claims:
    """Claims of all three kinds."""
    return joined([vulnerable(scene), emergency(scene), intrusion(scene)])
