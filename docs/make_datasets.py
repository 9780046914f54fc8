"""Write ``docs/datasets.md``: every dataset with its columns, and queries with their real output.

    python docs/make_datasets.py [--check]

The columns are those of the migrated tables, the output is the engine's. The rows are a small
generated city (`benchmarks.warehouse.city`) and the examples of the schemas, so that nothing but a
change of tables, views or examples changes the page. ``docs/datasets.toml`` says the rest.
"""

import argparse
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from clickhouse_driver import Client

import schemas
from benchmarks.warehouse.city import City
from infra.clickhouse.migrate import migrate
from jobs.io.clickhouse import Block, Warehouse, WarehouseSettings
from tests.schemas.packing import packed_example

HOME = Path(__file__).parent
PAGE = HOME / "datasets.md"
START_US = 1_790_000_040_000_000
TICKS = 700
MOST_ROWS = 5
HIDDEN = ("loaded_at",)


@contextmanager
def engine(folder: str) -> Iterator[int]:
    """Port of a local engine that ends with the block."""
    command = [sys.executable, "-m", "infra.local.engine", "--data", folder, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(process.stdout.readline().split()[1])
        finally:
            process.terminate()


def fill(warehouse: Warehouse) -> None:
    """Insert a minute of a small city, and the examples of all other topics."""
    city = City(60, rings=1, start_us=START_US)
    pictures = [picture for at_tick in islice(city, TICKS) for picture in at_tick]
    warehouse.insert(Block("fused.objects", pictures, "city"))
    for topic in schemas.topics().values():
        if topic.record is None or topic.record == "picture":
            continue
        records = [packed_example(topic.record, case) for case in schemas.examples(topic.record)]
        try:
            warehouse.insert(Block(topic.name, records, topic.name))
        except KeyError:  # a topic that feeds no table
            continue


def page(client: Client) -> str:
    """The whole page."""
    told = tomllib.loads((HOME / "datasets.toml").read_text("utf-8"))
    parts = [told["head"].strip()]
    parts += [_dataset(client, name, one) for name, one in told["dataset"].items()]
    parts.append(told["tail"].strip())
    return "\n\n".join(parts) + "\n"


def _dataset(client: Client, name: str, told: dict[str, Any]) -> str:
    lines = [f"## {told.get('title', name)}", "", f"One row is {told['row'].strip()}"]
    if "key" in told:
        lines += ["", f"Key: {told['key'].strip()}"]
    if "guarantee" in told:
        lines += ["", told["guarantee"].strip()]
    lines += ["", *_columns(client, name)]
    for query in told["queries"]:
        lines += ["", *_answer(client, query)]
    return "\n".join(lines)


def _columns(client: Client, name: str) -> list[str]:
    database, _, table = name.rpartition(".")
    rows = client.execute(
        "SELECT name, type, comment FROM system.columns WHERE database = %(database)s"
        " AND table = %(table)s ORDER BY position",
        {"database": database or "station", "table": table},
    )
    lines = ["| column | type | |", "|---|---|---|"]
    lines += [
        f"| `{column}` | {kind.replace('|', ' ')} | {comment} |"
        for column, kind, comment in rows
        if column not in HIDDEN
    ]
    return lines if rows else []


def _answer(client: Client, query: str) -> list[str]:
    sql = query.strip()
    rows, columns = client.execute(sql, with_column_types=True)
    lines = ["```sql", sql, "```", "", "| " + " | ".join(name for name, _ in columns) + " |"]
    lines.append("|" + "---|" * len(columns))
    lines += ["| " + " | ".join(_text(value) for value in row) + " |" for row in rows[:MOST_ROWS]]
    if len(rows) > MOST_ROWS:
        lines += ["", f"... {len(rows)} rows in all."]
    return lines


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, datetime):
        shown = value.replace(tzinfo=UTC).isoformat(" ", "milliseconds")
        return shown.removesuffix("+00:00")
    if isinstance(value, list | tuple):
        inside = [_text(one) for one in value[:4]] + ["..."] * (len(value) > 4)
        return "(" + ", ".join(inside) + ")"
    return str(value).replace("|", "\\|") if value is not None else "NULL"


def made() -> str:
    """The page as it should be."""
    with (
        tempfile.TemporaryDirectory() as folder,
        engine(folder) as port,
        Client("127.0.0.1", port=port) as client,
    ):
        migrate(client)
        warehouse = Warehouse(WarehouseSettings("127.0.0.1", port, timeout_s=120.0))
        fill(warehouse)
        warehouse.close()
        client.execute("USE station")
        return page(client)


def main() -> int:
    """Write the page, or compare it; exit status."""
    parser = argparse.ArgumentParser(description="Write docs/datasets.md, or check it.")
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 if it differs")
    given = parser.parse_args()
    text = made()
    if not given.check:
        PAGE.write_text(text, "utf-8")
        return 0
    return int(PAGE.read_text("utf-8") != text)


if __name__ == "__main__":
    sys.exit(main())
