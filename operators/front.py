"""The front: gives each raw record its one disposition, and each source frame its cells.

Keyed by (topic, partition), where offsets are contiguous and a source's records are in order.
Records are taken in slices of receive time, behind the watermark, so that a source entry is
always there before the records that it concerns.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import msgspec

from operators.account.letters import dead_letter
from operators.account.records import SECOND_US, RecordLedger, second_of
from operators.align.clock import FARTHEST_US, nominal_delay_us
from operators.align.source_memory import Recall, recall
from operators.decode.decoded import Decoded, DecodedFrame, Feature
from operators.encode.area import OwnSenders
from operators.enrich.records import newly_told, told_on, vehicles_on_call
from operators.envelope import Kind, picture_due_us, seal
from operators.errors import DecodeError
from operators.frame import FrameFlag, SourceKind, pack_frame
from operators.ingress import DEFAULTS, TopicRule
from operators.parameters import Parameters
from operators.raw import RawRecord, receive_time_us, unpack_raw
from operators.reasons import Disposition, Reason
from operators.road import intake as road
from operators.routes import CELL, DEAD, RECORDS, SOURCES
from operators.sources import (
    KINDS,
    MAX_ID_BYTES,
    SourceEntry,
    entry_at,
    parse_entry,
    supplier_of,
)
from operators.step import Output, Result, State, check_version
from operators.transform.place import Stamp, place

VERSION = 1
_ENTRIES = TopicRule("", SourceKind.FEED, closed=False)  # of source entries
Decode = Callable[[str, bytes, int], Decoded]


class FrontState(msgspec.Struct, array_like=True):
    """Value of one partition: layout version, open ledger, last wake, last sight of each source.

    A state of before calls were told has no `called_us` at its end, and is read.
    """

    version: int = VERSION
    ledger: RecordLedger = msgspec.field(default_factory=RecordLedger)
    woken_us: int = 0
    seen_us: dict[str, int] = {}
    called_us: dict[str, int] = {}  # when it was last told of each vehicle on a call


_DECODER = msgspec.msgpack.Decoder(FrontState)
_ENCODER = msgspec.msgpack.Encoder()

MAX_PROBES = 10_000  # sources without an entry that one partition remembers at a time
PROBE_SILENCE_US = 60_000_000  # a probe source is forgotten after this


@dataclass(slots=True)
class _Refusal(Exception):  # noqa: N818  # a verdict on one record, not a failure
    disposition: Disposition
    reason: Reason
    detail: str = ""


@dataclass(slots=True)
class _Wake:
    """Everything that one wake of one partition changes."""

    topic: str
    partition: int
    at_us: int
    shared: Mapping[str, bytes]
    entries: Mapping[str, bytes]
    state: FrontState
    recalled: dict[str, Recall] = field(default_factory=dict)
    frames: dict[tuple[str, int], list[bytes]] = field(default_factory=dict)
    outputs: list[Output] = field(default_factory=list)

    def memory(self, source_id: str) -> Recall:
        held = self.recalled.get(source_id)
        if held is None:
            held = self.recalled[source_id] = recall(self.entries.get(source_id))
        return held


class Front:
    """The front as a `KeyedStep`; the key is ``topic/partition``.

    Parameters
    ----------
    parameters
        Of the run.
    decode
        Adapters by name of format: ``(format, payload, anchor_us) -> Decoded``.
    rules
        For each raw topic.
    """

    def __init__(
        self,
        parameters: Parameters,
        decode: Decode,
        rules: Mapping[str, TopicRule] = DEFAULTS,
    ) -> None:
        self._parameters = parameters
        self._decode = decode
        self._rules = rules
        self._own = OwnSenders(parameters.station_id)

    def wake_for(self, event: bytes) -> int:
        """End of the slice ``(k S, (k + 1) S]`` that holds the record's receive time."""
        return self._slice_end_us(receive_time_us(event))

    def _slice_end_us(self, received_us: int) -> int:
        step = self._parameters.slice_us
        return -(-received_us // step) * step

    def on_wake(
        self, key: str, state: State, due: Sequence[bytes], shared: Mapping[str, bytes], at_us: int
    ) -> Result:
        """Take the records of one slice."""
        topic, _, partition = key.rpartition("/")
        kept = _DECODER.decode(state.value) if state.value else _fresh()
        check_version(kept.version, VERSION, "state of the front")
        wake = _Wake(topic, int(partition), at_us, shared, state.entries, kept)
        for record in sorted(map(unpack_raw, due)):
            self._take(record, wake)
        for (cell_key, due_us), packed in sorted(wake.frames.items()):
            content = seal(due_us, Kind.FRAMES, b"".join(packed))
            wake.outputs.append(Output(CELL, cell_key, content))
        forgotten = self._close_second(key, wake)
        kept.woken_us = max(kept.woken_us, at_us)
        changed: dict[str, bytes | None] = {s: r.pack() for s, r in wake.recalled.items()}
        changed.update(dict.fromkeys(forgotten))
        # Ask for no wake with nothing to tell: the last watermark of a bounded run never ends.
        open_ledger = kept.ledger.first_offset >= 0
        next_second = kept.ledger.second_us + SECOND_US if open_ledger else None
        return Result(_ENCODER.encode(kept), changed, wake.outputs, next_second)

    def _take(self, record: RawRecord, wake: _Wake) -> None:
        ledger = wake.state.ledger
        if ledger.first_offset < 0:
            ledger.second_us = second_of(wake.at_us)
        ledger.see(record.offset)
        # A backfill has its own topic of entries, with a suffix.
        rule = _ENTRIES if wake.topic.startswith(SOURCES) else self._rules[wake.topic]
        source_id = rule.named(record)
        try:
            due_us = self._slice_end_us(record.receive_time_us)
            if wake.at_us < wake.state.woken_us or wake.at_us != due_us:
                raise _Refusal(Disposition.LATE, Reason.BEHIND_WATERMARK)
            source_id = source_id or self._own_id(record, rule) or rule.source
            self._dispose(record, source_id, rule, wake)
        except _Refusal as refusal:
            self._refuse(record, source_id, refusal, wake)
        except DecodeError as error:
            rejection = _Refusal(Disposition.REJECTED, error.reason, error.detail)
            self._refuse(record, source_id, rejection, wake)

    def _dispose(self, record: RawRecord, source_id: str, rule: TopicRule, wake: _Wake) -> None:
        body = record.body or b""
        if rule is _ENTRIES:
            declared = parse_entry(body)
            wake.state.ledger.add(declared.source_id, Disposition.SOURCE, None)
            return
        if not body:
            raise DecodeError(Reason.EMPTY_BODY)
        if len(source_id.encode()) > MAX_ID_BYTES:
            detail = f"source id of {len(source_id.encode())} bytes, limit {MAX_ID_BYTES}"
            raise DecodeError(Reason.OUT_OF_RANGE, detail)
        entry = entry_at(wake.shared, source_id, record.receive_time_us)
        self._admit(record, source_id, entry, rule.closed, wake)
        digest = int.from_bytes(blake2b(body, digest_size=8).digest(), "little")
        horizon = self._parameters.acceptance_us + self._parameters.future_us
        memory = wake.memory(source_id)
        if memory.repeated(digest, record.receive_time_us, horizon):
            raise _Refusal(Disposition.DUPLICATE, Reason.REPEATED)
        name = record.format or (entry.format if entry is not None else None) or rule.format
        # A time without a date is nearest to now by the source's own clock.
        anchor_us = record.receive_time_us - record.shift_us - memory.memory.offset_us
        decoded = self._decode(name, body, anchor_us)
        self._refuse_own(decoded.frames, record, wake)
        kind = KINDS[entry.kind] if entry is not None else rule.kind
        if decoded.features and kind != SourceKind.FEED:
            raise DecodeError(Reason.WRONG_KIND, f"{name} of a source that is no feed")
        if (decoded.signals or decoded.roads) and kind == SourceKind.PROBE:
            raise DecodeError(Reason.WRONG_KIND, f"{name} of a probe")
        self._hand_on(record, source_id, kind, digest, decoded, entry, wake)

    def _hand_on(
        self,
        record: RawRecord,
        source_id: str,
        kind: int,
        digest: int,
        decoded: Decoded,
        entry: SourceEntry | None,
        wake: _Wake,
    ) -> None:
        if decoded.features:
            self._context(record, source_id, decoded.features, entry, wake)
        elif decoded.signals or decoded.roads:
            self._roads(record, source_id, kind, decoded, entry, wake)
        else:
            self._frames(record, source_id, kind, digest, decoded.frames, entry, wake)

    def _refuse_own(self, frames: Sequence[DecodedFrame], record: RawRecord, wake: _Wake) -> None:
        """Reject a message that this station made of its own fused objects."""
        for frame in frames:
            area_id = self._own.area(frame.source_id, wake.shared)
            if area_id and entry_at(wake.shared, area_id, record.receive_time_us) is not None:
                detail = f"sent by {frame.source_id} in the area of {area_id!r}"
                raise DecodeError(Reason.OWN_OUTPUT, detail)

    def _own_id(self, record: RawRecord, rule: TopicRule) -> str:
        """The payload's own name of its sender, for a record that nobody named."""
        if rule is _ENTRIES or not record.body:
            return ""
        anchor_us = record.receive_time_us - record.shift_us
        return self._decode(record.format or rule.format, record.body, anchor_us).sender

    def _admit(
        self,
        record: RawRecord,
        source_id: str,
        entry: SourceEntry | None,
        closed: bool,
        wake: _Wake,
    ) -> None:
        if entry is None and closed:
            raise DecodeError(Reason.UNKNOWN_SOURCE, f"source {source_id!r} has no entry")
        if entry is not None and entry.quarantined:
            raise _Refusal(Disposition.QUARANTINED, Reason.SOURCE_QUARANTINED)
        seen = wake.state.seen_us
        if entry is None and source_id not in seen and len(seen) >= MAX_PROBES:
            raise _Refusal(Disposition.RATE_LIMITED, Reason.RATE)
        seen[source_id] = record.receive_time_us
        count = wake.memory(source_id).count(record.receive_time_us // SECOND_US)
        if count > self._parameters.source_rate_hz:
            raise _Refusal(Disposition.RATE_LIMITED, Reason.RATE)

    def _frames(
        self,
        record: RawRecord,
        source_id: str,
        kind: int,
        digest: int,
        frames: Sequence[DecodedFrame],
        entry: SourceEntry | None,
        wake: _Wake,
    ) -> None:
        placed: list[tuple[tuple[str, int], bytes]] = []
        calls: list[Feature] = []
        observations = refused = 0
        nominal_us = nominal_delay_us(kind, entry.nominal_delay_ms if entry else None)
        supplier = supplier_of(entry)
        for decoded in frames:
            told_us, delay_us = decoded.event_time_us, decoded.delay_us
            event_time, flags = self._event_time(
                record, source_id, told_us, delay_us, nominal_us, wake
            )
            stamp = Stamp(
                source_id,
                kind,
                event_time,
                record.receive_time_us,
                wake.topic,
                wake.partition,
                record.offset,
                digest,
                int(decoded.flags) | flags,
                *supplier,
            )
            observations += len(decoded.observations)
            refused += decoded.refused
            due_us = picture_due_us(event_time, record.receive_time_us, self._parameters)
            for cell_key, frame in place(decoded, stamp, entry, self._parameters):
                placed.append(((cell_key, due_us), pack_frame(frame)))
                calls += vehicles_on_call(cell_key, frame)
        for where, packed in placed:
            wake.frames.setdefault(where, []).append(packed)
        if calls:
            due = newly_told(calls, wake.state.called_us)
            origin = _origin(record, source_id, wake)
            wake.outputs += told_on(due, origin, 0, None, self._parameters)
        fate = Disposition.ACCEPTED if observations else Disposition.EMPTY
        wake.state.ledger.add(source_id, fate, None, observations, refused)

    def _event_time(
        self,
        record: RawRecord,
        source_id: str,
        told_us: int | None,
        delay_us: int,
        nominal_us: int,
        wake: _Wake,
    ) -> tuple[int, int]:
        """Event time after coarse correction, and the flags that say what was done to it."""
        received = record.receive_time_us
        if told_us is None:
            event_time, flag = received - delay_us, int(FrameFlag.TIME_FROM_RECEIPT)
        else:
            event_time = told_us + record.shift_us
            offset = wake.memory(source_id).clock(received - event_time, nominal_us, received)
            event_time += offset  # lateness is judged of what is left
            flag = int(FrameFlag.CLOCK_CORRECTED) if offset else 0
        if abs(received - event_time) > FARTHEST_US:
            seconds = (event_time - received) / 1e6
            raise DecodeError(Reason.CLOCK_FAR_OFF, f"event time is {seconds:+.0f} s from receipt")
        if received - event_time > self._parameters.acceptance_us:
            raise _Refusal(Disposition.LATE, Reason.TOO_OLD)
        if event_time - received > self._parameters.future_us:
            raise _Refusal(Disposition.LATE, Reason.FUTURE)
        return event_time, flag

    def _context(
        self,
        record: RawRecord,
        source_id: str,
        features: Sequence[Feature],
        entry: SourceEntry | None,
        wake: _Wake,
    ) -> None:
        origin = _origin(record, source_id, wake)
        wake.outputs += told_on(features, origin, record.shift_us, entry, self._parameters)
        wake.state.ledger.add(source_id, Disposition.CONTEXT, None)

    def _roads(
        self,
        record: RawRecord,
        source_id: str,
        kind: int,
        decoded: Decoded,
        entry: SourceEntry | None,
        wake: _Wake,
    ) -> None:
        """Tell on signals and roads; their instants are corrected as those of frames are."""
        nominal_us = nominal_delay_us(kind, entry.nominal_delay_ms if entry else None)
        states = []
        for state in decoded.signals:
            told_us = state.event_time_us
            at_us, _ = self._event_time(record, source_id, told_us, 0, nominal_us, wake)
            off_us = record.shift_us if told_us is None else at_us - told_us
            states.append(msgspec.structs.replace(state.shifted(off_us), event_time_us=at_us))
        origin = _origin(record, source_id, wake)
        memory = wake.memory(source_id).memory
        teller = road.Teller(self._parameters, origin, entry, memory.signals, memory.parts)
        wake.outputs += teller.roads(decoded.roads)
        for state in states:
            wake.outputs += teller.signals(state)
        refused = sum(part.refused for part in decoded.roads)
        wake.state.ledger.add(source_id, Disposition.CONTEXT, None, 0, refused)

    def _refuse(self, record: RawRecord, source_id: str, refusal: _Refusal, wake: _Wake) -> None:
        source_id = source_id[:MAX_ID_BYTES]
        wake.state.ledger.add(source_id, refusal.disposition, refusal.reason)
        if refusal.disposition is not Disposition.REJECTED:
            return
        where, why = (wake.topic, wake.partition), (refusal.reason, refusal.detail)
        letter = dead_letter(record, where, source_id, why, self._parameters)
        wake.outputs.append(Output(DEAD, source_id, _ENCODER.encode(letter)))

    def _close_second(self, key: str, wake: _Wake) -> list[str]:
        """Send the ledger of a second that is over; names of probe sources to forget."""
        ledger = wake.state.ledger
        if ledger.first_offset < 0 or wake.at_us < ledger.second_us + SECOND_US:
            return []
        value = ledger.record(wake.topic, wake.partition, self._parameters)
        wake.outputs.append(Output(RECORDS, key, _ENCODER.encode(value)))
        wake.state.ledger = RecordLedger(next_offset=ledger.next_offset, tallies={})
        seen = wake.state.seen_us
        silent = [s for s, at in seen.items() if wake.at_us - at > PROBE_SILENCE_US]
        for source_id in silent:
            del seen[source_id]
            wake.recalled.pop(source_id, None)
        called = wake.state.called_us
        for name in [c for c, at in called.items() if wake.at_us - at > PROBE_SILENCE_US]:
            del called[name]
        return silent


def _fresh() -> FrontState:
    return FrontState(ledger=RecordLedger(tallies={}))


def _origin(record: RawRecord, source_id: str, wake: _Wake) -> road.Origin:
    where = (wake.topic, wake.partition, record.offset)
    return road.Origin(record.receive_time_us, *where, source_id)
