"""Scenarios S1 to S10 and S12 to S15: each fault with what it must show, reached or not.

    python -m benchmarks.stress [--only S5,S8] [--out FILE]

Where a figure is compared, the same scene without the fault is the oracle; S0 is that oracle
itself. What the registration of clocks and poses says of a source stands in the last column; a
figure that nobody gives is "-".
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.machine import description
from benchmarks.stress.base import Case, Scenario
from benchmarks.stress.inputs import (
    s6_duplicates,
    s7_ids,
    s8_losses,
    s10_correlated,
    s12_covariances,
)
from benchmarks.stress.late import s9_late
from benchmarks.stress.load import s14_load
from benchmarks.stress.places import s0_nothing, s1_clocks, s2_datums, s3_poses, s13_probes
from benchmarks.stress.standing import s4_shadow, s5_queue, s15_manoeuvres
from operators import tracker

SCENARIOS: dict[str, Scenario] = {
    "S0": s0_nothing,
    "S1": s1_clocks,
    "S2": s2_datums,
    "S3": s3_poses,
    "S4": s4_shadow,
    "S5": s5_queue,
    "S6": s6_duplicates,
    "S7": s7_ids,
    "S8": s8_losses,
    "S9": s9_late,
    "S10": s10_correlated,
    "S12": s12_covariances,
    "S13": s13_probes,
    "S14": s14_load,
    "S15": s15_manoeuvres,
}
FIGURES = ("gospa_m", "hota", "switches", "rmse_m", "anees", "missed", "false")
_FORMS = {"switches": "d", "missed": ".1%", "false": ".1%"}


def figure(case: Case, name: str) -> str:
    """A figure with the fault and, behind a bar, without."""
    values = [getattr(one, name) for one in (case.on, case.off) if one is not None]
    return " | ".join(format(value, _FORMS.get(name, ".2f")) for value in values)


def table(results: dict[str, list[Case]]) -> Table:
    """One row for each demand; the figures of a run stand at its first."""
    shown = Table(title="with the fault | without")
    for name in ("", "fault", *(name.removesuffix("_m") for name in FIGURES)):
        shown.add_column(name)
    for name in ("demanded", "measured", "asked", "", "said of the source"):
        shown.add_column(name)
    for name, cases in results.items():
        for case in cases:
            head = [name, case.fault, *(figure(case, one) for one in FIGURES)]
            for k, demand in enumerate(case.demands):
                known = not np.isnan(demand.measured)
                measured = f"{demand.measured:.3g}" if known else "-"
                verdict = "reached" if demand.reached else "[red]not reached"
                row = [demand.what, measured, demand.asked, verdict, "" if k else case.diagnosis]
                shown.add_row(*(head if not k else [""] * len(head)), *row)
        shown.add_section()
    return shown


def as_json(case: Case) -> dict[str, Any]:
    """A case for the file; what is not known is null."""
    demands = [
        {"what": d.what, "measured": d.measured, "asked": d.asked, "reached": d.reached}
        for d in case.demands
    ]
    scores = {
        name: one._asdict() for name, one in (("on", case.on), ("off", case.off)) if one is not None
    }
    return {"fault": case.fault, **scores, "demands": demands, "diagnosis": case.diagnosis}


def run_all(names: list[str], passed: Callable[[str, str], None]) -> dict[str, list[Case]]:
    """Run scenarios; `passed` hears of each fault that was measured."""
    results: dict[str, list[Case]] = {}
    for name in names:
        results[name] = []
        for case in SCENARIOS[name]():
            results[name].append(case)
            passed(name, case.fault)
    return results


def _chosen(text: str) -> list[str]:
    names = text.split(",")
    unknown = sorted(set(names) - set(SCENARIOS))
    if unknown:
        msg = f"unknown: {', '.join(unknown)}; there are {', '.join(SCENARIOS)}"
        raise argparse.ArgumentTypeError(msg)
    return names


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stress")
    parser.add_argument("--only", type=_chosen, default=list(SCENARIOS))
    parser.add_argument("--out", type=Path, help="JSON with every figure")
    options = parser.parse_args()
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("compiling", total=None)
        tracker.warm_up()
        before_s = time.process_time()
        results = run_all(
            options.only,
            lambda name, fault: progress.update(task, advance=1, description=f"{name} {fault}"),
        )
        spent_s = time.process_time() - before_s
    Console(width=210).print(table(results))
    demands = [demand for cases in results.values() for case in cases for demand in case.demands]
    reached = sum(demand.reached for demand in demands)
    print(f"{reached} of {len(demands)} demands reached, {spent_s:.0f} s of CPU")
    if options.out:
        each = {name: [as_json(case) for case in cases] for name, cases in results.items()}
        whole = {"machine": description(), "cpu_s": spent_s, "scenarios": each}
        options.out.write_bytes(msgspec.json.format(msgspec.json.encode(whole)))


if __name__ == "__main__":
    main()
