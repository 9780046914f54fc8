"""Four keyed steps that do nothing but pass one packed value on.

They wake when the real ones do: the front at slices of 20 ms, the others at ticks. What travels is
a count of records instead of frames and pictures, so the floor is the runtime's alone.
"""

import struct
from collections import Counter
from collections.abc import Mapping, Sequence

from operators.envelope import Kind, due_us, seal, unseal
from operators.front import picture_due_us
from operators.parameters import Parameters
from operators.raw import receive_time_us, unpack_raw
from operators.routes import CELL, IDENTITY, PUBLISH
from operators.shared import Changes
from operators.step import Output, Result, State

OBJECTS = "noop.objects"
# A sink of one topic has no column for its name; the fusion job's has several.
TOPICS = (OBJECTS, "noop.unused")
COUNT = struct.Struct("<qI")  # instant of the tick's end in receive time, us; records
_KEPT = b"\x01"
_PARAMETERS = Parameters()


def share_nothing(shared: Mapping[str, bytes], event: bytes) -> Changes:
    """Take what is broadcast and keep nothing of it."""
    return {}


class _AtTicks:
    def wake_for(self, event: bytes) -> int:
        """The instant that the envelope names."""
        return due_us(event)


def _total(due: Sequence[bytes], at_us: int) -> bytes:
    counts = (
        COUNT.unpack(content)[1] for _, kind, content in map(unseal, due) if kind != Kind.NAME
    )
    return COUNT.pack(at_us, sum(counts))


class Front:
    """Counts the records of a slice by the cell that leads their source id."""

    def wake_for(self, event: bytes) -> int:
        """End of the slice that holds the record's receive time."""
        step = _PARAMETERS.slice_us
        return -(-receive_time_us(event) // step) * step

    def on_wake(
        self, key: str, state: State, due: Sequence[bytes], shared: Mapping[str, bytes], at_us: int
    ) -> Result:
        """Pass one value on for each cell and tick."""
        counts: Counter[tuple[str, int]] = Counter()
        for record in sorted(map(unpack_raw, due)):
            received = record.receive_time_us
            due_at = picture_due_us(received - _PARAMETERS.cut_us, received, _PARAMETERS)
            if "/" in record.source:
                counts[record.source.partition("/")[0], due_at] += 1
        outputs = [
            Output(CELL, cell, seal(due_at, Kind.FRAMES, COUNT.pack(due_at, count)))
            for (cell, due_at), count in sorted(counts.items())
        ]
        return Result(_KEPT, {}, outputs)


class Cell(_AtTicks):
    """Passes one value on at each tick, and one to the identity when the cell is new."""

    def on_wake(
        self, key: str, state: State, due: Sequence[bytes], shared: Mapping[str, bytes], at_us: int
    ) -> Result:
        """Pass on."""
        outputs = [Output(PUBLISH, key, seal(at_us, Kind.PICTURE, _total(due, at_us)))]
        if state.value is None:
            outputs.append(Output(IDENTITY, "all", seal(at_us, Kind.SIGHTING, key.encode())))
        return Result(_KEPT, {}, outputs)


class Identity(_AtTicks):
    """Answers the cell."""

    def on_wake(
        self, key: str, state: State, due: Sequence[bytes], shared: Mapping[str, bytes], at_us: int
    ) -> Result:
        """Pass on."""
        told = sorted(unseal(event)[2].decode() for event in due)
        return Result(_KEPT, {}, [Output(PUBLISH, k, seal(at_us, Kind.NAME, b"")) for k in told])


class Publish(_AtTicks):
    """Writes one record at each tick."""

    def on_wake(
        self, key: str, state: State, due: Sequence[bytes], shared: Mapping[str, bytes], at_us: int
    ) -> Result:
        """Pass on."""
        return Result(_KEPT, {}, [Output(OBJECTS, key, _total(due, at_us))])
