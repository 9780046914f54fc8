"""Simulate a scenario and write it to files: `python -m infra.simulator --out DIR`."""

import argparse
from pathlib import Path

from rich.progress import Progress

from infra.simulator.files import FILES, write_files
from infra.simulator.scenario import Scenario, simulate
from infra.simulator.traffic import STEP_US
from jobs.runtime.clock import now_us


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m infra.simulator", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start-us", type=int, help="UTC microseconds of the start (default: now)")
    options = parser.parse_args()
    start_us = now_us() if options.start_us is None else options.start_us
    start_us -= start_us % STEP_US
    scenario = Scenario(start_us=start_us, duration_s=options.seconds, seed=options.seed)
    with Progress() as progress:
        task = progress.add_task("simulating", total=1 + len(FILES))
        simulated = simulate(scenario)
        progress.update(task, advance=1, description="writing")
        for path in write_files(simulated, options.out):
            progress.update(task, advance=1, description=path.name)


if __name__ == "__main__":
    main()
