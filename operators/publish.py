"""The publish step: a cell's reports with one id for each object, owned, in context, accounted."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from operators._typing import RecordArray
from operators.account.coverage import Coverage
from operators.account.minute import MINUTE_US, Minute
from operators.account.observations import ObservationLedger
from operators.account.records import SECOND_US
from operators.enrich.context import context_columns, no_context
from operators.enrich.index import FeatureIndex
from operators.envelope import Kind, due_us, unseal
from operators.halo import depths, in_band
from operators.jit import KeyArray
from operators.key_sets import among, united, unpacked, without
from operators.parameters import Parameters
from operators.picture import columns, positions
from operators.report import (
    LINK_ROW,
    Happening,
    Name,
    Report,
    encoder,
    report_decoder,
    verdict_decoder,
)
from operators.road.known import KnownRoads
from operators.routes import EVENTS, LINKS, OBJECTS, OBSERVATIONS, QUALITY
from operators.shared import Shared
from operators.step import Output, Result, State, check_version
from operators.track import TRACK_ROW
from operators.transform.cells import LOCAL
from operators.transform.place import cell_integer

VERSION = 2
UNSEEN = "unseen"
NO_ROWS = np.zeros(0, TRACK_ROW)


class PublishState(msgspec.Struct, array_like=True):
    """Value of one cell. Sets of tracks are packed uint64, ascending.

    Parameters
    ----------
    version
        Of this layout.
    sequence
        Number of the next picture, since the cell woke.
    tick_us
        Tick of the last picture.
    names
        One id of each local track that has another.
    withheld
        Tracks near the border that another cell shows.
    published
        Tracks that were in a picture, of this cell or under their name of another.
    watched
        Tracks that were near the border: the identity step knows when their object ends.
    ledger
        Open second of the observation ledger.
    minute
        Open minute of the accounts of the sources.
    """

    version: int = VERSION
    sequence: int = 0
    tick_us: int = 0
    names: dict[int, int] = {}
    withheld: bytes = b""
    published: bytes = b""
    watched: bytes = b""
    ledger: ObservationLedger = msgspec.field(default_factory=ObservationLedger)
    minute: Minute = msgspec.field(default_factory=Minute)


class _Parts(NamedTuple):
    """Parts of the state of one cell at one wake."""

    roads: KnownRoads
    areas: Coverage

    @property
    def changes(self) -> dict[str, bytes | None]:
        """Parts that are other than before."""
        return self.roads.changes | self.areas.changes


_DECODER = msgspec.msgpack.Decoder(PublishState)


class Publish:
    """The publish step as a `KeyedStep`; the key is the cell's, what is shared are features."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._features = FeatureIndex()

    def wake_for(self, event: bytes) -> int:
        """The instant at which the tick's picture is closed."""
        return due_us(event)

    def on_wake(
        self, key: str, state: State, due: Sequence[bytes], shared: Shared, at_us: int
    ) -> Result:
        """Publish the report of one tick, under the names known by then."""
        kept = _DECODER.decode(state.value) if state.value else PublishState()
        check_version(kept.version, VERSION, "state of the publish step")
        opened = [unseal(event)[1:] for event in due]
        pictures = [content for kind, content in opened if kind is Kind.PICTURE]
        tick = at_us - self._parameters.cut_us
        outputs: list[Output] = []
        parts = _Parts(
            KnownRoads(key, state.entries), Coverage(key, state.entries, self._parameters.halo_m)
        )
        parts.roads.take(opened)
        self._features.follow(shared)
        for content in sorted(c for kind, c in opened if kind is Kind.NAME):
            verdict = verdict_decoder.decode(content)
            _rename(kept, verdict.names)
            outputs += [self._event(key, tick, happening) for happening in verdict.happenings]
        if not pictures and state.value is None:
            return Result(None, parts.changes, outputs)
        report = None
        for content in pictures:
            report = report_decoder.decode(content)
            outputs += self._publish(key, kept, report, parts)
        next_us = kept.tick_us + self._parameters.tick_us
        asleep = tick >= next_us
        if asleep:
            outputs += self._fall_asleep(key, kept, tick, parts)
        outputs += self._close_accounts(key, kept, None if asleep else report, tick, parts.areas)
        if asleep and not (kept.ledger.counts or kept.minute.tallies):
            parts.areas.forget()
            return Result(None, parts.changes, outputs)
        # The next picture comes at the next tick; if none does, the cell has gone quiet.
        wakes = [] if asleep else [next_us]
        if kept.ledger.counts:
            wakes.append(kept.ledger.second_us + SECOND_US)
        if kept.minute.tallies:
            wakes.append(kept.minute.minute_us + MINUTE_US)
        due_us = min(wakes) + self._parameters.cut_us
        return Result(encoder.encode(kept), parts.changes, outputs, due_us)

    def _close_accounts(
        self,
        key: str,
        kept: PublishState,
        report: Report | None,
        tick_us: int,
        areas: Coverage,
    ) -> list[Output]:
        """Send the ledger of a second and the accounts of a minute that are over."""
        closed, who = [], (cell_integer(key), key, self._parameters)
        if kept.ledger.is_over(tick_us):
            record = kept.ledger.record(*who)
            closed.append(Output(OBSERVATIONS, key, encoder.encode(record)))
            kept.ledger = ObservationLedger(counts={})
        if kept.minute.is_over(tick_us):
            record = kept.minute.record(*who) | areas.told(kept.minute)
            closed.append(Output(QUALITY, key, encoder.encode(record)))
            kept.minute = kept.minute.following(report)
        return closed

    def _fall_asleep(
        self, key: str, kept: PublishState, tick_us: int, parts: _Parts
    ) -> list[Output]:
        """Forget the tracks of a cell that says nothing more."""
        published = unpacked(kept.published).tolist()
        parts.areas.note(NO_ROWS, published)
        parts.roads.forget_tracks()
        ends = self._end(key, kept, published, tick_us)
        kept.names, kept.withheld, kept.published, kept.watched = {}, b"", b"", b""
        kept.sequence = 0
        return ends

    def _publish(self, key: str, kept: PublishState, report: Report, parts: _Parts) -> list[Output]:
        rows = np.frombuffer(report.rows, TRACK_ROW)
        shown = self._owned(key, kept, rows.compress(rows["confirmed"] == 1))
        fresh = shown.compress(~among(shown["track_id"], unpacked(kept.published)))
        parts.areas.note(fresh, report.gone)
        events = self._events(key, kept, fresh["track_id"], report)
        picture = self._picture(key, kept, report, _named(shown, kept.names))
        picture |= parts.roads.columns(shown, report.tick_us, self._parameters.tick_us)
        outputs = [Output(OBJECTS, key, encoder.encode(picture)), *events]
        links = _named(np.frombuffer(report.links, LINK_ROW), kept.names)
        if len(links):
            kept.ledger.add(links, report.link_sources, report.tick_us)
            value = self._links(key, report, links)
            outputs.append(Output(LINKS, key, encoder.encode(value)))
        kept.minute.add(report, shown, unpacked(kept.published), self._parameters.tick_us)
        if report.facts:
            parts.areas.sample(report, shown, kept.minute)
        _forget(kept, report.gone)
        kept.sequence, kept.tick_us = kept.sequence + 1, report.tick_us
        return outputs

    def _owned(self, key: str, kept: PublishState, confirmed: RecordArray) -> RecordArray:
        """Tracks that this cell shows, and no other (`operators.halo`)."""
        depth_m, halo_m = depths(key, confirmed), self._parameters.halo_m
        band, ids = in_band(depth_m, halo_m), confirmed["track_id"]
        kept.watched = united(kept.watched, ids[band])
        given = band & ~among(ids, unpacked(kept.withheld))
        owned: RecordArray = confirmed.compress(given | (~band & (depth_m > 0.0)))
        return owned

    def _events(self, key: str, kept: PublishState, new: KeyArray, report: Report) -> list[Output]:
        kept.published = united(kept.published, new)
        births = [
            self._event(key, report.tick_us, Happening("birth", name, None, "confirmed"))
            for name in sorted(kept.names.get(track_id, track_id) for track_id in new.tolist())
        ]
        return births + self._end(key, kept, report.gone, report.tick_us)

    def _end(self, key: str, kept: PublishState, gone: Sequence[int], tick_us: int) -> list[Output]:
        """Ends of tracks that never came near the border; of others the identity step tells."""
        lost = np.array(gone, np.uint64)
        shown_once = among(lost, unpacked(kept.published)) & ~among(lost, unpacked(kept.watched))
        return [
            self._event(key, tick_us, Happening("end", track_id, None, UNSEEN))
            for track_id in sorted(lost[shown_once].tolist())
        ]

    def _picture(
        self, key: str, kept: PublishState, report: Report, shown: RecordArray
    ) -> dict[str, object]:
        places = positions(key, shown)
        if key == LOCAL:
            context = no_context(len(shown))
        else:
            context = context_columns(self._features, *places, report.tick_us)
        return {
            **self._head(key, report.tick_us),
            "frame": "local" if key == LOCAL else "wgs84",
            "sequence": kept.sequence,
            "live_sources": report.live,
            "missing_sources": report.missing,
            "sources": report.slots,
            "count": len(shown),
            **columns(key, shown, places, report.tick_us),
            **context,
        }

    def _links(self, key: str, report: Report, links: RecordArray) -> dict[str, object]:
        names = LINK_ROW.names or ()
        return {
            **self._head(key, report.tick_us),
            "sources": report.link_sources,
            "topics": report.link_topics,
            "count": len(links),
            **{name: np.ascontiguousarray(links[name]).tobytes() for name in names},
        }

    def _event(self, key: str, tick_us: int, happening: Happening) -> Output:
        value = self._head(key, tick_us) | msgspec.structs.asdict(happening)
        return Output(EVENTS, key, encoder.encode(value))

    def _head(self, key: str, tick_us: int) -> dict[str, object]:
        return {
            "cell": cell_integer(key),
            "cell_key": key,
            "tick_us": tick_us,
            "station_id": self._parameters.station_id,
            "run_id": self._parameters.run_id,
        }


