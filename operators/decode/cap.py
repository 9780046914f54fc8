"""Format `cap`: OASIS Common Alerting Protocol 1.2, XML.

One alert is one feature. Only status ``Actual`` acts: exercises, tests, drafts and system messages
are WRONG_KIND, as are message types ``Ack`` and ``Error``.

* Identity: ``cap/<sender>/<identifier>`` of the earliest alert in `references` (``sender,
  identifier,sent``, separated by blanks), else its own; so updates and the cancellation carry the
  id of the alert that they are about. A sender that references its previous message only, not
  the first, starts a new feature with its second update; the old one runs to its `expires`.
* Of several `info` blocks those in the first one's language count (the others translate); the
  first gives times and texts, the areas of all are joined.
* Areas: `polygon` is ``lat,lon lat,lon ...`` (closed) and becomes GeoJSON with longitude first;
  `circle` is ``lat,lon radius`` in **kilometres**. A lone circle becomes a point with a radius,
  a circle among other shapes a polygon of 64 corners. Geocodes alone give an empty area.
* Valid from `onset`, else `effective`, else `sent`; to `expires`, open without it.
* Kind: ``emergency`` for the categories of rescue (Safety, Security, Rescue, Fire, Health, CBRNE),
  ``weather`` for Met, ``incident`` for Transport, else ``warning``.
"""

import json
import math

from operators.decode.decoded import Decoded, Feature
from operators.decode.xml_text import Leaf, read_leaves
from operators.errors import DecodeError
from operators.normalise.event_time import instant_us
from operators.reasons import Reason

_KIND_OF_CATEGORY = dict.fromkeys(
    ("Safety", "Security", "Rescue", "Fire", "Health", "CBRNE"), "emergency"
) | {"Met": "weather", "Transport": "incident"}
_PROPERTIES = (
    "event", "urgency", "severity", "certainty", "headline", "description", "responseType",
)  # fmt: skip
_MAX_TEXT = 1000
_EARTH_RADIUS_M = 6_371_008.8
_CIRCLE_CORNERS = 64

_Ring = list[list[float]]
_Circle = tuple[float, float, float]  # longitude, latitude, radius in metres
_Info = dict[str, list[str]]


def adapt(payload: bytes, anchor_us: int) -> Decoded:
    """Read one alert.

    Raises
    ------
    DecodeError
        MALFORMED, MISSING_FIELD, OUT_OF_RANGE, WRONG_KIND, TOO_DEEP or TOO_MANY_OBJECTS.
    """
    leaves = read_leaves(payload)
    alert = {path[1]: text for path, text in leaves if len(path) == 2 and path[0] == "alert"}
    message_type = _required(alert, "msgType")
    if _required(alert, "status") != "Actual" or message_type not in ("Alert", "Update", "Cancel"):
        msg = f"status {alert['status'][:20]}, type {message_type[:20]}"
        raise DecodeError(Reason.WRONG_KIND, msg)
    infos = _infos(leaves)
    first = infos[0] if infos else {}
    area, radius_m = _area(infos)
    feature = Feature(
        feature_id=_feature_id(alert),
        kind=_kind(first),
        valid_from_us=_starts_us(alert, first),
        valid_to_us=_time_us(first["expires"][0]) if first.get("expires") else None,
        area=area,
        radius_m=radius_m,
        cancelled=message_type == "Cancel",
        properties=_texts(alert, first),
    )
    return Decoded(features=(feature,))


def _required(alert: dict[str, str], name: str) -> str:
    if not alert.get(name):
        raise DecodeError(Reason.MISSING_FIELD, f"alert.{name}")
    return alert[name]


def _infos(leaves: list[Leaf]) -> list[_Info]:
    """Texts of each info block by name, areas included; those in the first one's language."""
    infos: list[_Info] = []
    current: _Info = {}
    for path, text in leaves:
        if path == ("alert", "info"):
            infos.append(current)
            current = {}
        elif path[:2] == ("alert", "info"):
            current.setdefault(path[-1], []).append(text)
    return [i for i in infos if _language(i) == _language(infos[0])]


def _language(info: _Info) -> str:
    return info.get("language", ["en-US"])[0].lower()


