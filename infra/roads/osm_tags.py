"""What the tags of an OpenStreetMap way say of its lanes.

Sources: wiki.openstreetmap.org, Key:highway, Key:oneway, Key:lanes, Key:maxspeed (read as facts).

| tag | reading |
|---|---|
| `highway` | motor roads, cycle ways, foot ways; any other is left out |
| `access`, `motor_vehicle` = no, or `area` = yes | left out |
| `oneway` | yes, -1, no; a motorway and a roundabout are one way unless they say no |
| `lanes`, `lanes:forward`, `lanes:backward` | else one for each direction; a road with `lanes=1` in both directions is one lane used both ways |
| `width` | shared among the lanes if that gives 2 to 5 m each, else 3.5 m, 3 m in residential streets |
| `maxspeed`, `maxspeed:forward`, `maxspeed:backward` | km/h, or with `mph` or `knots`; words are unknown |
"""  # noqa: E501

import re
from collections.abc import Mapping
from typing import NamedTuple

from operators.road.network import LaneKind

Tags = Mapping[str, str]

_LINKED = ("motorway", "trunk", "primary", "secondary", "tertiary")
_NARROW = frozenset(("residential", "living_street", "service", "track"))
_MOTOR = {
    *_LINKED, *(f"{name}_link" for name in _LINKED),
    *_NARROW, "unclassified", "road", "busway", "bus_guideway",
}  # fmt: skip
_WALK = frozenset(("footway", "pedestrian", "path", "steps", "corridor"))
_UNITS_MPS = {"": 1 / 3.6, "km/h": 1 / 3.6, "kmh": 1 / 3.6, "mph": 0.44704, "knots": 1852 / 3600}
_SPEED = re.compile(r"(\d+(?:\.\d+)?) ?([a-z/]*)")
_WIDTH = re.compile(r"(\d+(?:\.\d+)?)(?: ?m)?")
_MOST = 16  # lanes in one direction


class Carriageway(NamedTuple):
    """Lanes of a way: how many along it, against it and used both ways; limits in m/s."""

    kind: LaneKind
    along: int
    against: int
    shared: int
    width_m: float
    limit_along_mps: float | None
    limit_against_mps: float | None


def carriageway(tags: Tags) -> Carriageway | str:
    """Lanes of a way, or why it has none."""
    kind = _kind(tags)
    if kind is None:
        return f"highway={tags['highway'][:30]}"
    if tags.get("area") == "yes":
        return "an area is no way"
    if "no" in (tags.get("access"), tags.get("motor_vehicle") if kind == "vehicle" else None):
        return "no access"
    if kind == "vehicle":
        along, against, shared = _lanes(tags)
    else:
        along, against, shared = (0, 0, 1) if tags.get("oneway") != "yes" else (1, 0, 0)
    both = limit_mps(tags.get("maxspeed", ""))
    return Carriageway(
        kind, along, against, shared,
        _width_m(tags, kind, along + against + shared),
        limit_mps(tags.get("maxspeed:forward", "")) or both,
        limit_mps(tags.get("maxspeed:backward", "")) or both,
    )  # fmt: skip


def _kind(tags: Tags) -> LaneKind | None:
    highway = tags["highway"]
    if highway in _MOTOR:
        return "vehicle"
    if highway == "cycleway":
        return "bicycle"
    return "pedestrian" if highway in _WALK else None


def _lanes(tags: Tags) -> tuple[int, int, int]:
    """Number along, against and shared."""
    told = _count(tags, "lanes")
    oneway = tags.get("oneway", _usual_oneway(tags))
    if oneway in ("yes", "true", "1"):
        return told or _count(tags, "lanes:forward") or 1, 0, 0
    if oneway in ("-1", "reverse"):
        return 0, told or _count(tags, "lanes:backward") or 1, 0
    along, against = _count(tags, "lanes:forward"), _count(tags, "lanes:backward")
    if not (along or against) and told == 1:
        return 0, 0, 1
    half = max(told // 2, 1)
    rest = (told - (along or against)) if told > (along or against) > 0 else half
    return along or rest, against or rest, 0


def _usual_oneway(tags: Tags) -> str:
    roundabout = tags.get("junction") in ("roundabout", "circular")
    return "yes" if roundabout or tags["highway"] == "motorway" else "no"


def _count(tags: Tags, name: str) -> int:
    text = tags.get(name, "")
    return min(int(text), _MOST) if text.isdecimal() else 0


def _width_m(tags: Tags, kind: LaneKind, lanes: int) -> float:
    found = _WIDTH.fullmatch(tags.get("width", ""))
    if found and 2.0 <= float(found[1]) / lanes <= 5.0:
        return float(found[1]) / lanes
    if kind != "vehicle":
        return 2.0
    return 3.0 if tags["highway"] in _NARROW else 3.5


def limit_mps(text: str) -> float | None:
    """Speed limit, m/s; None if unknown or none."""
    found = _SPEED.fullmatch(text)
    if not found or found[2] not in _UNITS_MPS or not 0 < float(found[1]) <= 300:
        return None
    return float(found[1]) * _UNITS_MPS[found[2]]
