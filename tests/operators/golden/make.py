"""Keeps the states of all steps in the middle of a log, as a release leaves them in a savepoint.

    python -m tests.operators.golden.make

Run it when a layout has got a new version, and keep the file of the version before; the name
has the tracker's, which changes most.
"""

import zlib
from pathlib import Path

import msgspec

from benchmarks.schedules import PARAMETERS
from benchmarks.schedules_context import FOREIGN
from benchmarks.schedules_recording import recording
from operators.fuse.state import VERSION
from operators.pipeline import LogRecord, Pipeline
from operators.raw import RawRecord

FOLDER = Path(__file__).parent
States = dict[str, tuple[bytes | None, dict[str, bytes]]]


class Golden(msgspec.Struct):
    """A run cut in the middle.

    Parameters
    ----------
    states, due, shared
        Of each stage, in order: value and parts by key, events by instant and key, what is shared.
    watermark_us
        How far it got.
    shown
        Track ids of the last picture of each cell, packed.
    rest
        The records that are not taken yet.
    """

    states: list[States]
    due: list[list[tuple[int, str, list[bytes]]]]
    shared: list[dict[str, bytes]]
    watermark_us: int
    shown: dict[str, bytes]
    rest: list[LogRecord]


def stages(pipeline):
    return [pipeline.front, *pipeline._stages.values()]


def picture_ids(outputs):
    """Track ids of the last picture of each cell."""
    return {
        one.key: msgspec.msgpack.decode(one.value)["track_id"]
        for one in outputs
        if one.route == "fused.objects"
    }


def cut() -> Golden:
    """A run over half of a log."""
    log, pipeline = recording(0), Pipeline(PARAMETERS, foreign=FOREIGN)
    middle = len(log) // 2
    for one in log[:middle]:
        pipeline.take(one)
    watermark_us = log[middle].record.receive_time_us - 1000
    outputs = pipeline.advance(watermark_us)
    held = stages(pipeline)
    return Golden(
        [{k: (s.value, dict(s.entries)) for k, s in stage._states.items()} for stage in held],
        [[(at, key, due) for (at, key), due in stage._due.items()] for stage in held],
        [dict(stage._shared) for stage in held],
        watermark_us,
        picture_ids(outputs),
        log[middle:],
    )


def load(file: Path) -> Golden:
    """The cut run of a file."""
    golden = msgspec.msgpack.decode(zlib.decompress(file.read_bytes()), type=Golden)
    golden.rest = [LogRecord(t, p, RawRecord(*record)) for t, p, record in golden.rest]
    return golden


def main() -> None:
    packed = zlib.compress(msgspec.msgpack.encode(cut()), 9)
    (FOLDER / f"tracker-{VERSION}.bin").write_bytes(packed)
    print(len(packed), "bytes")


if __name__ == "__main__":
    main()
