"""What it costs to load a second of a district, by how many blocks it comes in.

    python -m benchmarks.blocks [--objects N] [--seconds N]

The same pictures go in as a block of each partition and as one of all (decision 20), views
included.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

import schemas
from benchmarks.warehouse.city import City
from benchmarks.warehouse.engine import core_s, engine
from benchmarks.warehouse.load import CODEC, blocks_of
from jobs.io.clickhouse import Block, Warehouse
from operators.routes import OBJECTS

_START_US = 1_790_000_040_000_000
_RINGS = 2  # 19 cells

Records = list[dict[str, Any]]


def insert(warehouse: Warehouse, blocks: Sequence[Records], name: str) -> None:
    """Insert blocks, each under a token of its own."""
    for number, records in enumerate(blocks):
        warehouse.insert(Block(OBJECTS, records, f"benchmark:{name}:{number}"))


def by_partition_of(block: Records) -> list[Records]:
    """What a block of all has of each partition, as many cells each."""
    partitions = schemas.topics()[OBJECTS].partitions
    cells = sorted({record["cell_key"] for record in block})
    partition = {cell: number % partitions for number, cell in enumerate(cells)}
    return [
        [record for record in block if partition[record["cell_key"]] == number]
        for number in range(partitions)
    ]


def cost(process: psutil.Process, warehouse: Warehouse, blocks: Sequence[Records], name: str,
         seconds: int) -> str:  # fmt: skip
    """A line: milliseconds of a core and of the wall for a second of data."""
    began, core_began = time.perf_counter(), core_s(process)
    insert(warehouse, blocks, name)
    wall, core = time.perf_counter() - began, core_s(process) - core_began
    return f"{name:22} {1e3 * core / seconds:6.0f} ms of a core, {1e3 * wall / seconds:6.0f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.blocks")
    parser.add_argument("--objects", type=int, default=300)
    parser.add_argument("--seconds", type=int, default=20, help="of data")
    given = parser.parse_args()
    city = City(given.objects, _RINGS, _START_US)
    together = [
        [CODEC.decode(OBJECTS, data) for data in block] for block in blocks_of(city, given.seconds)
    ]
    apart = [part for block in together for part in by_partition_of(block)]
    with (
        tempfile.TemporaryDirectory(prefix="blocks-") as folder,
        engine(Path(folder)) as (_, settings, process),
    ):
        warehouse = Warehouse(settings)
        insert(warehouse, apart, "warm")
        for turn in (1, 2, 3):
            for name, blocks in (("by partition", apart), ("together", together)):
                print(cost(process, warehouse, blocks, f"{name}, {turn}", given.seconds))
        warehouse.close()


if __name__ == "__main__":
    main()
