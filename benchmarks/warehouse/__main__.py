"""Run it: ``python -m benchmarks.warehouse [--objects N] [--rows N] [--resemble] [--out FILE]``."""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from clickhouse_driver import Client
from psutil import Process

from benchmarks.machine import description
from benchmarks.warehouse.city import City
from benchmarks.warehouse.engine import column_bytes, engine, merge, sizes
from benchmarks.warehouse.load import fill_day, fill_month, load, merge_seconds, repeat
from benchmarks.warehouse.queries import Questions, ask, questions
from benchmarks.warehouse.resemble import District, district

START_US = 1_790_000_040_000_000  # the start of a minute, which is repeated
SECONDS = 60
TABLES = (
    "fused_object_state",
    "fused_object_second",
    "fused_object_now",
    "track_minute",
    "road_minute",
    "picture",
)


def run(folder: Path, objects: int, wanted: int) -> dict[str, Any]:
    """Figures of one run in a folder of its own."""
    found: dict[str, Any] = {"machine": description(), "objects": objects}
    with engine(folder) as (client, settings, process):
        city = City(objects, rings=4, start_us=START_US)
        loaded = load(settings, process, city, SECONDS)
        found |= {"loaded": loaded._asdict(), "rows_per_s": round(loaded.rows / loaded.seconds)}
        found["rows_per_core_s"] = round(loaded.rows / loaded.core_s)
        print(
            f"load: {found['rows_per_s']:,} rows/s, {found['rows_per_core_s']:,} in a second of one"
            f" core, {loaded.rows:,} rows, {loaded.blocks} blocks; the writer took"
            f" {1e6 * loaded.writer_s / loaded.rows:.2f} us of it for a row, the engine"
            f" {1e6 * (loaded.core_s - loaded.writer_s) / loaded.rows:.2f} us"
        )
        merge(client)
        found["columns"] = column_bytes(client, "fused_object_state")
        found["bytes"] = _bytes(sizes(client), loaded.rows)
        repeated = repeat(client, loaded.rows, wanted)
        found["repeated"] = repeated._asdict()
        found["day_rows"] = fill_day(client)
        found["month_rows"] = fill_month(client)
        print(f"contributions of a month: {found['month_rows']:,} rows")
        print(f"rows in all: {loaded.rows + repeated.rows:,}; roll-up {found['day_rows']:,}")
        asked = questions(client)
        found["answers"] = _answers(client, process, asked)
        merge_seconds(client)
        tiles = {f"{name}, merged": one for name, one in asked.items() if "tile" in name}
        found["answers"] |= _answers(client, process, tiles)
    return found


def _answers(client: Client, process: Process, asked: Questions) -> dict[str, Any]:
    """Ask and print."""
    answers = {}
    for name, (sql, limit_ms) in asked.items():
        answered = ask(client, process, sql)
        answers[name] = answered._asdict() | {"limit_ms": limit_ms}
        print(
            f"{name}: best {answered.best_ms:.1f}, median {answered.median_ms:.1f} ms"
            f" (may take {limit_ms}), {answered.core_ms:.0f} ms of a core,"
            f" {answered.read:,} rows read, {answered.rows:,} given"
        )
    return answers


def _bytes(size: dict[str, tuple[int, int]], rows: int) -> dict[str, float]:
    """Bytes for each object row, by table and in all; an object-hour is 36,000 rows."""
    each = {table: size[table][1] / rows for table in TABLES}
    for table, value in each.items():
        print(f"{table}: {value:.2f} B for each object row, {size[table][0]:,} rows")
    hour = 36_000 * sum(each.values())
    print(f"an object-hour in all tables but links: {hour / 1e6:.2f} MB")
    return each | {"object_hour": hour}


def compare(found: District, generated: dict[str, float]) -> dict[str, Any]:
    """Print generated and simulated bytes side by side, and an object-hour of the district."""
    simulated = found.columns
    print(f"{'column':26}{'generated':>10}{'district':>10}  compressed bytes a row")
    for name in sorted(simulated, key=simulated.__getitem__, reverse=True)[:20]:
        print(f"{name:26}{generated[name]:10.3f}{simulated[name]:10.3f}")
    both = {"generated": sum(generated.values()), "district": sum(simulated.values())}
    print(f"{'all':26}{both['generated']:10.3f}{both['district']:10.3f}")
    print("an object-hour of the district, kB by table:")
    for table in sorted(found.hour, key=found.hour.__getitem__, reverse=True):
        print(f"{table:26}{found.hour[table] / 1e3:10.1f}")
    print(f"{'all tables':26}{sum(found.hour.values()) / 1e3:10.1f}")
    return both | {"object_hour": found.hour}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.warehouse")
    parser.add_argument("--objects", type=int, default=10_000, help="in the city at any time")
    parser.add_argument("--rows", type=int, default=100_000_000, help="of states that are asked")
    parser.add_argument("--resemble", action="store_true", help="compare with the demo's district")
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = run(Path(folder) / "city", given.objects, given.rows)
        if given.resemble:
            found["resemble"] = compare(district(Path(folder) / "district"), found["columns"])
    if given.out:
        given.out.write_text(json.dumps(found, indent=1, default=str) + "\n")


if __name__ == "__main__":
    main()
