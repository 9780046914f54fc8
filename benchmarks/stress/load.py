"""S14: many units and objects in one cell."""

from collections.abc import Iterator

from benchmarks.cost import cost_at, dealt, ticks
from benchmarks.stress.base import Case
from benchmarks.stress.score import at_most

UNITS, PER_FRAME = 50, 20


def s14_load() -> Iterator[Case]:
    """Fifty units with ten times the objects at equal density; a hot tile of 800 objects."""
    few, many = (cost_at(n, lambda truth: dealt(truth, PER_FRAME, UNITS)) for n in (500, 5000))
    demands = (at_most("cost / that of 500", many / few, 1.1),)
    said = f"{few:.2f} and {many:.2f} us an observation"
    yield Case("50 units, 5,000 objects", None, None, demands, said)
    spent = ticks(800, 120)
    demands = (at_most("p99 of a tick ms", spent.p99_ms, 2.0),)
    yield Case("hot tile, 800 objects", None, None, demands, f"median {spent.median_ms:.2f} ms")
