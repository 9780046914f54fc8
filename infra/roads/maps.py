"""Map messages (J2735, ETSI, T/CSAE 53) in a file: one, or one in each line of a log.

Lanes and segments keep the names that the messages give them, so they have the same ids as if their
sender sent them. Of messages about one intersection the last one counts.
"""

from typing import BinaryIO

import msgspec

from infra.roads.imported import Account, Imported, ImportFileError
from operators.decode.registry import decode, guess_format
from operators.errors import DecodeError
from operators.reasons import SENTENCES
from operators.road.network import RoadPart

_FORMATS = ("map.json", "mapem.json", "map.csae.json")
_MARKS = (b'"intersectionGeometry"', b'"mapem"', b'"mapFrame"')
_MESSAGE = msgspec.json.Decoder(msgspec.Raw)


def is_map(head: bytes) -> bool:
    """Whether a file that begins so holds map messages."""
    return any(mark in head for mark in _MARKS)


def read_maps(file: BinaryIO) -> Imported:
    """Read the messages of a file.

    Parameters
    ----------
    file
        JSON.

    Raises
    ------
    ImportFileError
        If a message is none that the station reads, or has no usable lane.
    """
    parts: dict[str, RoadPart] = {}
    for number, message in enumerate(_messages(file.read()), 1):
        parts.update((part.part, part) for part in _parts(message, number))
    account = Account()
    segments = tuple(segment for name in sorted(parts) for segment in parts[name].segments)
    refused = sum(part.refused for part in parts.values())
    account.read["intersections"] = len(parts)
    account.read["segments"] = len(segments)
    account.read["lanes"] = sum(len(segment.lanes) for segment in segments) + refused
    account.skip("lanes", "points unknown, or turns back", refused)
    return Imported(segments, account)


def _messages(text: bytes) -> list[bytes]:
    try:
        return [bytes(_MESSAGE.decode(text))]
    except (msgspec.DecodeError, UnicodeDecodeError):
        return [line for line in text.splitlines() if line.strip()]


def _parts(message: bytes, number: int) -> tuple[RoadPart, ...]:
    try:
        name = guess_format(message)
        if name not in _FORMATS:
            msg = f"message {number} is no map: it looks like {name}"
            raise ImportFileError(msg)
        return decode(name, message, 0).roads
    except DecodeError as error:
        msg = f"message {number}: {SENTENCES[error.reason]} ({error.detail})"
        raise ImportFileError(msg) from error
