"""Bring a broker to the topics of the catalogue; what is as it should be stays untouched.

python -m infra.kafka.topics [--config FILE] [--dry-run]
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourceType,
)

import schemas
from jobs import settings
from jobs.sections import Kafka
from jobs.setting_values import SettingsError

_PATIENCE_S = 30.0
_BROKER_DEFAULT = -1


class TopicsError(RuntimeError):
    """A broker that cannot be brought to the catalogue; the text says why."""


def create_topics(
    kafka: Kafka, partitions: Mapping[str, int], *, dry_run: bool = False
) -> list[str]:
    """Create what is missing, add partitions, and set what differs.

    Partitions are never taken away: records would be lost.

    Parameters
    ----------
    kafka
        The broker.
    partitions
        Number of partitions by topic, where it is not the catalogue's.
    dry_run
        Say what would be done and do nothing.

    Returns
    -------
    list of str
        What was done, a line each.

    Raises
    ------
    TopicsError
        If the broker does not answer or refuses.
    """
    admin = AdminClient(kafka.client() | {"log_level": "2"})
    wanted = {
        topic.name: partitions.get(topic.name, topic.partitions)
        for topic in schemas.topics().values()
    }
    try:
        there = admin.list_topics(timeout=_PATIENCE_S).topics
        missing = {name: count for name, count in wanted.items() if name not in there}
        present = {name: len(there[name].partitions) for name in wanted if name in there}
        grown = {name: wanted[name] for name, count in present.items() if count < wanted[name]}
        changed = _changed(admin, list(present))
        if not dry_run:
            _apply(admin.create_topics, [_new(name, n) for name, n in missing.items()])
            _apply(admin.create_partitions, [NewPartitions(*item) for item in grown.items()])
            _apply(admin.incremental_alter_configs, list(changed.values()))
    except KafkaException as error:
        msg = f"topics on {kafka.bootstrap}: {error.args[0].str()}"
        raise TopicsError(msg) from error
    return [
        *(f"created {name} with {count} partitions" for name, count in missing.items()),
        *(f"grew {name} to {count} partitions" for name, count in grown.items()),
        *(f"set the configuration of {name}" for name in changed),
    ]


def _config(name: str) -> dict[str, str]:
    return {key: str(value) for key, value in schemas.topics()[name].config.items()}


def _new(name: str, count: int) -> NewTopic:
    return NewTopic(name, count, _BROKER_DEFAULT, config=_config(name))


def _changed(admin: AdminClient, names: Sequence[str]) -> dict[str, ConfigResource]:
    """Say for each topic how its configuration has to change, if it has to."""
    asked = [ConfigResource(ResourceType.TOPIC, name) for name in names]
    changed = {}
    for resource, future in (admin.describe_configs(asked) if asked else {}).items():
        now = future.result(_PATIENCE_S)
        wanted = _config(resource.name)
        entries = [
            ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
            for key, value in wanted.items()
            if key not in now or now[key].value != value
        ]
        if entries:
            changed[resource.name] = ConfigResource(
                ResourceType.TOPIC, resource.name, incremental_configs=entries
            )
    return changed


def _apply(request: Callable[[list[Any]], Mapping[Any, Any]], items: list[Any]) -> None:
    for future in (request(items) if items else {}).values():  # an empty request is refused
        future.result(_PATIENCE_S)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; exit status 1 if the broker refuses, 78 for bad settings."""
    parser = argparse.ArgumentParser(prog="python -m infra.kafka.topics")
    parser.add_argument("--config", type=Path, help="settings; else station.toml here")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")
    given = parser.parse_args(arguments)
    try:
        chosen = settings.load(given.config)
        done = create_topics(chosen.kafka, chosen.partitions, dry_run=given.dry_run)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 78
    except TopicsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.writelines(f"{line}\n" for line in done)
    return 0


if __name__ == "__main__":
    sys.exit(main())
