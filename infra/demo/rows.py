"""Fused rows and accounts as read from the topics."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import schemas
from infra.simulator.placement import Placement
from infra.simulator.score import FusedRows
from schemas.reader import ColumnReader

_READER = ColumnReader(schemas.load("picture"), np.frombuffer)
_TAKEN = (
    "track_id",
    "object_class",
    "lat_e7",
    "lon_e7",
    "velocity_east_mps",
    "velocity_north_mps",
    "age_us",
    "context_flags",
)


@dataclass(slots=True)
class Accounts:
    """Sums over both ledgers."""

    records: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    observations: int = 0
    uses: Counter[str] = field(default_factory=Counter)

    def take_records(self, ledger: Mapping[str, Any]) -> None:
        """Add one record of ``ledger.records``."""
        for entry in ledger["entries"]:
            key = (entry["source_id"], entry["disposition"], entry["reason"])
            self.records[key] += entry["records"]
            self.observations += entry["observations"]

    def take_observations(self, ledger: Mapping[str, Any]) -> None:
        """Add one record of ``ledger.observations``."""
        for entry in ledger["entries"]:
            self.uses[entry["use"]] += entry["observations"]

    @property
    def dispositions(self) -> dict[str, int]:
        """Records by disposition."""
        sums: Counter[str] = Counter()
        for (_, disposition, _), count in self.records.items():
            sums[disposition] += count
        return dict(sorted(sums.items()))


@dataclass(slots=True)
class Rows:
    """Object rows of pictures, column by column."""

    parts: list[dict[str, Any]] = field(default_factory=list)
    pictures: int = 0
    objects: int = 0

    def take(self, picture: Mapping[str, Any]) -> None:
        """Add one picture."""
        self.pictures += 1
        self.objects += picture["count"]
        if not picture["count"] or picture["frame"] != "wgs84":
            return
        columns = _READER.columns(picture)
        part = {name: columns[name] for name in _TAKEN}
        part["tick_us"] = np.full(picture["count"], picture["tick_us"])
        names, ends = picture["sources"], np.cumsum(columns["source_count"])
        index = np.frombuffer(picture["source_index"], "<u2").tolist()
        part["sources"] = [
            tuple(names[slot] for slot in index[end - count : end])
            for end, count in zip(ends, columns["source_count"], strict=True)
        ]
        self.parts.append(part)

    def column(self, name: str) -> Any:
        """One column over all rows."""
        if name == "sources":
            return [sources for part in self.parts for sources in part["sources"]]
        if not self.parts:
            return np.zeros(0, np.int64)
        return np.concatenate([part[name] for part in self.parts])

    def fused(self, placement: Placement, near_deg: float = 0.008) -> FusedRows:
        """Rows near a simulated district as its scoring takes them."""
        lat, lon = self.column("lat_e7") / 1e7, self.column("lon_e7") / 1e7
        here = (np.abs(lat - placement.lat_deg) < near_deg) & (
            np.abs(lon - placement.lon_deg) < near_deg
        )
        sources = self.column("sources")
        return FusedRows.from_wgs84(
            placement,
            self.column("tick_us")[here].astype(np.int64),
            self.column("track_id")[here].astype(np.int64),
            self.column("object_class")[here].astype(np.int64),
            lat[here],
            lon[here],
            [sources[i] for i in np.flatnonzero(here)],
        )


def gather(records: Iterable[tuple[str, Mapping[str, Any]]]) -> tuple[Rows, Accounts]:
    """Rows and accounts of (topic, record) pairs."""
    rows, accounts = Rows(), Accounts()
    takers = {
        "fused.objects": rows.take,
        "ledger.records": accounts.take_records,
        "ledger.observations": accounts.take_observations,
    }
    for topic, record in records:
        if topic in takers:
            takers[topic](record)
    return rows, accounts
