"""The schema registry: every subject of the catalogue, and its id."""

from collections.abc import Iterable

from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

import schemas


def register_all(url: str) -> dict[str, int]:
    """Register the schema of every topic whose value is Avro; what is there already stays.

    The compatibility level of a subject is set before its schema, so that a level that changed
    in the catalogue decides already about the schema that changed with it.

    Parameters
    ----------
    url
        Address of the registry, with user and password if it wants them.

    Returns
    -------
    dict
        Id of the schema by topic.

    Raises
    ------
    confluent_kafka.schema_registry.error.SchemaRegistryError
        If the registry refuses a schema, for instance as incompatible.
    """
    with SchemaRegistryClient({"url": url}) as client:
        return {
            topic.name: _register(client, topic)
            for topic in schemas.topics().values()
            if topic.subject is not None
        }


def look_up(url: str, topics: Iterable[str]) -> dict[str, int]:
    """Ids of the schemas of topics, for who reads and registers nothing.

    Raises
    ------
    confluent_kafka.schema_registry.error.SchemaRegistryError
        If the registry does not answer, or does not have the schema of this release.
    """
    catalogue = schemas.topics()
    with SchemaRegistryClient({"url": url}) as client:
        return {name: _known(client, catalogue[name]) for name in topics}


def _known(client: SchemaRegistryClient, topic: schemas.Topic) -> int:
    text = schemas.text(str(topic.record), topic.version or 0)
    number: int = client.lookup_schema(topic.subject, Schema(text, "AVRO")).schema_id
    return number


def _register(client: SchemaRegistryClient, topic: schemas.Topic) -> int:
    client.set_compatibility(topic.subject, level=topic.compatibility)
    text = schemas.text(str(topic.record), topic.version or 0)
    number: int = client.register_schema(topic.subject, Schema(text, "AVRO"))
    return number
