"""Made recordings for `benchmarks.recordings`, kept by preset, length and seed."""

import hashlib
import tempfile
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

import infra.simulator
from benchmarks.metrics.boxes import Boxes
from infra.simulator.presets import PRESETS
from operators._typing import IntArray


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
        for path, lines in zip(
            files, (recorded.recording_lines(), recorded.truth_lines()), strict=True
        ):
            part = path.with_suffix(".part")
            part.write_bytes(b"".join(lines))
            part.rename(path)
    return files


def read_truth(path: Path) -> tuple[IntArray, Boxes]:
    """Instants (UTC microseconds, ascending) and the truth's boxes."""
    rows = [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]
    times, frame = np.unique([row["event_time_us"] for row in rows], return_inverse=True)
    column = {name: np.array([row[name] for row in rows], float) for name in rows[0]
              if name != "class"}  # fmt: skip
    n = len(rows)
    boxes = Boxes(
        frame,
        column["object_id"].astype(np.int64),
        np.column_stack([column[name] for name in ("x", "y", "z")]),
        np.column_stack([column[name] for name in ("length_m", "width_m", "height_m")]),
        column["heading_rad"],
        np.ones(n),
        np.column_stack((column["vx"], column["vy"])),
        np.full((n, 2, 2), np.nan),
    )
    return times.astype(np.int64), boxes.numbered()
