"""What people ask, and how long the answer takes."""

import statistics
import time
from datetime import timedelta
from typing import Any, NamedTuple

import psutil
from clickhouse_driver import Client

from benchmarks.warehouse.engine import DATABASE, core_s

Questions = dict[str, tuple[str, int]]

_TIMES = 15
# The engine remembers which granules had no row for a condition; with new ticks a question is new.
_FRESH = {"use_query_condition_cache": 0}


class Answered(NamedTuple):
    """Rows of the answer, rows that were read for it, and its times in milliseconds.

    `core_ms` is of one core of the engine. Rows read do not depend on the machine, times of cores
    little, times of the wall on whatever else runs.
    """

    rows: int
    read: int
    best_ms: float
    median_ms: float
    core_ms: float


def ask(client: Client, process: psutil.Process, sql: str) -> Answered:
    """Ask several times; the first is not counted."""
    rows = len(client.execute(sql, settings=_FRESH))
    spent, before = [], core_s(process)
    for _ in range(_TIMES):
        began = time.perf_counter()
        client.execute(sql, settings=_FRESH)
        spent.append(1000 * (time.perf_counter() - began))
    core_ms = 1000 * (core_s(process) - before) / _TIMES
    read = client.last_query.progress.rows
    return Answered(rows, read, min(spent), statistics.median(spent), core_ms)


def questions(client: Client) -> Questions:
    """Each question with the milliseconds that its answer may take."""
    track, when, lat, lon = _one(
        client,
        "SELECT track_id, any(tick), any(lat_e7) / 1e7, any(lon_e7) / 1e7"
        " FROM {d}.fused_object_second"
        " GROUP BY track_id ORDER BY count() DESC, track_id LIMIT 1",
    )
    (cell,) = _one(client, "SELECT cell_key FROM {d}.current_pictures ORDER BY cell_key LIMIT 1")
    (end,) = _one(client, "SELECT tick FROM {d}.current_run")
    zoom, city_zoom = 16, 12
    month = when - timedelta(days=29), end + timedelta(days=1)
    during = f"first='{when:%Y-%m-%d} 00:00:00', last='{end:%Y-%m-%d} 23:59:59'"
    west, east, south, north = lon - 0.005, lon + 0.005, lat - 0.005, lat + 0.005
    corners = [(west, south), (east, south), (east, north), (west, north)]
    return {
        "one track": (_of("path_of_track", f"track={track}"), 20),
        "current picture of a cell": (_of("picture_of_cell", f"cell='{cell}'"), 20),
        "map tile of a street": (_tile(lon, lat, zoom, during), 100),
        "map tile of the city": (_tile(lon, lat, city_zoom, during), 100),
        "speeds on a polygon of 1 km2, a day": (
            f"SELECT class_name, sum(seconds), sum(seconds * mean_mps) / sum(seconds)"
            f" FROM {DATABASE}.speeds_on(polygon={corners}, {during}) GROUP BY class_name",
            200,
        ),
        "contribution of a month": (
            _of("contribution_of", f"first='{month[0]:%Y-%m-%d}', last='{month[1]:%Y-%m-%d}'"),
            200,
        ),
        "a digital track": (_of("digital_track", f"track={track}"), 200),
        "everything that is current": (f"SELECT * FROM {DATABASE}.current_objects", 1000),
    }  # fmt: skip


def _one(client: Client, sql: str) -> tuple[Any, ...]:
    return client.execute(sql.replace("{d}", DATABASE))[0]


def _of(view: str, arguments: str) -> str:
    return f"SELECT * FROM {DATABASE}.{view}({arguments})"


def _tile(lon: float, lat: float, zoom: int, during: str) -> str:
    return (
        f"WITH toUInt32(tileX({lon}, {zoom})) AS column, toUInt32(tileY({lat}, {zoom})) AS line"
        f" SELECT * FROM {DATABASE}.map_tile(zoom={zoom}, x=column, y=line, {during})"
    )
