"""Load through the writer of the warehouse job, and more of the same in the engine."""

import time
from collections.abc import Iterable
from itertools import islice
from typing import Any, NamedTuple

import psutil
from clickhouse_driver import Client

import schemas
from benchmarks.warehouse.city import City, packed
from benchmarks.warehouse.engine import DATABASE, core_s
from jobs.io.avro import AvroCodec
from jobs.io.clickhouse import Block, Warehouse, WarehouseSettings
from jobs.warehouse import RECORDS
from operators.routes import OBJECTS

CODEC = AvroCodec({OBJECTS: 1})


class Loaded(NamedTuple):
    """Object rows, and the seconds in which they were decoded and inserted.

    `core_s` are seconds of one core, of the writer (`writer_s`) and of the engine: where others use
    the machine too, they tell more than the wall.
    """

    rows: int
    seconds: float
    blocks: int
    core_s: float = 0.0
    writer_s: float = 0.0


def blocks_of(city: City, seconds: int) -> Iterable[list[bytes]]:
    """Blocks as the warehouse job cuts them: a second of all cells, in the order of partitions."""
    partitions = schemas.topics()[OBJECTS].partitions
    ticks = iter(city)
    for _ in range(seconds):
        placed = [
            (number % partitions, CODEC.encode(OBJECTS, packed(picture)))
            for pictures in islice(ticks, 10)
            for number, picture in enumerate(pictures)
        ]
        block = [data for _, data in sorted(placed, key=lambda one: one[0])]
        yield from (block[first : first + RECORDS] for first in range(0, len(block), RECORDS))


def load(settings: WarehouseSettings, process: psutil.Process, city: City, seconds: int) -> Loaded:
    """Read Avro, make rows, insert them, views included; making the pictures is not counted."""
    warehouse = Warehouse(settings)
    spent, own_s, rows, number = 0.0, 0.0, 0, 0
    engine_before = core_s(process)
    for number, block in enumerate(blocks_of(city, seconds), 1):
        began, core_began = time.perf_counter(), time.process_time()
        records: list[dict[str, Any]] = [CODEC.decode(OBJECTS, data) for data in block]
        warehouse.insert(Block(OBJECTS, records, f"benchmark:{city.at_us}:{number}"))
        spent += time.perf_counter() - began
        own_s += time.process_time() - core_began
        rows += sum(record["count"] for record in records)
    warehouse.close()
    return Loaded(rows, spent, number, own_s + core_s(process) - engine_before, own_s)


# What is another thing in each copy of a minute; {s} seconds later.
_TRACK = "intDiv(cityHash64(track_id, {copy}), 2) AS track_id"
_COPIED = {
    "fused_object_state": ["tick + INTERVAL {s} SECOND AS tick", _TRACK],
    "fused_object_second": ["tick + INTERVAL {s} SECOND AS tick", _TRACK],
    "fused_object_now": ["tick + INTERVAL {s} SECOND AS tick", _TRACK],
    "picture": ["tick + INTERVAL {s} SECOND AS tick"],
    "track_minute": [
        _TRACK,
        "minute + {s} AS minute",
        "(first.1 + INTERVAL {s} SECOND, first.2, first.3) AS first",
        "(last.1 + INTERVAL {s} SECOND, last.2, last.3, last.4, last.5, last.6, last.7) AS last",
        "arrayMap(p -> (toUInt32(p.1 + {s}), p.2, p.3, p.4), path) AS path",
    ],
}
_FED = (
    "second_of_fused_object",
    "now_of_fused_object",
    "minute_of_track",
    "minute_of_road",
    "run_day_of_picture",
)


