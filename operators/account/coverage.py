"""Which small areas of a cell were looked at in a minute, by whom, and what was there.

"Nothing was there" and "nobody looked" are two answers, and a picture without objects gives both.
A source looks at an area in a second if the cell heard it in the second before, its word counts (it
is neither an echo nor quarantined), and the middle of the area lies in the circle that its entry
declares. One that declares none looks where it saw something in the last ten minutes. A probe tells
of itself and looks nowhere.

Everything is sampled once a second from what the cell has published, so a frame that comes late and
rolls the tracker back changes nothing that was counted.

| part of the state | holds | written |
|---|---|---|
| `areas` | `Areas` | once a second |
| `areas_news` | births and ends since | at a tick that has some |
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import numpy as np

from operators._typing import BoolArray, IntArray, RecordArray
from operators.account.areas import CellAreas, areas_of, cell_areas
from operators.account.contribution import seen_by, shares_of
from operators.account.minute import Minute, owners_of
from operators.account.tally import SourceTally
from operators.frame import SourceKind
from operators.halo import depths, in_band
from operators.report import Report
from operators.step import check_version
from operators.track import TRACK_ROW
from operators.transform.cells import LOCAL

VERSION = 1
SECOND_US = 1_000_000
LEARNED_US = 600_000_000

# What was counted in one area.
SUM = np.dtype(
    [
        ("h3", "<u8"),
        ("track_s", "<u4"),
        ("exclusive_s", "<u4"),
        ("births", "<u2"),
        ("deaths", "<u2"),
    ]
)
_COUNTS = tuple(name for name in SUM.names or () if name != "h3")
# Where a track was last, far from the border of the cell.
LAST = np.dtype([("track_id", "<u8"), ("h3", "<u8")])
# When a source that declares no circle last saw something in an area.
LEARNED = np.dtype([("h3", "<u8"), ("seen_us", "<i8")])
# Columns of a minute, as `source.quality` has them.
_PACKED = {
    "h3": "<u8", "source_count": "u1", "source_index": "<u2", "watched_s": "u1",
    "looked_s": "<u2", "track_s": "<u4", "exclusive_s": "<u4", "births": "<u2", "deaths": "<u2",
}  # fmt: skip


class Areas(msgspec.Struct, array_like=True):
    """The open minute.

    Parameters
    ----------
    version
        Of this layout.
    seconds
        By source: bit k is set if it looked in second k of the minute.
    sums
        Packed `SUM` array, ascending.
    last
        Packed `LAST` array, ascending: living tracks that no other cell can have.
    learned
        Packed `LEARNED` array, ascending, of each source that declares no circle.
    """

    version: int = VERSION
    seconds: dict[str, int] = {}
    sums: bytes = b""
    last: bytes = b""
    learned: dict[str, bytes] = {}


class News(msgspec.Struct, array_like=True):
    """Areas of births, and tracks that are gone for good, since the last sample."""

    born: list[int] = []
    gone: list[int] = []


_AREAS = msgspec.msgpack.Decoder(Areas)
_NEWS = msgspec.msgpack.Decoder(News)
_ENCODER = msgspec.msgpack.Encoder()


class Coverage:
    """The coverage of one cell at one wake of its publish step.

    Parameters
    ----------
    key
        The cell's. In a local recording there are no areas.
    entries
        Parts of the state.
    halo_m
        Width of the halo, metres.
    """

    def __init__(self, key: str, entries: Mapping[str, bytes], halo_m: float) -> None:
        self._key, self._entries, self._halo_m = key, entries, halo_m
        self.changes: dict[str, bytes | None] = {}

    def note(self, born: RecordArray, gone: Sequence[int]) -> None:
        """Note tracks that are in a picture for the first time, and tracks that are gone for good.

        Parameters
        ----------
        born : structured array of shape (n,), dtype `operators.track.TRACK_ROW`
        gone
            Ids, as the cell gave them.
        """
        if self._key == LOCAL or not (len(born) or len(gone)):
            return
        held = self._part("areas_news")
        news = _NEWS.decode(held) if held else News()
        news.born += areas_of(self._key, born[self._is_far(born)]).tolist()
        news.gone += gone
        self.changes["areas_news"] = _ENCODER.encode(news)

    def sample(self, report: Report, shown: RecordArray, minute: Minute) -> None:
        """Count one second.

        Parameters
        ----------
        report
            What the cell said.
        shown : structured array of shape (n,), dtype `operators.track.TRACK_ROW`
            Tracks of which it published a row.
        minute
            The account of the minute that the tick is in.
        """
        if self._key == LOCAL:
            return
        areas, tallies = self._settled(), minute.tallies
        second = 1 << ((report.tick_us - 1 - minute.minute_us) // SECOND_US)
        looking = [source for source in report.live if looks(tallies[source])]
        for source in looking:
            areas.seconds[source] = areas.seconds.get(source, 0) | second
        of = areas_of(self._key, shown)
        owners = owners_of(report.slots, [tallies[source] for source in report.slots])
        seen = seen_by(shown["sources"], len(owners))
        sums = np.zeros(len(shown), SUM)
        _, exclusive = shares_of(seen, np.ones(len(owners)), owners)
        sums["h3"], sums["track_s"], sums["exclusive_s"] = of, 1, exclusive.any(axis=1)
        areas.sums = _added(areas.sums, sums)
        for source in (s for s in looking if not has_circle(tallies[s])):
            at = report.slots.index(source) if source in report.slots else None
            found = of[seen[:, at]] if at is not None else of[:0]
            areas.learned[source] = _learned(areas.learned.get(source), found, report.tick_us)
        rows = np.frombuffer(report.rows, TRACK_ROW)
        areas.last = _moved(areas.last, rows[~self._is_far(rows)], shown["track_id"], of)
        self.changes["areas"] = _ENCODER.encode(areas)

    def _is_far(self, rows: RecordArray) -> BoolArray:
        """Tracks that no neighbour can have."""
        depth_m = depths(self._key, rows)
        return (depth_m > 0.0) & ~in_band(depth_m, self._halo_m)

    def told(self, minute: Minute) -> dict[str, object]:
        """The minute as columns of a record of ``source.quality``; the next one begins."""
        if self._key == LOCAL:
            nothing = dict.fromkeys(_PACKED, np.zeros(0, np.int64))
            return _columns([], nothing, np.zeros((0, 0), np.bool_))
        areas = self._settled()
        sources = sorted(areas.seconds)
        sums = np.frombuffer(areas.sums, SUM)
        places = cell_areas(self._key)
        of = np.union1d(places.h3, sums["h3"])
        looked = np.zeros((len(sources), len(of)), np.bool_)
        for k, source in enumerate(sources):
            learned = np.frombuffer(areas.learned.get(source, b""), LEARNED)["h3"]
            looked[k] = np.isin(of, _view(minute.tallies[source], learned, places))
        masks = np.array([areas.seconds[source] for source in sources], np.uint64)
        by_source = looked * masks[:, None]
        counts = {
            "watched_s": np.bitwise_count(np.bitwise_or.reduce(by_source, axis=0)),
            "looked_s": np.bitwise_count(by_source).sum(axis=0),
        }
        at = np.searchsorted(of, sums["h3"])
        for name in _COUNTS:
            counts[name] = np.zeros(len(of), np.int64)
            counts[name][at] = sums[name]
        areas.seconds, areas.sums = {}, b""
        areas.learned = {s: one for s, one in areas.learned.items() if s in minute.tallies}
        self.changes["areas"] = _ENCODER.encode(areas)
        told = (counts["looked_s"] > 0) | np.isin(of, sums["h3"])
        columns = {"h3": of} | counts
        kept = {name: column[told] for name, column in columns.items()}
        return _columns(sources, kept, looked[:, told])

    def _settled(self) -> Areas:
        """The open minute, with the births and ends that were noted."""
        held = self._part("areas")
        areas = _AREAS.decode(held) if held else Areas()
        check_version(areas.version, VERSION, "coverage of a cell")
        news = self._part("areas_news")
        if not news:
            return areas
        told, last = _NEWS.decode(news), np.frombuffer(areas.last, LAST)
        over = np.isin(last["track_id"], np.array(told.gone, "<u8"))
        born, died = np.zeros(len(told.born), SUM), np.zeros(int(over.sum()), SUM)
        born["h3"], born["births"] = told.born, 1
        died["h3"], died["deaths"] = last["h3"][over], 1
        areas.sums = _added(areas.sums, np.concatenate([born, died]))
        areas.last = last[~over].tobytes()
        self.changes["areas_news"] = None
        return areas

    def forget(self) -> None:
        """Forget everything, in a cell that is asleep and has told all."""
        for name in ("areas", "areas_news"):
            if self._part(name) is not None:
                self.changes[name] = None

    def _part(self, name: str) -> bytes | None:
        return self.changes[name] if name in self.changes else self._entries.get(name)


def looks(tally: SourceTally) -> bool:
    """Whether a source sees more than itself, and its word counts."""
    declared, standing = tally.declared, tally.known()
    if declared is None or declared.kind == SourceKind.PROBE or tally.echo:
        return False
    return standing is None or not standing["mixup"]


def has_circle(tally: SourceTally) -> bool:
    """Whether a source's entry says where it looks."""
    return tally.declared is not None and tally.declared.looks


