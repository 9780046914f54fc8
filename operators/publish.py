"""The publish step: a cell's reports with one id for each object, owned, in context, accounted."""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from operators._typing import RecordArray
from operators.account.observations import ObservationLedger
from operators.account.records import SECOND_US
from operators.enrich.context import context_flags
from operators.envelope import Kind, due_us, unseal
from operators.parameters import Parameters
from operators.picture import columns, positions
from operators.report import LINK_ROW, Report, encoder, name_decoder, report_decoder
from operators.routes import EVENTS, LINKS, OBJECTS, OBSERVATIONS
from operators.step import Output, Result, State, check_version
from operators.track import TRACK_ROW
from operators.transform.cells import LOCAL, cell
from operators.transform.place import cell_integer

VERSION = 1
NAMED_US = 60_000_000  # how long a name outlives its track


class PublishState(msgspec.Struct, array_like=True):
    """Value of one cell.

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
    named_us
        Tick at which each of them was last alive.
    published
        Local tracks that were in a picture, with the tick of the last.
    ledger
        Open second of the observation ledger.
    """

    version: int = VERSION
    sequence: int = 0
    tick_us: int = 0
    names: dict[int, int] = {}
    named_us: dict[int, int] = {}
    published: dict[int, int] = {}
    ledger: ObservationLedger = msgspec.field(default_factory=ObservationLedger)


_DECODER = msgspec.msgpack.Decoder(PublishState)


