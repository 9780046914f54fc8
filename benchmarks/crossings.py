"""Road users cross the borders of cells: who keeps its id, and is there one row at any tick?

    python -m benchmarks.crossings [--count 10000] [--seed 1] [--show-all] [--out FILE]

Towns about random places of the Earth: at every spot on the borders of seven H3 cells, and where
three of them meet, a group crosses, turns round, or drives along (`crossings_traffic.py`). Frames
run through the cell, identity and publish steps, and once more through one cell without a border,
which shows what the tracker alone loses. Every fourth town has a tenth of its frames come late.
What is counted: `crossings_score.py`. ``--show-all`` ignores what the identity step withholds.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from benchmarks.crossings_frames import Event, delays, in_cells, in_one_cell
from benchmarks.crossings_score import Fate, judge, shown, tracked
from benchmarks.crossings_traffic import PATHS, SOURCES, Crossing, a_town, sights
from benchmarks.machine import description
from operators import tracker
from operators.cell import CellStep
from operators.envelope import seal, unseal
from operators.identity import Identity
from operators.parameters import Parameters
from operators.pipeline import FOREVER_US, Stage
from operators.publish import Publish
from operators.report import encoder, verdict_decoder
from operators.routes import EVENTS, IDENTITY, PUBLISH
from operators.step import Output
from operators.transform.cells import owner

START_US = 1_790_000_000_000_000
PARAMETERS = Parameters(quiet_us=500_000)
LATE_EVERY, LATE = 4, 0.1


class Outcome(NamedTuple):
    """Crossings of a town, each one's fate in cells and in one cell, and the town's events."""

    crossings: list[Crossing]
    fates: list[Fate]
    alone: list[Fate]
    events: Counter[str]


def run_steps(
    events: Iterable[Event], told: Callable[[bytes], bytes] = lambda verdict: verdict
) -> tuple[list[Output], list[Output]]:
    """What the cells report, and what is published.

    Parameters
    ----------
    told
        Changes what the identity step tells.
    """
    cells, identity = Stage(CellStep(PARAMETERS, tracker)), Stage(Identity(PARAMETERS))
    publish = Stage(Publish(PARAMETERS))
    for key, event in events:
        cells.take(key, event)
    made = list(cells.advance(FOREVER_US))
    stages = {IDENTITY: identity, PUBLISH: publish}
    for output in made:
        stages[output.route].take(output.key, output.value)
    for output in identity.advance(FOREVER_US):
        publish.take(output.key, told(output.value))
    reports = [output for output in made if output.route == PUBLISH]
    return reports, list(publish.advance(FOREVER_US))


def show_all(value: bytes) -> bytes:
    """A verdict that withholds nothing."""
    at_us, kind, content = unseal(value)
    verdict = verdict_decoder.decode(content)
    names = [msgspec.structs.replace(name, shown=True) for name in verdict.names]
    return seal(at_us, kind, encoder.encode(msgspec.structs.replace(verdict, names=names)))


def one_town(
    seed: int, told: Callable[[bytes], bytes] = lambda verdict: verdict, spots: int | None = None
) -> Outcome:
    """A town and what became of its road users; with only the first so many spots if given."""
    rng = np.random.default_rng(seed)
    home = owner(rng.uniform(-60.0, 60.0), rng.uniform(-180.0, 180.0), PARAMETERS.h3_resolution)
    town = a_town(home, rng, spots)
    sent = delays(sights(town, START_US, rng), LATE * (seed % LATE_EVERY == 0), rng)
    halo_m, fates = PARAMETERS.halo_m, []
    for events in (in_cells(town, sent, PARAMETERS), in_one_cell(town, sent, PARAMETERS)):
        reports, published = run_steps(events, told)
        rows, lives = shown(town, published), tracked(town, reports, halo_m)
        fates.append((judge(town, rows, lives, START_US), published))
    (in_many, published), (alone, _) = fates
    kinds = (msgspec.msgpack.decode(o.value)["kind"] for o in published if o.route == EVENTS)
    return Outcome(town.crossings, in_many, alone, Counter(kinds))


class Line(NamedTuple):
    """Figures of some crossings.

    `lost_at_border` are those that kept their id in one cell, and not in several.
    """

    crossings: int
    kept: int
    kept_in_one_cell: int
    lost_at_border: int
    double_ticks: int
    double_ticks_in_cell: int
    missing_ticks: int


def line(chosen: Sequence[tuple[Fate, Fate]]) -> Line:
    """Sums over pairs of fates, in cells and in one cell."""
    return Line(
        len(chosen),
        sum(fate.kept for fate, _ in chosen),
        sum(alone.kept for _, alone in chosen),
        sum(alone.kept and not fate.kept for fate, alone in chosen),
        sum(fate.double for fate, _ in chosen),
        sum(fate.double_in_cell for fate, _ in chosen),
        sum(fate.missing for fate, _ in chosen),
    )


def lines(outcomes: Sequence[Outcome]) -> dict[str, Line]:
    """Figures by source and path, those of all first."""
    every = [
        (crossing, (fate, alone))
        for outcome in outcomes
        for crossing, fate, alone in zip(*outcome[:3], strict=True)
    ]
    made = {"all": line([fates for _, fates in every])}
    for name in SOURCES:
        made[name] = line([fates for crossing, fates in every if crossing.source == name])
    for name in PATHS:
        made[name] = line([fates for crossing, fates in every if crossing.path == name])
    return made


def table(made: dict[str, Line]) -> str:
    """The figures as text."""
    heads = ("crossings", "kept", "in 1 cell", "lost", "double", "in cell", "missing")
    text = [f"{'':10}" + "".join(f"{head:>11}" for head in heads)]
    for name, one in made.items():
        shares = (f"{n / max(one.crossings, 1):.3%}" for n in (one.kept, one.kept_in_one_cell))
        columns = (f"{one.crossings:,}", *shares, *(f"{n:,}" for n in one[3:]))
        text.append(f"{name:10}" + "".join(f"{column:>11}" for column in columns))
    return "\n".join(text)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crossings")
    parser.add_argument("--count", type=int, default=10_000, help="crossings, at least")
    parser.add_argument("--seed", type=int, default=1, help="of the first town")
    parser.add_argument("--show-all", action="store_true", help="withhold nothing")
    parser.add_argument("--out", type=Path, help="figures as JSON; default: standard output")
    chosen = parser.parse_args()
    outcomes: list[Outcome] = []
    began_s, n = time.process_time(), 0
    while n < chosen.count:
        seed = chosen.seed + len(outcomes)
        outcomes.append(one_town(seed, show_all if chosen.show_all else lambda value: value))
        n += len(outcomes[-1].crossings)
        print(f"town {seed}: {lines(outcomes)['all']}", file=sys.stderr, flush=True)
    made = lines(outcomes)
    print(table(made))
    events = sum((outcome.events for outcome in outcomes), Counter())
    figures = {
        "machine": description(),
        "first_seed": chosen.seed,
        "towns": len(outcomes),
        "cpu_s": round(time.process_time() - began_s, 1),
        "crossings": {name: one._asdict() for name, one in made.items()},
        "events": events,
    }
    text = msgspec.json.format(msgspec.json.encode(figures)) + b"\n"
    if chosen.out is None:
        sys.stdout.write(text.decode())
    else:
        chosen.out.write_bytes(text)


if __name__ == "__main__":
    main()
