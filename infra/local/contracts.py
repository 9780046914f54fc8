"""Puts the contracts of `schemas/` into effect: topics, schemas in the registry, tables.

    python -m infra.local.contracts --config FILE

Parts that the settings leave ``local`` are not running and are passed over.
"""

import argparse
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from clickhouse_driver import Client
from clickhouse_driver.errors import Error as ClickHouseError
from confluent_kafka.schema_registry.error import SchemaRegistryError

from infra.clickhouse.migrate import MigrationError, migrate
from infra.clickhouse.retention import retain
from infra.clickhouse.runs import follow_live
from infra.kafka.topics import TopicsError, create_topics
from jobs import settings
from jobs.io.registry import register_all
from jobs.runtime.clock import now_us
from jobs.sections import LOCAL
from jobs.settings import Settings


def _topics(given: Settings) -> None:
    if given.kafka.bootstrap != LOCAL:
        create_topics(given.kafka, given.partitions)


def _registry(given: Settings) -> None:
    if given.registry.url != LOCAL:
        register_all(given.registry.address())


def _tables(given: Settings) -> None:
    if given.clickhouse.url == LOCAL:
        return
    database, cluster = given.clickhouse.database, given.clickhouse.cluster
    with Client(**given.clickhouse.client()) as client:
        migrate(client, database, cluster=cluster)
        retain(client, database, given.retention, cluster=cluster)
        today = datetime.fromtimestamp(now_us() / 1e6, UTC).date()
        follow_live(client, database, given.run.run_id, today)


_STEPS: tuple[Callable[[Settings], None], ...] = (_topics, _registry, _tables)


def main() -> int:
    """Run all steps at once; exit status 1 with a line on each that failed."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.contracts")
    parser.add_argument("--config", type=Path, required=True)
    given = settings.load(parser.parse_args().config)
    failures = []
    with ThreadPoolExecutor(len(_STEPS)) as pool:
        for step in [pool.submit(step, given) for step in _STEPS]:
            try:
                step.result()
            except (TopicsError, MigrationError, SchemaRegistryError, ClickHouseError) as error:
                failures.append(error)
    sys.stderr.writelines(f"{type(error).__name__}: {error}\n" for error in failures)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
