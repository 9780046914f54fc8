"""`station contribution`: what a recording loses without each of its sources."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from infra.cli.errors import CommandError, console
from infra.cli.fuse import lines
from infra.grading.leave_one_out import losses


def contribution(
    recording: Annotated[Path, typer.Argument(metavar="IN", help="Recording (JSON lines).")],
    leave_one_out: Annotated[
        bool, typer.Option("--leave-one-out", help="Fuse again without each source.")
    ] = False,
) -> None:
    """Say what each source of a recording adds; the tables have it live (`source_contribution`)."""
    if not leave_one_out:
        msg = "say --leave-one-out; shares of live sources: table source_contribution"
        raise CommandError(msg, 2)
    try:
        with recording.open("rb") as source:
            everything = list(lines(source))
    except OSError as error:
        msg = f"{recording}: cannot be read ({error.strerror})"
        raise CommandError(msg) from error
    table = Table("without", "of track-seconds", "lost", "gained", "places move by",
                  "sigma", "sigma without", "new ids")  # fmt: skip
    for loss in losses(everything):
        table.add_row(
            loss.source_id,
            f"{loss.track_s:,.1f}",
            f"{loss.lost_s:,.1f}",
            f"{loss.gained_s:,.1f}",
            f"{loss.apart_m:.2f} m",
            f"{loss.sigma_m:.2f} m",
            f"{loss.sigma_without_m:.2f} m",
            str(loss.switches),
        )
    console.print(table)
