"""S2: a unit or a fleet of probes with a wrong datum, swapped axes or a wrong unit of length.

    python -m benchmarks.registration_mixups [--seed 1] [--seconds 60] [--out FILE]

One source of the scene of `benchmarks.registration` mixes something up until 40 s, and is right
afterwards. Shown: the name that it gets and after how long, when it is taken again, sources wrongly
named, and false tracks from 15 s on, also where the offsets of the datums are not known.
"""

import argparse
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from benchmarks.registration_scene import (
    START_US,
    ProbeModel,
    UnitModel,
    drawn_units,
    in_order,
    probe_frames,
    traffic,
    unit_frames,
)
from benchmarks.registration_score import Run, follow, score
from infra.simulator.truth import Truth
from operators import tracker
from operators._typing import FloatArray
from operators.frame import Frame
from operators.parameters import Parameters
from operators.register.gross import FOOT_M, Mixup

# What the datums add to a place near the middle of Beijing, metres east and north (rounded).
OFFSETS_M = np.array([[530.0, 155.0], [1130.0, 830.0]])
MENDED_S = 40.0
Warp = Callable[[FloatArray], FloatArray]


def warps(site: FloatArray) -> dict[Mixup, Warp]:
    """What each mix-up makes of places."""
    return {
        Mixup.GCJ02_AS_WGS84: lambda p: p + OFFSETS_M[0],
        Mixup.BD09_AS_WGS84: lambda p: p + OFFSETS_M[1],
        Mixup.AXES_SWAPPED: lambda p: site + (p - site)[:, ::-1],
        Mixup.FEET_AS_METRES: lambda p: site + (p - site) / FOOT_M,
    }


def mixed_up(frames: Iterable[Frame], warp: Warp) -> Iterator[Frame]:
    """Frames with wrong places up to `MENDED_S`."""
    for frame in frames:
        if frame.event_time_us < START_US + MENDED_S * 1e6:
            made = frame.observations
            made["x_m"], made["y_m"] = warp(np.column_stack((made["x_m"], made["y_m"]))).T
        yield frame


def scene(truth: Truth, units: list[UnitModel], seed: int, wrong: str, warp: Warp) -> list[Frame]:
    """All frames; those of the source `wrong` are mixed up."""
    parts = [(unit.source_id, unit_frames(unit, truth, seed)) for unit in units]
    parts.append(("probes", probe_frames(ProbeModel(rate_hz=5.0), truth, seed)))
    return in_order(
        [
            frame
            for name, frames in parts
            for frame in (mixed_up(frames, warp) if name == wrong else frames)
        ]
    )


def names_over_time(run: Run) -> dict[str, list[tuple[float, str]]]:
    """When each source's mix-up changed, seconds after the start."""
    changes: dict[str, list[tuple[float, str]]] = {}
    for at_us, mixups in zip(run.at_us, run.mixups, strict=True):
        for source, mixup in mixups.items():
            known = changes.setdefault(source, [])
            name = Mixup(mixup).name
            if name != (known[-1][1] if known else Mixup.NONE.name):
                known.append(((at_us - START_US) / 1e6, name))
    return {source: known for source, known in changes.items() if known}


def measure(seed: int, seconds: float, wrong: str, mixup: Mixup) -> dict[str, object]:
    truth, units = traffic(seed, 150.0), drawn_units(seed)
    site = np.array([units[1].x_m, units[1].y_m])
    until_us = START_US + seconds * 1e6
    frames = [
        frame
        for frame in scene(truth, units, seed, wrong, warps(site)[mixup])
        if frame.event_time_us < until_us
    ]
    run = follow(frames, Parameters(), OFFSETS_M)
    changes = names_over_time(run)
    own = changes.pop(wrong, [])
    named = [at_s for at_s, name in own if name == mixup.name]
    freed = [at_s - MENDED_S for at_s, name in own if name == "NONE" and at_s > MENDED_S]
    scores = score(run, truth, units, 15.0, MENDED_S)
    unnamed = score(follow(frames, Parameters()), truth, units, 15.0, MENDED_S)
    return {
        "source": wrong,
        "mixup": mixup.name,
        "named_s": named[0] if named else None,
        "freed_s": freed[0] if freed else None,
        "other_names": sorted({name for _, name in own} - {mixup.name, "NONE"}),
        "wrongly_named": changes,
        "rmse_m": scores["rmse_m"],
        "false_pct": scores["false_pct"],
        "false_pct_no_offsets": unnamed["false_pct"],
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    tracker.warm_up()
    cases = [("unit-1", mixup) for mixup in warps(np.zeros(2))]
    cases += [("probes", Mixup.GCJ02_AS_WGS84), ("probes", Mixup.BD09_AS_WGS84)]
    rows = []
    for wrong, mixup in cases:
        rows.append(measure(arguments.seed, arguments.seconds, wrong, mixup))
        print(json.dumps(rows[-1]), flush=True)
    if arguments.out:
        arguments.out.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
