"""`station simulate`: simulated traffic and its sensors, as files."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from infra.cli.errors import CommandError, console, errors
from infra.simulator.files import FILES, write_files
from infra.simulator.scenario import Scenario
from infra.simulator.scenario import simulate as simulate_scenario
from infra.simulator.traffic import STEP_US
from jobs.runtime.clock import now_us


def simulate(
    out: Annotated[Path, typer.Option("--out", help="Folder to write to.")],
    seconds: Annotated[float, typer.Option("--seconds", min=1.0, help="Length.")] = 120.0,
    seed: Annotated[int, typer.Option("--seed", help="Seed of all chance.")] = 1,
    start_us: Annotated[
        int | None,
        typer.Option("--start-us", min=0, help="Start, UTC microseconds; now if not given."),
    ] = None,
) -> None:
    """Simulate a district with roadside units, probes and feeds; equal arguments, equal files.

    Writes messages.jsonl (for `station replay`) with its sources.jsonl, recordings (for
    `station fuse`) in both frames, and the truth.
    """
    begin_us = now_us() if start_us is None else start_us
    scenario = Scenario(begin_us - begin_us % STEP_US, duration_s=seconds, seed=seed)
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as progress:
        task = progress.add_task("simulating", total=1 + len(FILES))
        simulated = simulate_scenario(scenario)
        progress.update(task, advance=1, description="writing")
        try:
            for path in write_files(simulated, out):
                progress.update(task, advance=1, description=path.name)
        except OSError as error:
            msg = f"{out}: cannot be written ({error.strerror})"
            raise CommandError(msg) from error
    console.print(f"{len(simulated.sent):,} messages, {len(simulated.frames):,} frames in {out}")
