"""What adapters cost beside `json.loads` of the same bytes: python -m benchmarks.adapters.

Both read the same message in turns, so that what else the machine does meets both; the ratio is the
median over the turns. CPU time of one core, the guard included.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

import msgspec
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.adapters_messages import Message, messages
from benchmarks.machine import description
from operators.decode.registry import FORMATS, decode

MOST = 3.0  # times json.loads
NOW_US = 1_653_016_784_000_000
TURN_S = 0.004
SIZES = (1, 16, 100)


class Cost(NamedTuple):
    """What one message costs; rates are of one core."""

    what: str
    format: str
    evidence: str
    bytes: int
    objects: int
    frames_per_s: float
    objects_per_s: float
    times_json: float

    @property
    def reached(self) -> bool:
        """Whether it stays within the bound."""
        return self.times_json <= MOST


def cost(message: Message, turns: int) -> Cost:
    """Measure one message."""
    name, payload = message.format, message.payload
    objects = sum(len(f.observations) for f in decode(name, payload, NOW_US).frames)

    def read() -> object:
        return decode(name, payload, NOW_US)

    def parse() -> object:
        return json.loads(payload)

    repeats = max(1, round(TURN_S / _seconds(parse, 20)))
    pairs = [(_seconds(read, repeats), _seconds(parse, repeats)) for _ in range(turns)]
    each_s = min(mine for mine, _ in pairs)
    ratio = median(mine / plain for mine, plain in pairs)
    evidence = FORMATS[name].evidence
    rates = (1 / each_s, objects / each_s)
    return Cost(message.what, name, evidence, len(payload), objects, *rates, ratio)


def _seconds(work: Callable[[], object], repeats: int) -> float:
    before = time.process_time()
    for _ in range(repeats):
        work()
    return max(time.process_time() - before, 1e-9) / repeats


def show(costs: list[Cost]) -> None:
    """Print the table."""
    table = Table(title=f"adapters on one core; at most {MOST:g} times json.loads")
    for name in ("message", "bytes", "objects", "frames/s", "objects/s", "x json.loads", ""):
        table.add_column(name, justify="left" if name == "message" else "right")
    for one in costs:
        numbers = (f"{one.bytes:,}", str(one.objects), f"{one.frames_per_s:,.0f}")
        more = (f"{one.objects_per_s:,.0f}", f"{one.times_json:.2f}")
        table.add_row(one.what, *numbers, *more, "" if one.reached else "[red]not reached")
    Console(width=110).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.adapters")
    parser.add_argument("--turns", type=int, default=25)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    found = [
        cost(one, options.turns)
        for one in track(messages(SIZES), "reading", console=Console(stderr=True))
    ]
    show(found)
    if options.out:
        figures = [one._asdict() | {"reached": one.reached} for one in found]
        made = {"machine": description(), "most_times_json": MOST, "adapters": figures}
        options.out.write_bytes(msgspec.json.format(msgspec.json.encode(made)))


if __name__ == "__main__":
    main()