def _feature_id(alert: dict[str, str]) -> str:
    own = (_required(alert, "sent"), _required(alert, "sender"), _required(alert, "identifier"))
    references = []
    for reference in alert.get("references", "").split():
        parts = reference.split(",")
        if len(parts) != 3:
            msg = f"reference {reference[:60]!r}"
            raise DecodeError(Reason.MALFORMED, msg)
        references.append((parts[2], parts[0], parts[1]))
    instants = [(_time_us(sent), sender, name) for sent, sender, name in references or [own]]
    _, sender, name = min(instants)
    return f"cap/{sender}/{name}"


def _time_us(text: str) -> int:
    instant = instant_us(text)
    if instant is None:
        msg = f"time {text[:40]!r} is not ISO 8601 with an offset"
        raise DecodeError(Reason.MALFORMED, msg)
    return instant


def _starts_us(alert: dict[str, str], info: _Info) -> int:
    given = info.get("onset") or info.get("effective") or [alert["sent"]]
    return _time_us(given[0])


def _kind(info: _Info) -> str:
    kinds = {_KIND_OF_CATEGORY.get(c, "warning") for c in info.get("category", [])}
    return next((k for k in ("emergency", "weather", "incident") if k in kinds), "warning")


def _texts(alert: dict[str, str], info: _Info) -> dict[str, str]:
    found = {name: info[name][0][:_MAX_TEXT] for name in _PROPERTIES if info.get(name)}
    areas = "; ".join(info.get("areaDesc", []))[:_MAX_TEXT]
    own = {"sender": alert["sender"], "identifier": alert["identifier"]}
    return own | found | ({"area_description": areas} if areas else {})


def _area(infos: list[_Info]) -> tuple[str, float | None]:
    """GeoJSON text and the radius of a lone circle."""
    rings = [_ring(text) for info in infos for text in info.get("polygon", [])]
    circles = [_circle(text) for info in infos for text in info.get("circle", [])]
    if len(circles) == 1 and not rings:
        lon, lat, radius_m = circles[0]
        return json.dumps({"type": "Point", "coordinates": [lon, lat]}), radius_m
    rings += [_ring_around(*circle) for circle in circles]
    if not rings:
        return "", None
    if len(rings) == 1:
        return json.dumps({"type": "Polygon", "coordinates": rings}), None
    return json.dumps({"type": "MultiPolygon", "coordinates": [[r] for r in rings]}), None


def _ring(text: str) -> _Ring:
    ring = [_place(pair) for pair in text.split()]
    if len(ring) < 4 or ring[0] != ring[-1]:
        msg = f"polygon of {len(ring)} points, or not closed"
        raise DecodeError(Reason.MALFORMED, msg)
    return ring


def _place(pair: str) -> list[float]:
    """Longitude and latitude of ``lat,lon``."""
    lat_text, _, lon_text = pair.partition(",")
    lat, lon = _number(lat_text), _number(lon_text)
    if abs(lat) > 90 or abs(lon) > 180:
        msg = f"position {pair[:40]!r}"
        raise DecodeError(Reason.OUT_OF_RANGE, msg)
    return [lon, lat]


def _circle(text: str) -> _Circle:
    centre, _, radius_text = text.partition(" ")
    lon, lat = _place(centre)
    radius_m = _number(radius_text) * 1000
    if not 0 <= radius_m <= 2.1e7:  # half the girth of the Earth
        msg = f"radius {radius_text[:40]!r} km"
        raise DecodeError(Reason.OUT_OF_RANGE, msg)
    return lon, lat, radius_m


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError as error:
        msg = f"{text[:40]!r} is not a number"
        raise DecodeError(Reason.MALFORMED, msg) from error
    if not math.isfinite(number):
        raise DecodeError(Reason.NOT_FINITE, text[:40])
    return number


def _ring_around(lon_deg: float, lat_deg: float, radius_m: float) -> _Ring:
    """Polygon around a circle on a sphere, counter-clockwise (RFC 7946)."""
    reach_deg = math.degrees(radius_m / _EARTH_RADIUS_M)
    shrink = max(math.cos(math.radians(lat_deg)), 1e-6)
    turns = [math.tau * k / _CIRCLE_CORNERS for k in range(_CIRCLE_CORNERS)]
    ring = [
        [lon_deg + reach_deg * math.cos(t) / shrink, lat_deg + reach_deg * math.sin(t)]
        for t in turns
    ]
    return [*ring, ring[0]]
