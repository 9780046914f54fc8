"""Load through the writer of the warehouse job, and more of the same in the engine."""

import time
from collections import defaultdict
from collections.abc import Iterable
from itertools import islice
from typing import Any, NamedTuple

import psutil
from clickhouse_driver import Client

import schemas
from benchmarks.warehouse.city import City, packed
from benchmarks.warehouse.engine import DATABASE
from jobs.io.avro import AvroCodec
from jobs.io.clickhouse import Block, Warehouse, WarehouseSettings
from operators.routes import OBJECTS

CODEC = AvroCodec({OBJECTS: 1})


class Loaded(NamedTuple):
    """Object rows, and the seconds in which they were decoded and inserted.

    `core_s` are seconds of one core, of the writer and of the engine: where others use the machine
    too, they tell more than the wall.
    """

    rows: int
    seconds: float
    blocks: int
    core_s: float = 0.0


def blocks_of(city: City, seconds: int) -> Iterable[list[bytes]]:
    """Blocks as the warehouse job cuts them: a second of one partition; cells lie in turn."""
    partitions = schemas.topics()[OBJECTS].partitions
    for _ in range(seconds):
        block: dict[int, list[bytes]] = defaultdict(list)
        for pictures in islice(city, 10):
            for number, picture in enumerate(pictures):
                block[number % partitions].append(CODEC.encode(OBJECTS, packed(picture)))
        yield from block.values()


def load(settings: WarehouseSettings, process: psutil.Process, city: City, seconds: int) -> Loaded:
    """Read Avro, make rows, insert them, views included; making the pictures is not counted."""
    warehouse = Warehouse(settings)
    spent, core_s, rows, number = 0.0, 0.0, 0, 0
    engine_before = _core_s(process)
    for number, block in enumerate(blocks_of(city, seconds), 1):
        began, core_began = time.perf_counter(), time.process_time()
        records: list[dict[str, Any]] = [CODEC.decode(OBJECTS, data) for data in block]
        warehouse.insert(Block(OBJECTS, records, f"benchmark:{city.at_us}:{number}"))
        spent += time.perf_counter() - began
        core_s += time.process_time() - core_began
        rows += sum(record["count"] for record in records)
    warehouse.close()
    return Loaded(rows, spent, number, core_s + _core_s(process) - engine_before)


def _core_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def repeat(client: Client, rows: int, seconds: int, wanted: int) -> Loaded:
    """Insert what is there again with other ids and later times, in the engine, views included."""
    columns = [
        name
        for (name,) in client.execute(
            "SELECT name FROM system.columns WHERE database = %(of)s"
            " AND table = 'fused_object_state' AND default_kind IN ('', 'DEFAULT')",
            {"of": DATABASE},
        )
    ]
    names = ", ".join(columns)
    began, copies = time.perf_counter(), 0
    first, last = client.execute(
        f"SELECT min(tick), max(tick) + INTERVAL 1 MILLISECOND FROM {DATABASE}.fused_object_state"
    )[0]
    times = f"tick BETWEEN '{first:%Y-%m-%d %H:%M:%S.%f}' AND '{last:%Y-%m-%d %H:%M:%S.%f}'"
    while rows * (copies + 1) < wanted:
        copies += 1
        shift = f"tick + INTERVAL {copies * seconds} SECOND AS tick"
        client.execute(
            f"INSERT INTO {DATABASE}.fused_object_state ({names}) SELECT * REPLACE ({shift},"
            f" intDiv(cityHash64(track_id, {copies}), 2) AS track_id) FROM (SELECT {names}"
            f" FROM {DATABASE}.fused_object_state WHERE {times})"
        )
        client.execute(
            f"INSERT INTO {DATABASE}.picture SELECT * REPLACE ({shift}) FROM"
            f" (SELECT * FROM {DATABASE}.picture WHERE {times})"
        )
    return Loaded(rows * copies, time.perf_counter() - began, copies)


def fill_day(client: Client) -> int:
    """Repeat the first full minute of the roll-up over a whole day; its rows."""
    (minute, day), = client.execute(
        f"SELECT minute, toDate(minute) FROM {DATABASE}.road_minute GROUP BY minute"
        " ORDER BY sum(track_seconds) DESC LIMIT 1"
    )  # fmt: skip
    client.execute(
        f"INSERT INTO {DATABASE}.road_minute SELECT * REPLACE"
        f" (toDateTime('{day} 00:00:00', 'UTC') + 60 * arrayJoin(range(1440)) AS minute) FROM"
        f" (SELECT * FROM {DATABASE}.road_minute WHERE minute = '{minute:%Y-%m-%d %H:%M:%S}')"
    )
    return int(client.execute(f"SELECT count() FROM {DATABASE}.road_minute")[0][0])
