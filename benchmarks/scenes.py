"""Made recordings, kept by preset, length and seed; and the boxes in files of tracks."""

import hashlib
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

import infra.simulator
from benchmarks.metrics.boxes import Boxes
from infra.simulator.presets import PRESETS
from operators._typing import FloatArray, IntArray


class Made(NamedTuple):
    """Files of a recording and of its truth."""

    recording: Path
    truth: Path


def made(preset: str, seconds: float, seed: int) -> Made:
    """The files, made if they are not there; a change of the simulator makes them anew."""
    sources = sorted(Path(infra.simulator.__path__[0]).glob("*.py"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / "made-recordings" / digest
    name = f"{preset}-{seconds:g}s-{seed}"
    files = Made(folder / f"{name}.recording.jsonl", folder / f"{name}.truth.jsonl")
    if not all(path.exists() for path in files):
        folder.mkdir(parents=True, exist_ok=True)
        recorded = PRESETS[preset].make(seconds, seed)
        contents = (recorded.recording_lines(), recorded.truth_lines())
        for path, lines in zip(files, contents, strict=True):
            part = path.with_suffix(".part")  # never half a file under the name that is looked for
            part.write_bytes(b"".join(lines))
            part.rename(path)
    return files


class _Row(msgspec.Struct):
    """A line of fused tracks, or of the truth."""

    event_time_us: int
    x: float
    y: float
    track_id: int = 0
    object_id: int = 0
    z: float | None = None
    length_m: float | None = None
    width_m: float | None = None
    height_m: float | None = None
    heading_rad: float | None = None
    score: float | None = None
    vx: float | None = None
    vy: float | None = None
    position_cov: list[float | None] = msgspec.field(default_factory=lambda: [None] * 4)


def read_boxes(lines: Iterable[bytes], instants: IntArray | None = None) -> tuple[IntArray, Boxes]:
    """Read fused tracks or truth: the instants (UTC microseconds, ascending) and their boxes.

    With `instants` only what lies at those is kept.
    """
    decoder = msgspec.json.Decoder(_Row)
    rows = [decoder.decode(line) for line in lines]
    times = np.array([row.event_time_us for row in rows], np.int64)
    chosen = np.unique(times) if instants is None else instants
    kept = np.flatnonzero(np.isin(times, chosen))
    kept = kept[np.argsort(times[kept], kind="stable")]
    found = [rows[k] for k in kept]

    def columns(*names: str) -> FloatArray:
        values = [[getattr(row, name) for name in names] for row in found]
        return np.array(values, float).reshape(len(found), len(names))

    boxes = Boxes(
        np.searchsorted(chosen, times[kept]),
        np.array([row.track_id or row.object_id for row in found], np.int64),
        columns("x", "y", "z"),
        columns("length_m", "width_m", "height_m"),
        columns("heading_rad")[:, 0],
        columns("score")[:, 0],
        columns("vx", "vy"),
        np.array([row.position_cov for row in found], float).reshape(len(found), 2, 2),
    )
    return chosen, boxes.numbered()
