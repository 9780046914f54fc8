"""Segments as pieces that the station replaces one by one: a piece is an H3 cell of resolution 8.

A segment is in the piece of the middle of its first lane. The name of a piece is that of the import
with the cell's index, so the same file gives the same pieces, and an import knows its own.
"""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import msgspec

from infra.replay.messages import RecordedMessage
from infra.roads.imported import Account, Imported, ImportFileError
from operators.decode.decoded import Datum
from operators.decode.registry import FORMATS, decode
from operators.errors import DecodeError
from operators.reasons import SENTENCES
from operators.road.network import RoadPart, Segment, degrees_of, length_m
from operators.road.placing import MOST_M
from operators.sources import SourceEntry
from operators.transform.cells import owner

RESOLUTION = 8
FORMAT = FORMATS["network.json"]
_LONGEST_M = 1.5 * MOST_M  # with its neighbours in a piece of 2 `MOST_M`


def pieces_of(imported: Imported, name: str) -> list[RoadPart]:
    """Pieces of an import, sorted by name; a segment that is too long for any is accounted for."""
    grouped: dict[str, list[Segment]] = defaultdict(list)
    for segment in imported.segments:
        if max(map(length_m, segment.lanes)) > _LONGEST_M:
            _skip(segment, imported.account)
            continue
        grouped[_home(segment)].append(segment)
    return [
        RoadPart(f"{name}/{key}", tuple(sorted(found, key=lambda one: one.name)))
        for key, found in sorted(grouped.items())
    ]


def _skip(segment: Segment, account: Account) -> None:
    reason = f"longer than {_LONGEST_M / 1000:.0f} km: split it"
    account.skip("segments", reason)
    account.skip("lanes", reason, len(segment.lanes))


def _home(segment: Segment) -> str:
    points = degrees_of(segment.lanes[0])
    lon, lat = points[len(points) // 2].tolist()
    return owner(lat, lon, RESOLUTION)


def with_withdrawn(pieces: list[RoadPart], name: str, known: Iterable[str]) -> list[RoadPart]:
    """The pieces, and empty ones under names of the import that it had and has no more.

    Parameters
    ----------
    pieces
        Of the import.
    name
        Its name.
    known
        Names of all pieces that were ever told, also those of others.
    """
    now = {piece.part for piece in pieces}
    gone = {one for one in known if one.startswith(f"{name}/")} - now
    return [*pieces, *map(RoadPart, sorted(gone))]


def messages_of(pieces: list[RoadPart], source_id: str, at_us: int) -> list[RecordedMessage]:
    """Pieces as raw records of a source, received at `at_us` (UTC microseconds).

    Raises
    ------
    ImportFileError
        If the station would refuse a piece.
    """
    return [
        RecordedMessage(at_us, FORMAT.topic, source_id, FORMAT.name, _payload(piece))
        for piece in pieces
    ]


def _payload(piece: RoadPart) -> bytes:
    payload = msgspec.json.encode(piece)
    try:
        decode(FORMAT.name, payload, 0)
    except DecodeError as error:
        msg = f"piece {piece.part}: {SENTENCES[error.reason]} ({error.detail})"
        raise ImportFileError(msg) from error
    return payload


def source_of(name: str) -> str:
    """Source that sends the pieces of an import."""
    return f"network/{name}"


def entry_of(name: str, datum: Datum) -> SourceEntry:
    """Source entry of an import: its degrees are in `datum`."""
    return SourceEntry(source_of(name), "feed", FORMAT.name, datum, owner="network import")


def write_pieces(messages: list[RecordedMessage], entry: SourceEntry, folder: Path) -> Path:
    """Write ``messages.jsonl``, whose path it gives, and ``sources.jsonl`` for `station replay`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "messages.jsonl"
    with path.open("wb") as file:
        file.writelines(msgspec.json.encode(_line(message)) + b"\n" for message in messages)
    (folder / "sources.jsonl").write_bytes(msgspec.json.encode(entry) + b"\n")
    return path


def _line(message: RecordedMessage) -> dict[str, object]:
    return {
        "topic": message.topic,
        "source": message.source_id,
        "format": message.format,
        "receive_time_us": message.receive_time_us,
        "payload": message.payload.decode(),
    }
