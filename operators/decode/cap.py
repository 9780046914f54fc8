"""Format `cap`: OASIS Common Alerting Protocol 1.2, XML.

One alert is one feature. Only status ``Actual`` acts: exercises, tests, drafts and system messages
are WRONG_KIND, as are message types ``Ack`` and ``Error``.

* Identity: ``cap/<sender>/<identifier>``, each message's own. An update or a cancellation ends all
  messages that its `references` name (``sender,identifier,sent``, separated by blanks): whether a
  sender names all of a chain or the last only, nothing that was replaced goes on. `sent` is the
  time of issue, so an alert that comes after its own cancellation does not act.
* Of several `info` blocks those in the first one's language count (the others translate); the
  first gives times and texts, the areas of all are joined.
* Areas: `polygon` is ``lat,lon lat,lon ...`` (closed) and becomes GeoJSON with longitude first;
  `circle` is ``lat,lon radius`` in **kilometres**. A lone circle becomes a point with a radius,
  a circle among other shapes a polygon of 64 corners. The values of geocodes are the names of
  regions, which count where there is no shape: the feed's entry knows what they cover.
* Valid from `onset`, else `effective`, else `sent`; to `expires`, open without it.
* Kind: ``emergency`` for the categories of rescue (Safety, Security, Rescue, Fire, Health, CBRNE),
  ``weather`` for Met, ``incident`` for Transport, else ``warning``.
* Refused: more than 2 MB, 30,000 elements or 16 KiB in a tag (`xml_text`), any DOCTYPE.
"""

import math

from operators.decode.decoded import Decoded, Feature
from operators.decode.geometry import place_text, polygon_text, ring_around
from operators.decode.texts import MAX_TEXT, required_time_us
from operators.decode.xml_text import Leaf, read_leaves
from operators.errors import DecodeError
from operators.reasons import Reason

_KIND_OF_CATEGORY = dict.fromkeys(
    ("Safety", "Security", "Rescue", "Fire", "Health", "CBRNE"), "emergency"
) | {"Met": "weather", "Transport": "incident"}
_PROPERTIES = (
    "event", "urgency", "severity", "certainty", "headline", "description", "responseType",
)  # fmt: skip

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
    ended = _ended(alert, infos)
    if message_type == "Cancel":
        return Decoded(features=ended)
    return Decoded(features=(_alert(alert, infos), *ended))


def _alert(alert: dict[str, str], infos: list[_Info]) -> Feature:
    first = infos[0] if infos else {}
    area, radius_m = _area(infos)
    return Feature(
        feature_id=_name(_required(alert, "sender"), _required(alert, "identifier")),
        kind=_kind(first),
        valid_from_us=_starts_us(alert, first),
        valid_to_us=_time_us(first["expires"][0]) if first.get("expires") else None,
        area=area,
        radius_m=radius_m,
        cancelled=False,
        properties=_texts(alert, first),
        issued_us=_time_us(_required(alert, "sent")),
        regions=_regions(infos),
    )


def _ended(alert: dict[str, str], infos: list[_Info]) -> tuple[Feature, ...]:
    """Cancellations of the messages that an update or a cancellation is about."""
    if alert["msgType"] == "Alert":
        return ()
    issued_us = _time_us(_required(alert, "sent"))
    by = {"ended_by": _name(_required(alert, "sender"), _required(alert, "identifier"))}
    kind = _kind(infos[0] if infos else {})
    names = [_name(*_reference(text)) for text in _required(alert, "references").split()]
    return tuple(
        Feature(
            name, kind, None, None, "", None, cancelled=True, properties=by, issued_us=issued_us
        )
        for name in dict.fromkeys(names)
    )


def _reference(text: str) -> tuple[str, str]:
    """Sender and identifier of ``sender,identifier,sent``."""
    parts = text.split(",")
    if len(parts) != 3:
        msg = f"reference {text[:60]!r}"
        raise DecodeError(Reason.MALFORMED, msg)
    return parts[0], parts[1]


def _name(sender: str, identifier: str) -> str:
    return f"cap/{sender}/{identifier}"


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
            name = path[-1] if path[-1] != "value" else f"{path[-2]}.value"
            current.setdefault(name, []).append(text)
    return [i for i in infos if _language(i) == _language(infos[0])]


def _language(info: _Info) -> str:
    return info.get("language", ["en-US"])[0].lower()


def _time_us(text: str) -> int:
    return required_time_us(text, "time")


def _starts_us(alert: dict[str, str], info: _Info) -> int:
    given = info.get("onset") or info.get("effective") or [alert["sent"]]
    return _time_us(given[0])


def _kind(info: _Info) -> str:
    kinds = {_KIND_OF_CATEGORY.get(c, "warning") for c in info.get("category", [])}
    return next((k for k in ("emergency", "weather", "incident") if k in kinds), "warning")


def _texts(alert: dict[str, str], info: _Info) -> dict[str, str]:
    found = {name: info[name][0][:MAX_TEXT] for name in _PROPERTIES if info.get(name)}
    areas = "; ".join(info.get("areaDesc", []))[:MAX_TEXT]
    own = {"sender": alert["sender"], "identifier": alert["identifier"]}
    return own | found | ({"area_description": areas} if areas else {})


def _area(infos: list[_Info]) -> tuple[str, float | None]:
    """GeoJSON text and the radius of a lone circle."""
    rings = [_ring(text) for info in infos for text in info.get("polygon", [])]
    circles = [_circle(text) for info in infos for text in info.get("circle", [])]
    if len(circles) == 1 and not rings:
        lon, lat, radius_m = circles[0]
        return place_text(lon, lat), radius_m
    rings += [ring_around(*circle) for circle in circles]
    return (polygon_text(rings) if rings else ""), None


def _regions(infos: list[_Info]) -> tuple[str, ...]:
    """Values of the geocodes, each once; whose scheme they are of, the feed's entry knows."""
    codes = [code for info in infos for code in info.get("geocode.value", [])]
    return tuple(dict.fromkeys(codes))


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
