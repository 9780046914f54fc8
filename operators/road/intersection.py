"""One intersection: tells cells of its signals where maps and signals come on topics of their own.

The front knows a map only where the same source sent it on the same partition. A JPO-ODE writes
maps and signals to two topics, so what the front cannot place goes to the intersection by name,
which every front told where maps of it lie. Of two maps the newest stands, as it does in a cell.
"""

from collections.abc import Sequence

import msgspec

from operators.envelope import Kind, due_us, seal, unseal
from operators.road.intake import CellSignals, Mapped
from operators.routes import PUBLISH
from operators.shared import Shared
from operators.step import Output, Result, State, check_version

VERSION = 1
_MAPPED = msgspec.msgpack.Decoder(Mapped)
_SIGNALS = msgspec.msgpack.Decoder(CellSignals)
_ENCODER = msgspec.msgpack.Encoder()


class IntersectionPlace(msgspec.Struct, array_like=True):
    """Value of one intersection: layout version, and its newest map's origin and cells."""

    version: int
    mapped: Mapped


_DECODER = msgspec.msgpack.Decoder(IntersectionPlace)


class Intersections:
    """An intersection as a `KeyedStep`; the key is ``intersection/`` and its name."""

    def wake_for(self, event: bytes) -> int:
        """The instant at which cells are to know it."""
        return due_us(event)

    def on_wake(
        self, key: str, state: State, due: Sequence[bytes], shared: Shared, at_us: int
    ) -> Result:
        """Remember where it lies, then hand its signals to the cells there."""
        known = None
        if state.value:
            held = _DECODER.decode(state.value)
            check_version(held.version, VERSION, "state of an intersection")
            known = held.mapped
        opened = [unseal(event) for event in due]
        told = [_MAPPED.decode(content) for _, kind, content in opened if kind is Kind.ROAD]
        newest = max(told, key=lambda one: one.origin, default=None)
        if newest is not None and (known is None or known.origin < newest.origin):
            known = newest
        signals = [
            (_SIGNALS.decode(content), content)
            for _, kind, content in opened
            if kind is Kind.SIGNAL
        ]
        signals.sort(key=lambda one: (one[0].event_time_us, one[0].origin))
        outputs = [
            Output(PUBLISH, cell, seal(at_us, Kind.SIGNAL, content))
            for _, content in signals
            for cell in (known.cells if known else ())
        ]
        # a map that was taken away stays known by its instant, so that no older one comes back
        value = None if known is None else _ENCODER.encode(IntersectionPlace(VERSION, known))
        return Result(value, {}, outputs)
