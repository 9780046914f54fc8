"""`station down`: stop the local station."""

from infra.cli.errors import console
from infra.cli.options import Config, station_of
from infra.cli.progress import shown


def down(config: Config = None) -> None:
    """Stop the jobs with savepoints, then everything; also cleans up after a crash."""
    station = station_of(config)
    if not station.running:
        left = station.clean()
        console.print(
            f"Ended {left} processes that a station had left behind."
            if left
            else f"No station runs in {station.state_dir}."
        )
        return
    with shown("Stopping") as watch:
        message = station.down(watch)
    if message:
        console.print(f"[yellow]Stopped, but {message}[/yellow]", highlight=False)
    else:
        console.print("[green]The station is stopped.[/green]")
