"""Format `rsi.dris.json`: roadside information in the dialect of Huawei Cloud's DRIS.

| where | shape | names |
|---|---|---|
| a unit, `v2x/v1/rsu/{esn}/rsi/up` | ``{"rsiSourceId", "rsiDatas": [{"id", "rtes"}]}`` | camel |
| forwarded, `v2x-v1-rsi` | ``{"header", "body": {"rsi_source", "rtes"}}`` | snake |

Events and signs become features as in `rsi`, but for:

| field | meaning |
|---|---|
| id of a feature | `esn` of the source, its id, or the `id` of a unit's message |
| eventPosition (eventPos), signPosition | `dris`; eventRadius in 0.1 m, 0-1000 |
| eventDescription, signDescription (description) | property `description` |
| referencePaths | absolute positions; a path of one place, as in the samples, is left out |
| timeDetails | minutes of the UTC year, as for units; no table of the forwarded ones was seen |

Signs are in `rtss` beside the events. The source id is the forwarded `esn`, or a unit's
`rsiSourceId`. Dropped: event_source, priorities, confidences, lanes and links, time_stamp of the
collection, duration (no unit was seen).
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from operators.decode.decoded import Decoded
from operators.decode.dris import PositionDris, as_a_unit_writes
from operators.decode.guard import check_objects
from operators.decode.json_text import as_type
from operators.decode.rsi import (
    Body,
    Event,
    Number,
    Path,
    Radius,
    Sign,
    Times,
    TypeCode,
    features_of,
)
from operators.errors import DecodeError
from operators.reasons import Reason

_PLACES_OF_A_LINE = 2


class _Path(msgspec.Struct, rename="camel"):
    active_path: Annotated[list[PositionDris], Meta(max_length=32)]
    path_radius: Radius = 0


class _Event(msgspec.Struct, rename="camel"):
    event_type: TypeCode
    rte_id: Number = 0
    event_position: PositionDris | None = None
    event_pos: PositionDris | None = None
    event_radius: Radius = 0
    event_description: str = ""
    description: str = ""
    time_details: Times | None = None
    reference_paths: list[_Path] = []

    def standard(self) -> Event:
        """Return it as the standard has it."""
        position = self.event_pos if self.event_position is None else self.event_position
        return Event(
            self.event_type,
            self.rte_id,
            None if position is None else position.raw(),
            self.event_radius,
            self.event_description or self.description,
            self.time_details or Times(),
            _lines(self.reference_paths),
        )


class _Sign(msgspec.Struct, rename="camel"):
    sign_type: TypeCode
    rts_id: Number = 0
    sign_position: PositionDris | None = None
    sign_description: str = ""
    description: str = ""
    time_details: Times | None = None
    reference_paths: list[_Path] = []

    def standard(self) -> Sign:
        """Return it as the standard has it."""
        return Sign(
            self.sign_type,
            self.rts_id,
            None if self.sign_position is None else self.sign_position.raw(),
            self.sign_description or self.description,
            self.time_details or Times(),
            _lines(self.reference_paths),
        )


class _Data(msgspec.Struct):
    id: str = ""
    rtes: list[_Event] = []
    rtss: list[_Sign] = []


class _FromUnit(msgspec.Struct, rename="camel"):
    rsi_datas: list[_Data]
    rsi_source_id: str = ""


class _Source(msgspec.Struct, rename="camel"):
    esn: str = ""
    rsi_source_id: str = ""


class _Body(msgspec.Struct, rename="camel"):
    rsi_source: _Source = msgspec.field(default_factory=_Source)
    rtes: list[_Event] = []
    rtss: list[_Sign] = []


class _Forwarded(msgspec.Struct):
    body: _Body


def adapt(payload: bytes, anchor_us: int) -> Decoded:
    """Read one message.

    Raises
    ------
    DecodeError
        MISSING_FIELD for a message that names no source or an event that is nowhere, and the
        reasons of `json_text.read_json` and `rsi.features_of`.
    """
    message = as_a_unit_writes(payload)
    if isinstance(message, dict) and "body" in message:
        body = as_type(message, _Forwarded).body
        sender = body.rsi_source.esn or body.rsi_source.rsi_source_id
        told = [_standard(sender, body.rtes, body.rtss)]
    else:
        unit = as_type(message, _FromUnit)
        sender = unit.rsi_source_id
        told = [_standard(sender or one.id, one.rtes, one.rtss) for one in unit.rsi_datas]
    check_objects(sum(len(one.rtes) + len(one.rtss) for one in told))
    features = tuple(found for one in told for found in features_of(one, anchor_us))
    return Decoded(features=features, source_id=sender or None)


def _standard(name: str, events: list[_Event], signs: list[_Sign]) -> Body:
    if not name:
        raise DecodeError(Reason.MISSING_FIELD, "neither esn nor an id of the source")
    rtes, rtss = [one.standard() for one in events], [one.standard() for one in signs]
    return Body(name, rtes=rtes, rtss=rtss)


def _lines(paths: list[_Path]) -> list[Path]:
    return [
        Path([place.raw() for place in one.active_path], one.path_radius)
        for one in paths
        if len(one.active_path) >= _PLACES_OF_A_LINE
    ]
