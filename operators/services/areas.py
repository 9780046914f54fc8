"""Messages of every roadside area at every tick: the step behind `service.rsm`, `.sdsm`, `.cpm`."""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from operators._typing import RecordArray
from operators.current import Closed
from operators.encode import cpm, rsm, sdsm
from operators.encode.area import Area, area_of, sender_tag
from operators.encode.numbers import assign
from operators.envelope import Kind, due_us, seal, unseal
from operators.fused import FUSED
from operators.routes import CPM, RSM, SDSM
from operators.sources import entry_at
from operators.step import Output, Result, State, check_version

VERSION = 1


class AreaState(msgspec.Struct, array_like=True):
    """What an area keeps: last tick, numbers of its tracks, messages that were counted."""

    version: int = VERSION
    tick_us: int = 0
    numbers: dict[int, tuple[int, int]] = {}
    rsms: int = 0
    sdsms: int = 0


_DECODER = msgspec.msgpack.Decoder(AreaState)
_ENCODER = msgspec.msgpack.Encoder()


def area_at(shared: Mapping[str, bytes], area_id: str, at_us: int) -> Area | None:
    """The area of a source as its entry says at an instant, None if it has none."""
    entry = entry_at(shared, area_id, at_us)
    return None if entry is None else area_of(entry)


def scene(closed: Closed, area: Area) -> bytes:
    """Event for an area: the objects in it at a closed tick."""
    near = closed.around(area.lat_deg, area.lon_deg, area.radius_m)
    rows = [part.held.rows[part.chosen] for part in near]
    packed = np.concatenate(rows).tobytes() if rows else b""
    return seal(closed.tick_us, Kind.PICTURE, packed)


class AreaStep:
    """Encodes the objects of an area as a `KeyedStep`; the key is the area's id.

    What is shared are the source entries. An area whose entry is gone, or has no place, is
    forgotten; a tick that is not newer than the last sends nothing.

    Parameters
    ----------
    station_id
        Of this station; part of every sender's name.
    """

    def __init__(self, station_id: str) -> None:
        self._station_id = station_id

    def wake_for(self, event: bytes) -> int:
        """The tick."""
        return due_us(event)

    def on_wake(
        self, key: str, state: State, due: Sequence[bytes], shared: Mapping[str, bytes], at_us: int
    ) -> Result:
        """Send the messages of one tick."""
        area = area_at(shared, key, at_us)
        if area is None:
            return Result(None)
        kept = _DECODER.decode(state.value) if state.value else AreaState()
        check_version(kept.version, VERSION, "state of an area")
        if at_us <= kept.tick_us or not due:
            return Result(state.value)
        _, _, packed = unseal(min(due))
        outputs = self._messages(area, at_us, np.frombuffer(packed, FUSED), kept)
        kept.tick_us = at_us
        return Result(_ENCODER.encode(kept), {}, outputs)

    def _messages(
        self, area: Area, tick_us: int, rows: RecordArray, kept: AreaState
    ) -> list[Output]:
        rows = rows[np.argsort(rows["track_id"])]
        tag = sender_tag(self._station_id, area.area_id)
        numbers, kept.numbers = assign(kept.numbers, rows["track_id"].tolist(), tick_us)
        told, sent = rsm.encode(area, tag, tick_us, rows, numbers, kept.rsms)
        seen = sdsm.encode(area, tag, tick_us, rows, numbers, kept.sdsms)
        kept.rsms, kept.sdsms = (kept.rsms + sent) % 128, (kept.sdsms + len(seen)) % 128
        perceived = cpm.encode(area, tag, tick_us, rows, numbers, 0)
        return [
            Output(RSM, area.area_id, told),
            *(Output(SDSM, area.area_id, one) for one in seen),
            *(Output(CPM, area.area_id, one) for one in perceived),
        ]