def repeat(client: Client, rows: int, wanted: int) -> Loaded:
    """Insert the one minute that is there again and again, with other ids and later times.

    Each table is filled from itself, since what its view would make of the rows is there already. A
    copy is one part, and parts are not merged: harder than a day that was merged at night.
    """
    began, copies = time.perf_counter(), max(0, -(-wanted // rows) - 1)
    for view in _FED:
        client.execute(f"DETACH TABLE {DATABASE}.{view}")
    for table, changes in _COPIED.items():
        client.execute(f"SYSTEM STOP MERGES {DATABASE}.{table}")
        for copy in range(1, copies + 1):
            _copy(client, table, ", ".join(changes).format(s=60 * copy, copy=copy))
    for view in _FED:
        client.execute(f"ATTACH TABLE {DATABASE}.{view}")
    client.execute(
        f"INSERT INTO {DATABASE}.run_day (day, run_id, first_tick, last_tick, first_loaded)"
        " SELECT toDate(tick), run_id, min(tick), max(tick), now()"
        f" FROM {DATABASE}.picture GROUP BY ALL"
    )
    return Loaded(rows * copies, time.perf_counter() - began, copies)


def _copy(client: Client, table: str, changes: str) -> None:
    time_column = "minute" if table == "track_minute" else "tick"
    columns = client.execute(
        "SELECT name FROM system.columns WHERE database = %(of)s AND table = %(table)s"
        " AND default_kind IN ('', 'DEFAULT') ORDER BY position",
        {"of": DATABASE, "table": table},
    )
    names = ", ".join(f"`{name}`" for (name,) in columns)
    (first,) = client.execute(f"SELECT toString(min({time_column})) FROM {DATABASE}.{table}")[0]
    client.execute(
        f"INSERT INTO {DATABASE}.{table} ({names}) SELECT * REPLACE ({changes}) FROM (SELECT"
        f" {names} FROM {DATABASE}.{table} WHERE {time_column} < toDateTime64('{first}', 6, 'UTC')"
        " + INTERVAL 1 MINUTE) SETTINGS min_insert_block_size_rows = 10000000,"
        " min_insert_block_size_bytes = 10000000000, max_block_size = 65536"
    )


def merge_seconds(client: Client) -> None:
    """Merge the copies of the second tier, as a day is sooner or later.

    A sample of tracks reads a granule of each cell in each part, so what a tile of a city reads
    hangs on the number of parts.
    """
    client.execute(f"SYSTEM START MERGES {DATABASE}.fused_object_second")
    client.execute(f"OPTIMIZE TABLE {DATABASE}.fused_object_second FINAL")


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


def fill_month(client: Client, sources: int = 200, cells: int = 2) -> int:
    """Insert a month of contributions, each source in some cells and each minute; the rows."""
    (last,) = client.execute(f"SELECT toString(max(day)) FROM {DATABASE}.chosen_run")[0]
    client.execute(
        f"INSERT INTO {DATABASE}.run_day (day, run_id, first_tick, last_tick, first_loaded)"
        f" SELECT toDate('{last}') - arrayJoin(range(1, 30)), run_id,"
        f" first_tick, first_tick, first_loaded FROM (SELECT * FROM {DATABASE}.run_day LIMIT 1)"
    )
    for before in range(30):
        client.execute(
            f"INSERT INTO {DATABASE}.source_contribution (run_id, cell_key, minute, source_id,"
            " owner, seen_s, share_s, exclusive_s, used, births) SELECT 'run-1',"
            f" toString(number % {cells}), toDateTime('{last}', 'UTC') - INTERVAL {before} DAY"
            f" + INTERVAL intDiv(number, {sources * cells}) MINUTE,"
            f" 'RSU-' || toString(intDiv(number, {cells}) % {sources}),"
            f" 'owner-' || toString(intDiv(number, {cells}) % 7), 60 * randCanonical(1),"
            " 20 * randCanonical(2), randCanonical(3), rand(4) % 600, rand(5) % 5"
            f" FROM numbers({1440 * sources * cells})"
        )
    return int(client.execute(f"SELECT count() FROM {DATABASE}.source_contribution")[0][0])
