"""Shows what a station that comes or goes is waiting for."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.live import Live
from rich.spinner import Spinner

from infra.cli.errors import console
from infra.local.state import State
from infra.local.station import Watcher


def waited_for(state: State) -> str:
    """Say what a state is waiting for."""
    if state.phase == "stopping":
        left = [name for name, part in state.parts.items() if part.process]
        return f"stopping, {len(left)} parts are left"
    busy = [name for name, part in state.parts.items() if part.health in ("starting", "restarting")]
    ready = sum(part.health == "ready" for part in state.parts.values())
    return (
        f"{ready} of {len(state.parts)} parts ready, waiting for {', '.join(busy) or 'their turn'}"
    )


@contextmanager
def shown(title: str) -> Iterator[Watcher]:
    """Show a state and the seconds since the start; hands out the function to call with states."""
    began = time.monotonic()
    spinner = Spinner("dots", text=title)
    with Live(spinner, console=console, refresh_per_second=8, transient=True):

        def watch(state: State) -> None:
            spinner.update(text=f"{title} {time.monotonic() - began:3.0f} s: {waited_for(state)}")

        yield watch
