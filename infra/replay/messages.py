"""Files of messages, read as the records that a broker would have received.

| file | records |
|---|---|
| message file: JSON lines `topic, source, format, receive_time_us, payload` | as written |
| Recording: JSON lines `source, event_time_us, receive_time_us, frame, objects` | a line each |
| log of the JPO-ODE: one BSM, PSM or SDSM a line | sorted by `metadata.recordGeneratedAt` |
| OpenV2X track points, JSON or one Python dict a line | one for each sensor and `secMark` |
| one message of another format | one |

The receive time of an ODE record is `recordGeneratedAt`, when the vehicle's unit logged it;
`odeReceivedAt` is a bulk upload a year later and only stands in where the other is empty.
Formats that carry the second of the minute only are placed in the minute of `ANCHOR_US`,
2022-05-20 03:19 UTC, the one date that the OpenV2X files name (`rsm.dawnline.json`).

Broken lines are handed on as they are, with the receive time of the line before: it is the
station's part to reject them with a reason.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from operators.decode import openv2x_points
from operators.decode.formats import Formats
from operators.decode.guard import admit_json
from operators.decode.json_text import read_json
from operators.decode.registry import FORMATS, decode, guess_format
from operators.errors import DecodeError
from operators.normalise.event_time import instant_us, second_of_minute_us

ANCHOR_US = 1_653_016_740_000_000  # 2022-05-20T03:19:00Z
_OF_THE_ODE = ("bsm", "psm", "sdsm", "spat.json", "map.json")


@dataclass(frozen=True, slots=True)
class RecordedMessage:
    """One record as it goes to a raw topic.

    Parameters
    ----------
    receive_time_us
        UTC microseconds.
    topic, source_id, format
        Raw topic, record key and `format` header.
    payload
        The sender's bytes.
    """

    receive_time_us: int
    topic: str
    source_id: str
    format: str
    payload: bytes


class _MessageLine(msgspec.Struct):
    topic: str
    source: str
    format: str
    receive_time_us: int
    payload: str


class _RecordingLine(msgspec.Struct):
    source: str
    receive_time_us: int
    frame: str


class _OdeMetadata(msgspec.Struct, rename="camel"):
    record_generated_at: str = ""
    ode_received_at: str = ""


class _OdeLine(msgspec.Struct):
    metadata: _OdeMetadata


_MESSAGE = msgspec.json.Decoder(_MessageLine)
_RECORDING = msgspec.json.Decoder(_RecordingLine)
_ODE = msgspec.json.Decoder(_OdeLine)
_ANY = msgspec.json.Decoder()
_BUILT_IN = Formats()


def read_messages(
    path: Path, format_name: str | None = None, formats: Formats = _BUILT_IN
) -> Iterator[RecordedMessage]:
    """Yield the records of one file, in order of receive time.

    Message files and Recordings are streamed, being in order by contract; other files are read
    whole.

    Parameters
    ----------
    path
        File to read.
    format_name
        Key of `formats`; guessed from the content if None.
    formats
        Those of the station.

    Raises
    ------
    DecodeError
        UNKNOWN_FORMAT if the format cannot be guessed.
    """
    with path.open("rb") as file:
        first = file.readline()
    if format_name is None and _fits(_MESSAGE, first):
        yield from _message_lines(path)
        return
    if format_name in (None, "recording.json") and _fits(_RECORDING, first):
        yield from _recording_lines(path)
        return
    data = path.read_bytes()
    documents = _documents(data, first)
    name = format_name or guess_format(documents[0])
    if name == "openv2x.points.json":
        messages = [m for text in documents for m in _point_messages(text)]
    elif name.startswith(_OF_THE_ODE):
        messages = list(_ode_messages(documents, name, f"gateway/{path.stem}"))
    else:
        messages = [_single(name, text, path.stem, formats) for text in documents]
    yield from sorted(messages, key=lambda m: m.receive_time_us)


def _fits(decoder: msgspec.json.Decoder[Any], line: bytes) -> bool:
    try:
        read_json(decoder, admit_json(line))
    except DecodeError:
        return False
    return True


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        for line in file:
            if stripped := line.strip():
                yield stripped


def _message_lines(path: Path) -> Iterator[RecordedMessage]:
    last = RecordedMessage(ANCHOR_US, "raw.roadside", path.stem, "", b"")
    for line in _lines(path):
        try:
            one = read_json(_MESSAGE, admit_json(line))
        except DecodeError:
            yield RecordedMessage(
                last.receive_time_us, last.topic, last.source_id, last.format, line
            )
            continue
        last = RecordedMessage(
            one.receive_time_us, one.topic, one.source, one.format, one.payload.encode()
        )
        yield last


def _recording_lines(path: Path) -> Iterator[RecordedMessage]:
    info = FORMATS["recording.json"]
    receive_time_us, source = ANCHOR_US, path.stem
    for line in _lines(path):
        try:
            one = read_json(_RECORDING, admit_json(line))
            receive_time_us, source = one.receive_time_us, one.source
        except DecodeError:
            pass  # handed on as it is, with the last line's time
        yield RecordedMessage(receive_time_us, info.topic, source, info.name, line)


def _documents(data: bytes, first: bytes) -> list[bytes]:
    """Lines as JSON if the first line is a whole value, else the file as one text."""
    if _as_json(first) is None:
        return [data]
    return [_as_json(line) or line for line in data.splitlines() if line.strip()]


def _as_json(line: bytes) -> bytes | None:
    """The line if it is JSON, or its JSON if it is a Python literal, else None."""
    if not line.lstrip().startswith((b"{", b"[")):
        return None
    if _fits(_ANY, line):
        return line
    try:
        return msgspec.json.encode(ast.literal_eval(admit_json(line).decode()))
    except (DecodeError, ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _ode_messages(lines: Iterable[bytes], name: str, gateway: str) -> Iterator[RecordedMessage]:
    info = FORMATS[name]
    receive_time_us = ANCHOR_US
    for line in lines:
        try:
            metadata = read_json(_ODE, admit_json(line)).metadata
            times = (metadata.record_generated_at, metadata.ode_received_at)
            known = [t for t in map(instant_us, times) if t is not None]
            receive_time_us = known[0] if known else receive_time_us
        except DecodeError:
            pass  # handed on as it is, with the last line's time
        source_id = _own_source(name, line, receive_time_us) or gateway
        yield RecordedMessage(receive_time_us, info.topic, source_id, name, line)


def _own_source(name: str, payload: bytes, receive_time_us: int) -> str | None:
    """Name that a message gives its sender, None if it gives none that lasts."""
    try:
        frames = decode(name, payload, receive_time_us).frames
    except DecodeError:
        return None
    return frames[0].source_id if frames else None


def _point_messages(text: bytes) -> Iterator[RecordedMessage]:
    """One message for each sensor and mark, its payload a JSON list of the points."""
    info = FORMATS["openv2x.points.json"]
    try:
        points = _flat(read_json(_ANY, admit_json(text)))
        keyed = [
            (openv2x_points.frame_key(msgspec.convert(p, openv2x_points.Point)), p) for p in points
        ]
    except (DecodeError, msgspec.ValidationError):
        yield RecordedMessage(ANCHOR_US, info.topic, "unknown", info.name, text)
        return
    groups: dict[openv2x_points.FrameKey, list[object]] = {}
    for key, point in keyed:
        groups.setdefault(key, []).append(point)
    for key, group in groups.items():
        instant = second_of_minute_us(round(key[0]), ANCHOR_US + 30_000_000)
        yield RecordedMessage(
            ANCHOR_US if instant is None else instant,
            info.topic,
            openv2x_points.source_id_of(key),
            info.name,
            msgspec.json.encode(group),
        )


def _flat(value: object) -> list[object]:
    """Points of a list, a map of points or a map of lists of points."""
    items = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(items, list):
        return [items]
    return [p for item in items for p in (item if isinstance(item, list) else [item])]


def _single(name: str, text: bytes, stem: str, formats: Formats) -> RecordedMessage:
    """One message; its own time and source where it tells them."""
    source_id, receive_time_us = stem, ANCHOR_US
    try:
        content = formats.decode(name, text, ANCHOR_US)
    except DecodeError:
        return RecordedMessage(receive_time_us, formats[name].topic, source_id, name, text)
    source_id = content.sender or source_id
    for frame in content.frames[:1]:
        receive_time_us = frame.event_time_us or receive_time_us
    for feature in content.features[:1]:
        receive_time_us = feature.valid_from_us or receive_time_us
    return RecordedMessage(receive_time_us, formats[name].topic, source_id, name, text)
