"""Objects as JSON, each written once a tick however many clients ask for it."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
import numpy as np

from operators._typing import FloatArray, RecordArray
from operators.current import Closed, Held, Part
from operators.enrich.told import ContextFlag
from operators.frame import ObjectClass
from operators.fused import sigma_m, speed_mps
from operators.services.whole import Whole

CLASSES = [one.name.lower() for one in ObjectClass]
CONTEXTS = {int(flag): (flag.name or "").lower() for flag in ContextFlag}

_FIELDS = (
    ("velocity_east_mps", 3),
    ("velocity_north_mps", 3),
    ("acceleration_mps2", 3),
    ("heading_rad", 4),
    ("length_m", 2),
    ("width_m", 2),
    ("height_m", 2),
    ("altitude_m", 2),
    ("existence", 4),
    ("class_probability", 4),
)


def rounded(values: FloatArray, digits: int) -> list[float | None]:
    """Numbers with so many digits behind the point; None for what JSON cannot say."""
    numbers = np.round(np.asarray(values, float), digits).tolist()
    return [one if math.isfinite(one) else None for one in numbers]


def objects(rows: RecordArray, names: list[str]) -> list[dict[str, Any]]:
    """Objects as JSON values, without their places.

    Track ids are text: they have 63 bits, and JavaScript's numbers 53.

    Parameters
    ----------
    rows : structured array of shape (n,), dtype `operators.fused.FUSED`
    names
        Table that the bits of ``sources`` point into.
    """
    columns = {name: rounded(rows[name], digits) for name, digits in _FIELDS}
    columns["speed_mps"] = rounded(speed_mps(rows), 3)
    columns["sigma_m"] = rounded(sigma_m(rows), 3)
    numbers = [dict(zip(columns, one, strict=True)) for one in zip(*columns.values(), strict=True)]
    return [
        {
            "track_id": str(track_id),
            "tick_us": tick_us,
            "class": CLASSES[kind] if kind < len(CLASSES) else "unknown",
            **values,
            "age_us": age_us,
            "sources": [name for bit, name in enumerate(names) if sources >> bit & 1],
            "context": [name for flag, name in CONTEXTS.items() if flags & flag],
        }
        for track_id, tick_us, kind, age_us, sources, flags, values in zip(
            *(rows[name].tolist() for name in _WHOLE), numbers, strict=True
        )
    ]


_WHOLE = ("track_id", "tick_us", "object_class", "age_us", "sources", "context_flags")


class Pieces:
    """JSON of each object of a cell's picture, plain and as GeoJSON; made when first asked for."""

    def __init__(self, held: Held) -> None:
        self._held = held
        self._made: dict[bool, list[bytes]] = {}

    def of(self, part: Part, *, geojson: bool) -> Iterable[bytes]:
        """JSON of the chosen objects."""
        made = self.all_of(geojson=geojson)
        return [made[i] for i in part.chosen.tolist()]

    def all_of(self, *, geojson: bool = False) -> list[bytes]:
        """JSON of each object of the picture."""
        made = self._made.get(geojson)
        if made is None:
            made = self._made[geojson] = self._make(geojson)
        return made

    def _make(self, geojson: bool) -> list[bytes]:
        rows = self._held.rows
        values = objects(rows, self._held.sources)
        lon, lat = rounded(rows["lon_deg"], 7), rounded(rows["lat_deg"], 7)
        if geojson:
            return [
                _ENCODER.encode(_feature(one, [lon[i], lat[i]])) for i, one in enumerate(values)
            ]
        return [
            _ENCODER.encode({"lat_deg": lat[i], "lon_deg": lon[i], **one})
            for i, one in enumerate(values)
        ]


_ENCODER = msgspec.json.Encoder()


def _feature(properties: Mapping[str, Any], place: list[float | None]) -> dict[str, Any]:
    """RFC 7946: longitude first, degrees of WGS-84."""
    return {
        "type": "Feature",
        "id": properties["track_id"],
        "geometry": {"type": "Point", "coordinates": place},
        "properties": properties,
    }


@dataclass(frozen=True, eq=False)
class Moment:
    """One closed tick, with the JSON of its objects as it comes to be asked for."""

    closed: Closed
    pieces: Mapping[str, Pieces]

    @cached_property
    def whole(self) -> Whole:
        """All objects in one table."""
        return Whole(self.closed)

    @cached_property
    def all_pieces(self) -> list[bytes]:
        """JSON of each object of `whole`."""
        return [one for held in self.closed.cells for one in self.pieces[held.cell].all_of()]

    @property
    def tick_us(self) -> int:
        """The tick."""
        return self.closed.tick_us

    def of(self, parts: Iterable[Part], *, geojson: bool = False) -> list[bytes]:
        """JSON of each chosen object."""
        return [
            piece
            for part in parts
            for piece in self.pieces[part.held.cell].of(part, geojson=geojson)
        ]


def moment(closed: Closed) -> Moment:
    """A closed tick ready to be written."""
    return Moment(closed, {held.cell: Pieces(held) for held in closed.cells})


def collection(tick_us: int, pieces: Iterable[bytes], *, geojson: bool) -> bytes:
    """All pieces as one JSON text, with the tick that they are of."""
    joined = b",".join(pieces)
    if geojson:
        return b'{"type":"FeatureCollection","tick_us":%d,"features":[%s]}' % (tick_us, joined)
    return b'{"tick_us":%d,"objects":[%s]}' % (tick_us, joined)
