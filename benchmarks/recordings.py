"""How well recordings are fused, beside a plain tracker: made ones of moving vehicles and radars.

    python -m benchmarks.recordings [--preset two_vehicles] [--seeds 1,2,3] [--seconds 60]
                                    [--out FILE] [--dump DIR]

Makes the recordings (once; kept in the folder for temporary files), fuses them as `station fuse`
does, and scores what is published at the truth's instants. Matches are by overlap of 3-D boxes
from 0.25, by distance of centres up to 2 m, and for radars, whose points have no size, by distance
to the true box up to 2 m (on body). Each figure is the mean over the seeds.
"""

import argparse
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.baseline import Baseline
from benchmarks.machine import description
from benchmarks.metrics.boxes import Boxes
from benchmarks.metrics.budget import Budget
from benchmarks.scenes import Made, made, read_boxes
from benchmarks.scoring import figures, together, within
from infra.cli.fuse import fused_lines
from infra.simulator.lidar import Lidar
from infra.simulator.presets import PRESETS
from operators import tracker
from operators._typing import IntArray
from operators.offline import Instant, OfflineFusion
from operators.reasons import Use

# The truth of vehicles with lidar ends here; a second vehicle sees beyond it.
REACH_M = Lidar().range_m
TICK_US = 100_000  # where a recording's frames do not lie at the instants of the truth
_GROUPS = {"iou": "overlap", "body": "on body", "2m": "distance"}
_SHARES = (
    *("amota", "amota_all_false", "samota", "amotp", "mota", "best_mota"),
    *("hota", "deta", "assa", "idf1", "recall", "precision", "never_tracked"),
)
_OF_GROUP = {
    **dict.fromkeys(_SHARES, ".1%"),
    **dict.fromkeys(("switches", "fragmentations"), ".1f"),
    **{name: ".3f" if name == "score_loss" else ".1%" for name in Budget._fields},
}
_METRES = ("rmse_m", "p95_m", "along_m", "across_m", "along_bias_m", "velocity_mps", "heading_deg")
_REST = {
    **dict.fromkeys((f"2m.{name}" for name in (*_METRES, "anees", "median_nees")), ".2f"),
    **dict.fromkeys(("gospa_m", "tracks_per_object"), ".2f"),
    "observations_per_s": ",.0f",
}
SHOWN = {f"{group}.{key}": form for group in _GROUPS for key, form in _OF_GROUP.items()} | _REST


class Run(NamedTuple):
    """What a tracker published of a recording, and how fast."""

    tracks: Boxes
    observations_per_s: float


def fused(files: Made, times_us: IntArray, tick_us: int | None, dump: Path | None) -> Run:
    """Run the station's own tracker; the reading of lines counts, the writing does not."""
    fusion = OfflineFusion(tick_us)
    lines = files.recording.read_bytes().splitlines(keepends=True)
    before_s = time.process_time()
    shown = [one for one in fusion.run(lines) if isinstance(one, Instant)]
    spent_s = time.process_time() - before_s
    published = b"".join(map(fused_lines, shown))
    if dump is not None:
        _dump(dump, files, published)
    _, tracks = read_boxes(published.splitlines(), times_us)
    return Run(tracks, sum(fusion.summary.uses[use] for use in Use) / spent_s)


def _dump(folder: Path, files: Made, published: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in files:
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / files.recording.name.replace("recording", "fused")).write_bytes(published)


def plain(files: Made, times_us: IntArray, tick_us: int | None) -> Run:
    """Run the plain tracker; the reading of lines counts."""
    lines = files.recording.read_bytes().splitlines()
    before_s = time.process_time()
    shown = list(Baseline(tick_us).run(lines))
    spent_s = time.process_time() - before_s
    return Run(together(shown, times_us), sum(line.count(b'"x":') for line in lines) / spent_s)


def measured(preset: str, seed: int, seconds: float, dump: Path | None) -> dict[str, Any]:
    """Figures of both trackers on one recording."""
    files = made(preset, seconds, seed)
    times_us, truth = read_boxes(files.truth.read_bytes().splitlines())
    tick_us = None if PRESETS[preset].frames_are_instants else TICK_US
    runs = {
        "baseline": plain(files, times_us, tick_us),
        "station": fused(files, times_us, tick_us, dump),
    }
    solid = PRESETS[preset].solid
    reach_m = REACH_M if solid else np.inf
    return {
        name: {
            **figures(truth, within(run.tracks, reach_m), len(times_us), solid=solid),
            "observations_per_s": run.observations_per_s,
        }
        for name, run in runs.items()
    }


def mean(results: list[dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    """Mean over the seeds of each figure of each tracker."""
    return {
        name: {key: float(np.mean([one[name][key] for one in results])) for key in figures_of}
        for name, figures_of in results[0].items()
    }


def table(results: dict[str, dict[str, dict[str, float]]]) -> Table:
    """One column for each preset and tracker."""
    shown = Table(title="mean over the seeds")
    shown.add_column("figure")
    columns = [(preset, name) for preset, of in results.items() for name in of]
    for preset, name in columns:
        shown.add_column(f"{preset}\n{name}", justify="right")
    for key, form in SHOWN.items():
        group, _, name = key.rpartition(".")
        values = [results[preset][tracked].get(key, np.nan) for preset, tracked in columns]
        cells = ["" if np.isnan(value) else format(value, form) for value in values]
        if any(cells):
            shown.add_row(f"{name} {_GROUPS.get(group, '')}".strip(), *cells)
    return shown


def _seeds(text: str) -> Iterator[int]:
    return map(int, text.split(","))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recordings")
    parser.add_argument("--preset", choices=sorted(PRESETS), action="append")
    parser.add_argument("--seeds", type=_seeds, default=(1, 2, 3))
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--out", type=Path, help="JSON with every figure of every seed")
    parser.add_argument("--dump", type=Path, help="folder for recordings, truth and fused tracks")
    options = parser.parse_args()
    seeds = list(options.seeds)
    each: dict[str, Any] = {}
    with Progress(console=Console(stderr=True)) as progress:
        presets = options.preset or list(PRESETS)
        task = progress.add_task("compiling", total=len(presets) * len(seeds))
        tracker.warm_up()
        for preset, seed in product(presets, seeds):
            progress.update(task, description=f"{preset} {seed}")
            found = measured(preset, seed, options.seconds, options.dump)
            each.setdefault(preset, {})[seed] = found
            progress.advance(task)
    means = {preset: mean(list(of.values())) for preset, of in each.items()}
    Console(width=140).print(table(means))
    if options.out:
        made_of = {"machine": description(), "seconds": options.seconds}
        whole = {**made_of, "mean": means, "by_seed": each}
        options.out.write_bytes(msgspec.json.format(msgspec.json.encode(whole)))


if __name__ == "__main__":
    main()