def _rename(kept: PublishState, names: Sequence[Name]) -> None:
    """Take over what the identity step said of tracks; `kept` is changed in place."""
    if not names:
        return
    for told in names:
        if told.name == told.track_id:
            kept.names.pop(told.track_id, None)
        else:
            kept.names[told.track_id] = told.name
    kept.withheld = united(kept.withheld, [told.track_id for told in names if not told.shown])
    kept.withheld = without(kept.withheld, [told.track_id for told in names if told.shown])
    kept.published = united(kept.published, [told.track_id for told in names if told.known])


def _forget(kept: PublishState, gone: Sequence[int]) -> None:
    """Drop tracks that are gone for good; `kept` is changed in place."""
    if not gone:
        return
    kept.names = {track_id: name for track_id, name in kept.names.items() if track_id not in gone}
    kept.withheld = without(kept.withheld, gone)
    kept.published = without(kept.published, gone)
    kept.watched = without(kept.watched, gone)


def _named(rows: RecordArray, names: Mapping[int, int]) -> RecordArray:
    """Rows with the one id of each track instead of the cell's own."""
    if not names:
        return rows
    renamed = rows.copy()
    local = np.array(sorted(names), "<u8")
    name = np.array([names[track_id] for track_id in local.tolist()], "<u8")
    at = np.searchsorted(local, rows["track_id"]).clip(max=len(local) - 1)
    hit = local[at] == rows["track_id"]
    renamed["track_id"][hit] = name[at[hit]]
    return renamed