class Publish:
    """The publish step as a `KeyedStep`; the key is the cell's, what is shared are features."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters

    def wake_for(self, event: bytes) -> int:
        """The instant at which the tick's picture is closed."""
        return due_us(event)

    def on_wake(
        self, key: str, state: State, due: Sequence[bytes], shared: Mapping[str, bytes], at_us: int
    ) -> Result:
        """Publish the report of one tick, under the names known by then."""
        kept = _DECODER.decode(state.value) if state.value else PublishState()
        check_version(kept.version, VERSION, "state of the publish step")
        opened = [unseal(event)[1:] for event in due]
        outputs: list[Output] = []
        for content in sorted(c for kind, c in opened if kind is Kind.NAME):
            outputs += self._rename(key, kept, content, at_us)
        for content in (c for kind, c in opened if kind is Kind.PICTURE):
            outputs += self._publish(key, kept, report_decoder.decode(content), shared)
        tick = at_us - self._parameters.cut_us
        next_us = kept.tick_us + self._parameters.tick_us
        asleep = tick >= next_us
        if asleep:
            outputs += self._fall_asleep(key, kept, tick)
        if kept.ledger.is_over(tick):
            record = kept.ledger.record(cell_integer(key), key, self._parameters)
            outputs.append(Output(OBSERVATIONS, key, encoder.encode(record)))
            kept.ledger = ObservationLedger(counts={})
        if asleep and not kept.ledger.counts:
            return Result(None, {}, outputs)
        # The next picture comes at the next tick; if none does, the cell has gone quiet.
        wakes = [] if asleep else [next_us]
        if kept.ledger.counts:
            wakes.append(kept.ledger.second_us + SECOND_US)
        return Result(encoder.encode(kept), {}, outputs, min(wakes) + self._parameters.cut_us)

    def _fall_asleep(self, key: str, kept: PublishState, tick_us: int) -> list[Output]:
        """End what was in the last picture of a cell that says nothing more."""
        ends = [
            self._event(key, "end", kept.names.get(track_id, track_id), None, tick_us, "unseen")
            for track_id, last in sorted(kept.published.items())
            if last == kept.tick_us
        ]
        kept.published, kept.names, kept.named_us = {}, {}, {}
        return ends

    def _rename(self, key: str, kept: PublishState, content: bytes, at_us: int) -> list[Output]:
        told = name_decoder.decode(content)
        before = kept.names.get(told.track_id, told.track_id)
        tick = at_us - self._parameters.cut_us
        kept.names[told.track_id], kept.named_us[told.track_id] = told.name, tick
        if told.track_id not in kept.published or before == told.name:
            return []
        return [self._event(key, "alias", before, told.name, tick, "shared observations")]

    def _publish(
        self, key: str, kept: PublishState, report: Report, shared: Mapping[str, bytes]
    ) -> list[Output]:
        rows = np.frombuffer(report.rows, TRACK_ROW)
        shown = self._owned(key, rows)
        events = self._events(key, kept, rows, shown, report.tick_us)
        picture = self._picture(key, kept, report, _named(shown, kept.names), shared)
        outputs = [Output(OBJECTS, key, encoder.encode(picture)), *events]
        links = _named(np.frombuffer(report.links, LINK_ROW), kept.names)
        if len(links):
            kept.ledger.add(links, report.link_sources, report.tick_us)
            value = self._links(key, report, links)
            outputs.append(Output(LINKS, key, encoder.encode(value)))
        kept.sequence, kept.tick_us = kept.sequence + 1, report.tick_us
        return outputs

    def _owned(self, key: str, rows: RecordArray) -> RecordArray:
        """Confirmed tracks inside the cell's own border."""
        confirmed: RecordArray = rows[rows["confirmed"] == 1]
        if key == LOCAL or not len(confirmed):
            return confirmed
        inside = cell(key).inside_m(confirmed["x_m"], confirmed["y_m"])
        owned: RecordArray = confirmed[inside >= 0.0]
        return owned

    def _events(
        self, key: str, kept: PublishState, rows: RecordArray, shown: RecordArray, tick_us: int
    ) -> list[Output]:
        events = []
        for track_id in shown["track_id"].tolist():
            if track_id not in kept.published and track_id not in kept.names:
                events.append(self._event(key, "birth", track_id, None, tick_us, "confirmed"))
            kept.published[track_id] = tick_us
        living = set(rows["track_id"].tolist())
        for track_id in sorted(kept.published.keys() - living):
            name = kept.names.get(track_id, track_id)
            last = kept.published.pop(track_id)
            if tick_us - last <= self._parameters.tick_us:
                events.append(self._event(key, "end", name, None, tick_us, "unseen"))
        # What comes out of a shadow has its id: names outlive their tracks for a while.
        kept.named_us.update(dict.fromkeys(kept.names.keys() & living, tick_us))
        for track_id in [t for t, at in kept.named_us.items() if tick_us - at > NAMED_US]:
            del kept.names[track_id], kept.named_us[track_id]
        return events

    def _picture(
        self,
        key: str,
        kept: PublishState,
        report: Report,
        shown: RecordArray,
        shared: Mapping[str, bytes],
    ) -> dict[str, object]:
        lon, lat = positions(key, shown)
        if key == LOCAL:
            flags = np.zeros(len(shown), np.int64)
        else:
            flags = context_flags(shared, lon, lat, report.tick_us)
        return {
            **self._head(key, report.tick_us),
            "frame": "local" if key == LOCAL else "wgs84",
            "sequence": kept.sequence,
            "live_sources": report.live,
            "missing_sources": report.missing,
            "sources": report.slots,
            "count": len(shown),
            **columns(key, shown, flags, report.tick_us),
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

    def _event(
        self, key: str, kind: str, track_id: int, other: int | None, tick_us: int, evidence: str
    ) -> Output:
        value = {
            **self._head(key, tick_us),
            "kind": kind,
            "track_id": track_id,
            "other_track_id": other,
            "evidence": evidence,
        }
        return Output(EVENTS, key, encoder.encode(value))

    def _head(self, key: str, tick_us: int) -> dict[str, object]:
        return {
            "cell": cell_integer(key),
            "cell_key": key,
            "tick_us": tick_us,
            "station_id": self._parameters.station_id,
            "run_id": self._parameters.run_id,
        }


def _named(rows: RecordArray, names: Mapping[int, int]) -> RecordArray:
    """Rows with the one id of each track instead of the cell's own."""
    if not names:
        return rows
    renamed = rows.copy()
    renamed["track_id"] = [names.get(i, i) for i in rows["track_id"].tolist()]
    return renamed
