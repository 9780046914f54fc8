"""How events wait: a list that is read whole at each wake, against numbered parts of a map.

    python -m benchmarks.waiting

The measurement behind decision 1. Both shapes keep their events in memory, in slices of 20 ms of
receive time; a watermark then wakes slice after slice, as when a backlog is caught up. Prints the
cost of an event, put and taken, over the size of the backlog: the best of three.
"""

import time
from collections.abc import Callable, Iterator

BACKLOGS = (100, 1_000, 10_000)
SLICE_MS = 20
PER_SLICE = 4
_BODY = b"x" * 400

Event = tuple[int, bytes]


def events(count: int) -> Iterator[Event]:
    """Events with the instant at which each is due, milliseconds."""
    for n in range(count):
        yield n // PER_SLICE * SLICE_MS, _BODY


def as_list(backlog: list[Event]) -> int:
    """One list: a wake reads it whole, takes what is due and writes the rest back."""
    waiting = list(backlog)
    taken = 0
    for at_ms in sorted({due for due, _ in backlog}):
        held = list(waiting)
        taken += sum(due <= at_ms for due, _ in held)
        waiting = [event for event in held if event[0] > at_ms]
    return taken


def as_map(backlog: list[Event]) -> int:
    """Parts named by instant and number, with a count for each instant."""
    waiting: dict[str, bytes] = {}
    counts: dict[int, int] = {}
    for due, body in backlog:
        number = counts.get(due, 0)
        waiting[f"{due}/{number}"] = body
        counts[due] = number + 1
    taken = 0
    for at_ms in sorted(counts):
        for number in range(counts.pop(at_ms)):
            taken += waiting.pop(f"{at_ms}/{number}") is not None
    return taken


def cost_us(shape: Callable[[list[Event]], int], count: int) -> float:
    """Microseconds an event, best of three."""
    backlog, best = list(events(count)), float("inf")
    for _ in range(3):
        began = time.process_time()
        taken = shape(backlog)
        best = min(best, time.process_time() - began)
        if taken != count:
            msg = f"{taken} of {count} events were taken"
            raise RuntimeError(msg)
    return best / count * 1e6


def main() -> None:
    print(f"{'backlog':>8} {'list us/event':>14} {'map us/event':>13}")
    for count in BACKLOGS:
        print(f"{count:8,} {cost_us(as_list, count):14.2f} {cost_us(as_map, count):13.2f}")


if __name__ == "__main__":
    main()
