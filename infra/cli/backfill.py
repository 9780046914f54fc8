"""`station backfill`: fuse a recording as a run of its own, compare it, and show it."""

import time
from collections.abc import Sequence
from datetime import date
from typing import Annotated

import typer
from clickhouse_driver import Client
from clickhouse_driver.errors import Error as ClickHouseError
from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec
from rich.table import Table

from infra.cli.errors import CommandError, console, errors
from infra.cli.options import Config, addresses, station_of
from infra.clickhouse.account import Account, account
from infra.clickhouse.compare import Content, Difference, compare
from infra.clickhouse.runs import choose, chosen, days_of
from infra.local.backfill import run_backfill
from jobs.sections import LOCAL, Kafka
from jobs.settings import Settings
from operators.routes import RAW, SOURCES

_ANSWER_S = 15.0
_LOADED_S = 300.0  # until the warehouse has everything of a run that has ended
_LOOK_S = 1.0


def backfill(
    name: Annotated[str, typer.Argument(help="As in `station replay FILE --backfill NAME`.")],
    run: Annotated[
        str | None, typer.Option("--run", help="run_id of the rows; else the name.")
    ] = None,
    swap: Annotated[
        bool, typer.Option("--swap", help="Show this run on its days from now on.")
    ] = False,
    config: Config = None,
) -> None:
    """Fuse the topics of a backfill beside everything else, load and compare the rows.

    A run that is in the warehouse already is only compared. Exit status 1 if its account does
    not close; then nothing is swapped.
    """
    given, run_id = addresses(config), run or name
    database = given.clickhouse.database
    try:
        sent = records_sent(given.kafka, name)
        with Client(**given.clickhouse.client()) as client:
            if not days_of(client, database, run_id):
                _fuse(given, config, name, run_id)
            faults = _loaded(client, database, run_id, sent)
            days = days_of(client, database, run_id)
            if not days:
                msg = f"{run_id} has no picture: its raw topics hold nothing that can be fused"
                raise CommandError(msg)
            _show(compare(client, database, run_id, _shown(client, database, run_id, days)))
            if faults:
                told = "; ".join(faults)
                msg = f"the account of {run_id} does not close: {told}; mend it, or fuse as --run"
                raise CommandError(msg)
            if swap:
                choose(client, database, run_id, (days[0], days[-1]), f"backfill {name}")
                console.print(f"{days[0]} to {days[-1]} show {run_id} now", highlight=False)
    except (ClickHouseError, OSError) as error:
        msg = f"{given.clickhouse.url}: {str(error).partition(chr(10))[0]}"
        raise CommandError(msg) from error


def records_sent(kafka: Kafka, name: str) -> int:
    """Raw records of a backfill, without the pulse that closes each partition.

    Raises
    ------
    CommandError
        If its topics are not there or the broker does not answer.
    """
    admin = AdminClient(kafka.client() | {"log_level": "2"})
    try:
        there = admin.list_topics(timeout=_ANSWER_S).topics
        topics = [f"{topic}.{name}" for topic in (*RAW, SOURCES)]
        missing = [topic for topic in topics if topic not in there]
        if missing:
            msg = f"no topic {missing[0]}; first `station replay FILE --backfill {name}`"
            raise CommandError(msg)
        places = [TopicPartition(t, number) for t in topics for number in there[t].partitions]
        asked = admin.list_offsets(dict.fromkeys(places, OffsetSpec.latest()))
        return sum(max(0, f.result(_ANSWER_S).offset - 1) for f in asked.values())
    except KafkaException as error:
        msg = f"Kafka at {kafka.bootstrap}: {error.args[0].str()}"
        raise CommandError(msg) from error


def _fuse(given: Settings, config: Config, name: str, run_id: str) -> None:
    station = station_of(config)
    if station.settings.flink.rest_url != LOCAL:
        job = f"jobs/fusion.py --backfill {name} --run {run_id}"
        msg = f"run `flink run -py {job}` on a cluster of its own, then this command again"
        raise CommandError(msg)
    with errors.status(f"backfill {name}") as status:
        run_backfill(
            given,
            station.state_dir / "backfill" / run_id,
            name,
            run_id,
            lambda words: status.update(f"backfill {name}: {words}"),
        )


def _loaded(client: Client, database: str, run_id: str, sent: int) -> list[str]:
    """Wait until the account of a run closes; what still does not add up after a while."""
    limit, before = time.monotonic() + _LOADED_S, None
    with errors.status(f"waiting until {run_id} is loaded"):
        while True:
            found: Account = account(client, database, run_id)
            faults = found.faults(sent)
            if not faults or found.parked or time.monotonic() > limit:
                return faults
            if found != before:  # rows still come
                limit, before = time.monotonic() + _LOADED_S, found
            time.sleep(_LOOK_S)


def _shown(client: Client, database: str, run_id: str, days: Sequence[date]) -> dict[date, str]:
    """Which other run each day shows; empty if it shows this one or none."""
    now = chosen(client, database)
    return {day: "" if now.get(day, "") == run_id else now.get(day, "") for day in days}


def _show(differences: Sequence[Difference]) -> None:
    table = Table("day", "table", "rows", "shown now", "", title="This run beside what is shown")
    for one in differences:
        verdict = "equal" if one.equal else "other rows"
        words = verdict if one.new and one.shown else ""
        table.add_row(str(one.day), one.table, _rows(one.new), _rows(one.shown), words)
    console.print(table)


def _rows(content: Content | None) -> str:
    return "" if content is None else f"{content.rows:,}"
