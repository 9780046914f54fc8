"""A simulated scenario as files.

=====================  ====================================================================
messages.jsonl         one raw record a line: topic, source, format, times, payload as text
sources.jsonl          entries of `station.sources`
recording.local.jsonl  the same sensor frames as a Recording in local metres
recording.wgs84.jsonl  and in latitude and longitude
truth.npz              what really was; no part of what is sent
=====================  ====================================================================
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from infra.simulator.recording import recording_lines
from infra.simulator.scenario import Sent, Simulated

FILES = (
    "messages.jsonl",
    "sources.jsonl",
    "recording.local.jsonl",
    "recording.wgs84.jsonl",
    "truth.npz",
)


def write_files(simulated: Simulated, folder: Path) -> Iterator[Path]:
    """Write `FILES` into `folder` (made if need be), yielding each path when it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    placement, frames = simulated.truth.placement, simulated.frames
    contents = (
        map(message_line, simulated.sent),
        map(msgspec.json.encode, simulated.sources),
        recording_lines(frames, "local", placement),
        recording_lines(frames, "wgs84", placement),
    )
    for name, lines in zip(FILES, contents, strict=False):
        yield _write(folder / name, lines)
    simulated.truth.save(folder / FILES[-1])
    yield folder / FILES[-1]


def message_line(sent: Sent) -> bytes:
    """One raw record as a JSON line (without its end)."""
    return msgspec.json.encode(
        {
            "topic": sent.topic,
            "source": sent.source_id,
            "format": sent.format,
            "receive_time_us": sent.receive_time_us,
            "event_time_us": sent.event_time_us,
            "payload": sent.payload.decode(),
        }
    )


def _write(path: Path, lines: Iterable[bytes]) -> Path:
    with path.open("wb") as file:
        file.writelines(line + b"\n" for line in lines)
    return path