def _view(tally: SourceTally, learned: IntArray, places: CellAreas) -> IntArray:
    """Areas of a cell that a source looks at."""
    declared = tally.declared
    if declared is None or not declared.looks:
        return np.intersect1d(learned, places.h3)
    apart_m = np.hypot(places.x_m - declared.x_m, places.y_m - declared.y_m)
    return places.h3[apart_m < declared.radius_m]


def _learned(packed: bytes | None, found: IntArray, at_us: int) -> bytes:
    """Areas in which a source saw something in the last ten minutes, and now in `found`."""
    fresh = np.zeros(len(np.unique(found)), LEARNED)
    fresh["h3"], fresh["seen_us"] = np.unique(found), at_us
    known = np.frombuffer(packed or b"", LEARNED)
    kept = (known["seen_us"] > at_us - LEARNED_US) & ~np.isin(known["h3"], fresh["h3"])
    return np.sort(np.concatenate([known[kept], fresh]), order="h3").tobytes()


def _added(packed: bytes, more: RecordArray) -> bytes:
    """Sums by area, with more of them, dtype `SUM`."""
    both = np.concatenate([np.frombuffer(packed, SUM), more])
    of, place = np.unique(both["h3"], return_inverse=True)
    made = np.zeros(len(of), SUM)
    made["h3"] = of
    for name in _COUNTS:
        made[name] = np.bincount(place, both[name], len(of))
    return made.tobytes()


def _moved(packed: bytes, near: RecordArray, ids: IntArray, of: IntArray) -> bytes:
    """Last places, brought up to date by tracks near the border and by tracks that are shown."""
    shown = np.zeros(len(ids), LAST)
    shown["track_id"], shown["h3"] = ids, of
    last = np.frombuffer(packed, LAST)
    last = last[~np.isin(last["track_id"], ids)]
    both = np.sort(np.concatenate([last, shown]), order="track_id")
    return both[~np.isin(both["track_id"], near["track_id"])].tobytes()


def _columns(
    sources: Iterable[str], counts: Mapping[str, IntArray], looked: BoolArray
) -> dict[str, object]:
    """Columns of a record, packed."""
    columns = {
        "source_count": looked.sum(axis=0),
        "source_index": np.nonzero(looked.T)[1],
        **counts,
    }
    packed = {name: columns[name].astype(kind).tobytes() for name, kind in _PACKED.items()}
    return {"sources": list(sources), "count": looked.shape[1], **packed}
