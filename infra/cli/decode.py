"""`station decode`: message files as a Recording, with the reason of every rejection."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
import typer

from infra.cli.errors import CommandError
from infra.cli.explain import show
from infra.cli.options import Config, formats_of
from infra.replay.messages import RecordedMessage, read_messages
from operators._typing import FloatArray, RecordArray
from operators.decode.decoded import DecodedFrame, Space
from operators.decode.formats import Formats
from operators.errors import DecodeError
from operators.frame import ObjectClass, ObjectFlag
from operators.normalise.event_time import instant_us
from operators.reasons import SENTENCES

_ENCODER = msgspec.json.Encoder()
_NUMBERS = ("length_m", "width_m", "height_m", "score")


def recording_lines(frame: DecodedFrame, source_id: str, received_us: int) -> Iterator[bytes]:
    """Yield the lines of a Recording, without their ends, that a frame is.

    That is one, or one for each instant if the objects were seen at different instants. What a
    sender's own object id was is not known any more: its hash stands for it.
    """
    event_us = received_us if frame.event_time_us is None else frame.event_time_us
    offsets = frame.observations["time_offset_us"]
    for offset in np.unique(offsets).tolist() or [0]:
        chosen = offsets == offset
        line = {
            "source": source_id,
            "event_time_us": event_us + offset,
            "receive_time_us": received_us,
            "frame": "local" if frame.space is Space.LOCAL else "wgs84",
            "objects": [
                _object(frame.space, place, seen)
                for place, seen in zip(
                    frame.position[chosen], frame.observations[chosen], strict=True
                )
            ],
        }
        yield _ENCODER.encode(line)


def _object(space: Space, place: FloatArray, seen: RecordArray) -> dict[str, Any]:
    first, second = place.tolist()
    heading = _number(seen["heading_rad"])
    if space is Space.LOCAL:
        made: dict[str, Any] = {"x": round(first, 4), "y": round(second, 4)}
        made["z"] = _number(seen["z_m"])
    else:
        made = {"lat_deg": round(second, 9), "lon_deg": round(first, 9)}
        made["alt_m"] = _number(seen["z_m"])
        heading = round((np.pi / 2 - heading) % (2 * np.pi), 7)
    made["heading_rad"] = heading
    made |= {name: _number(seen[name]) for name in _NUMBERS}
    made["class"] = ObjectClass(int(seen["object_class"])).name.lower()
    made["local_id"] = f"{int(seen['local_id']):016x}" if seen["local_id"] else None
    if seen["flags"]:
        made["flags"] = [
            name.lower() for name, flag in ObjectFlag.__members__.items() if seen["flags"] & flag
        ]
    if np.isfinite(seen["vx_mps"]):
        made |= {"vx": _number(seen["vx_mps"]), "vy": _number(seen["vy_mps"])}
    if np.isfinite(seen["cov_xx_m2"]):
        axes = ("xx", "xy", "xy", "yy")
        made["position_cov"] = [_number(seen[f"cov_{a}_m2"]) for a in axes]
    return made


def _number(value: Any) -> float:
    """Shortest number that is the same float32; NaN, which is null in JSON, stays."""
    return float(f"{float(value):.7g}")


def decode(
    file: Annotated[Path, typer.Argument(help="Message file.")],
    format_name: Annotated[
        str | None,
        typer.Option("--format", help="One of `station formats`; guessed if not given."),
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", help="Source id to give to every frame.")
    ] = None,
    received_at: Annotated[
        str | None,
        typer.Option(
            "--received-at",
            metavar="T",
            help="When the first message was received: UTC microseconds or ISO 8601 with offset. "
            "Times without a date are completed from it.",
        ),
    ] = None,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain", help="Show which raw field of one record becomes which canonical field."
        ),
    ] = False,
    record: Annotated[
        int, typer.Option("--record", min=1, help="Number of the record to explain.")
    ] = 1,
    config: Config = None,
) -> None:
    """Decode a message file to a Recording (JSON lines) on standard output.

    Third-party features, states of signals and pieces of a road network come as a line each with
    their own fields. A message that is rejected,
    or has objects that cannot be used, gives a JSON line on standard error: record (from 1),
    reason, detail. The exit status is 0 if at least one message could be read.
    """
    formats, read = formats_of(config, format_name), 0
    messages = _messages(file, format_name, _instant(received_at), formats)
    for number, message in enumerate(messages, 1):
        if explain and number != record:
            continue
        try:
            if explain:
                show(message, formats)
            else:
                _write(message, number, source, formats)
            read += 1
        except DecodeError as error:
            _reject(number, error.reason.value, error.detail or SENTENCES[error.reason])
    if not read:
        msg = f"no message of {file} could be read"
        raise CommandError(msg)


def _instant(text: str | None) -> int | None:
    if text is None:
        return None
    found = int(text) if text.isdecimal() else instant_us(text)
    if found is None:
        msg = f"--received-at {text}: write UTC microseconds, or such as 2026-01-31T12:00:00Z"
        raise CommandError(msg, 2)
    return found


def _messages(
    file: Path, format_name: str | None, received_us: int | None, formats: Formats
) -> Iterator[RecordedMessage]:
    """Yield the messages of a file, the first one received at `received_us` if it is given."""
    shift_us = None
    try:
        for message in read_messages(file, format_name, formats):
            if shift_us is None:
                shift_us = 0 if received_us is None else received_us - message.receive_time_us
            yield replace(message, receive_time_us=message.receive_time_us + shift_us)
    except OSError as error:
        msg = f"{file}: cannot be read ({error.strerror})"
        raise CommandError(msg) from error
    except DecodeError as error:
        msg = f"{file}: {SENTENCES[error.reason]} Say which it is by --format."
        raise CommandError(msg) from error


def _write(message: RecordedMessage, number: int, source: str | None, formats: Formats) -> None:
    """Write what one message says.

    Raises
    ------
    DecodeError
        If it cannot be read; then nothing was written.
    """
    received_us = message.receive_time_us
    decoded = formats.decode(message.format, message.payload, received_us)
    out = sys.stdout.buffer
    for frame in decoded.frames:
        name = source or message.source_id or frame.source_id or ""
        out.writelines(line + b"\n" for line in recording_lines(frame, name, received_us))
        if frame.refused:
            text = f"{frame.refused} objects of a frame have no usable position; the rest was read"
            _reject(number, "UNAVAILABLE", text)
    others = (*decoded.features, *(state.named() for state in decoded.signals), *decoded.roads)
    out.writelines(_ENCODER.encode(one) + b"\n" for one in others)


def _reject(number: int, reason: str, detail: str) -> None:
    line = {"record": number, "reason": reason, "detail": detail}
    sys.stderr.write(_ENCODER.encode(line).decode() + "\n")
