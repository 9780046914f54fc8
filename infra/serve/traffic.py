"""Traffic on segments and at signals now, from `segments.state` and `approaches.state`.

Each record is turned into JSON once, however many clients ask for it, and only when one does.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import msgspec
import numpy as np

import schemas
from operators.services.signals import PHASES
from schemas.reader import ColumnReader

SECOND_US, MINUTE_US = 1_000_000, 60_000_000
# So long after its end the state of a period is still that of now.
_FRESH_US = {SECOND_US: 10_000_000, MINUTE_US: 90_000_000}
_SCHEMAS = {name: schemas.load(name) for name in ("segment_state", "approach_state")}
_READERS = {name: ColumnReader(schema, np.frombuffer) for name, schema in _SCHEMAS.items()}


def _single(name: str) -> list[str]:
    """Columns that have one number for each row."""
    fields = _SCHEMAS[name]["fields"]
    return [f["name"] for f in fields if "element" in f and "counts" not in f]


class _Told:
    """A record with its rows as JSON values, made when first asked for."""

    def __init__(self, name: str, record: Mapping[str, Any], period_us: int) -> None:
        self._name = name
        self._record = record
        self.start_us: int = record["start_us"]
        self.period_us = period_us

    def is_fresh(self, at_us: int) -> bool:
        return at_us - self.start_us - self.period_us <= _FRESH_US[self.period_us]

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        columns = _READERS[self._name].columns(self._record)
        names = _single(self._name)
        values = (_values(columns[name]) for name in names)
        rows = [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]
        head = {"start_us": self.start_us, "period_us": self.period_us}
        if self._name == "approach_state":
            head |= {"intersection": self._record["intersection"]}
            return [head | row | {"phase": PHASES[row["phase"]]} for row in rows]
        classes = _classes(columns)
        return [
            head | row | {"segment_id": str(row["segment_id"]), "classes": next(classes)}
            for row in rows
        ]


def _classes(columns: Mapping[str, Any]) -> Iterator[list[dict[str, Any]]]:
    names = ("object_class", "class_time_s", "class_distance_m", "class_vehicles")
    flat = [dict(zip(names, row, strict=True))
            for row in zip(*(_values(columns[name]) for name in names), strict=True)]  # fmt: skip
    end = 0
    for count in columns["class_count"].tolist():
        yield flat[end : end + count]
        end += count


def _values(column: Any) -> list[Any]:
    """Numbers that JSON can say; a float keeps what it has of digits."""
    if column.dtype.kind != "f":
        return list(column.tolist())
    rounded = np.round(column.astype(np.float64), 3).tolist()
    return [one if np.isfinite(one) else None for one in rounded]


class Traffic:
    """Newest states of segments and approaches, and where segments lie."""

    def __init__(self) -> None:
        self._segments: dict[tuple[str, int], _Told] = {}
        self._approaches: dict[str, _Told] = {}
        self._parts: dict[str, dict[str, list[bytes]]] = {}

    def take_segments(self, record: Mapping[str, Any]) -> None:
        """Take a record of `segments.state`."""
        told = _Told("segment_state", record, record["period_us"])
        _put(self._segments, (record["cell_key"], told.period_us), told)

    def take_approaches(self, record: Mapping[str, Any]) -> None:
        """Take a record of `approaches.state`."""
        _put(self._approaches, record["intersection"], _Told("approach_state", record, SECOND_US))

    def take_network(self, record: Mapping[str, Any]) -> None:
        """Take a record of `station.network`."""
        lines: dict[str, list[bytes]] = {}
        for lane in record["entries"]:
            lines.setdefault(str(lane["segment_id"]), []).append(lane["line"].encode())
        self._parts[record["part"]] = lines

    def segments(self, period_us: int, at_us: int) -> list[dict[str, Any]]:
        """States of segments in the newest second or minute that is over."""
        fresh = [
            told for (_, period), told in sorted(self._segments.items())
            if period == period_us and told.is_fresh(at_us)
        ]  # fmt: skip
        return [row for told in fresh for row in told.rows]

    def approaches(self, intersection: str | None, at_us: int) -> list[dict[str, Any]]:
        """States of signal groups in the newest second that is over."""
        names = sorted(self._approaches) if intersection is None else [intersection]
        found = [self._approaches[name] for name in names if name in self._approaches]
        return [row for told in found if told.is_fresh(at_us) for row in told.rows]

    def geometry(self, segment_id: str) -> msgspec.Raw | None:
        """Lines of the lanes of a segment (RFC 7946); None if nobody told where it is."""
        for part in self._parts.values():
            if segment_id in part:
                members = b",".join(part[segment_id])
                kind = b'"type":"GeometryCollection","geometries":[%s]' % members
                return msgspec.Raw(b"{%s}" % kind)
        return None


def _put(held: dict[Any, _Told], key: Any, told: _Told) -> None:
    """The newest stays."""
    if key not in held or held[key].start_us <= told.start_us:
        held[key] = told
