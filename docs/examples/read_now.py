"""Read `fused.objects` as early as possible, and act on each picture once.

    python docs/examples/read_now.py --bootstrap HOST:PORT --registry URL [--pictures N]

Uncommitted records come about 0.1 s after their tick. After a failure of the station pictures come
again, with equal content; the first of each (cell, tick) is all that there is to know.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from read_once import pictures


def first_of_each_tick(read: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Pictures that are newer than all before them of their cell and run.

    A cell's pictures come in the order of ticks, so the largest tick is all that is remembered.
    """
    newest: dict[tuple[str, str], int] = {}
    for picture in read:
        place = (picture["run_id"], picture["cell_key"])
        if picture["tick_us"] > newest.get(place, -1):
            newest[place] = picture["tick_us"]
            yield picture


def main() -> None:
    """Print a line for each picture."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--registry", required=True)
    parser.add_argument("--pictures", type=int, default=0, help="end after so many; 0: never")
    given = parser.parse_args()
    read = pictures(given.bootstrap, given.registry, "read_uncommitted", "example-now")
    for number, picture in enumerate(first_of_each_tick(read), 1):
        sys.stdout.write(f"{picture['cell_key']} {picture['tick_us']} {picture['count']} objects\n")
        if number == given.pictures:
            return


if __name__ == "__main__":
    main()
