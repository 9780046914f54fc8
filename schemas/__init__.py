"""The data contracts, each exactly once; the only module that knows where they lie.

topics/<topic>.toml                     a topic: key, value, writers, readers, broker settings
avro/<record>.v<N>.avsc                 the record that it carries; a released file never changes
examples/<record>/<N>/<case>.json       named examples, columns as lists of numbers
clickhouse/NNNN_verb_object.{up,down}.sql   tables and views; a down for every up
reader.py                               turns records with column fields into columns or rows

How strict is a schema? As strict as all its readers need, and no more.
"""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import msgspec

_ROOT = files("schemas")


class SchemaError(ValueError):
    """A contract that is not there or contradicts itself."""


class Topic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One topic.

    Parameters
    ----------
    name
        Name on the broker.
    description, owner
        What a record is, and who answers for it.
    key
        What the Kafka key means.
    value
        `avro` in Confluent framing, `json`, or `bytes` as a sender made them.
    producers, consumers
        Who writes and who reads it.
    isolation
        How a consumer that wants each record once has to read.
    partitions
        Number of partitions of a new topic.
    config
        Settings of the topic on the broker, under the broker's names.
    record, version
        The Avro schema of the value; None unless `value` is `avro`.
    compatibility
        Level of the subject in the registry.
    """

    name: str
    description: str
    owner: str
    key: str
    value: Literal["avro", "json", "bytes"]
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    isolation: Literal["read_committed", "read_uncommitted"]
    partitions: int
    config: dict[str, str | int]
    record: str | None = None
    version: int | None = None
    compatibility: Literal["NONE", "BACKWARD_TRANSITIVE"] | None = None

    @property
    def subject(self) -> str | None:
        """Subject in the schema registry, None if the value has no schema there."""
        return f"{self.name}-value" if self.value == "avro" else None


class Migration(msgspec.Struct, frozen=True):
    """One numbered change of the warehouse; `{database}` stands for the database's name."""

    number: int
    name: str
    up: str
    down: str

    @property
    def grants(self) -> bool:
        """Whether it is about roles, which an engine without a store for them cannot keep."""
        return self.name.startswith("grant_")


def text(record: str, version: int = 0) -> str:
    """Give the Avro schema of a record as it stands in its file.

    Raises
    ------
    SchemaError
        If there is no such schema.
    """
    file = _ROOT / "avro" / f"{record}.v{version}.avsc"
    if not file.is_file():
        msg = f"no schema for record {record!r}, version {version}"
        raise SchemaError(msg)
    return file.read_text("utf-8")


def load(record: str, version: int = 0) -> dict[str, Any]:
    """Give the Avro schema of a record, parsed."""
    schema: dict[str, Any] = msgspec.json.decode(text(record, version))
    return schema


@cache
def topics() -> dict[str, Topic]:
    """All topics by name, in the order of the names."""
    made = {}
    for file in sorted((_ROOT / "topics").iterdir(), key=lambda f: f.name):
        name = file.name.removesuffix(".toml")
        fields = tomllib.loads(file.read_text("utf-8"))
        try:
            made[name] = msgspec.convert({"name": name, **fields}, Topic)
        except msgspec.ValidationError as error:
            msg = f"topic {name}: {error}"
            raise SchemaError(msg) from error
    return made


def records() -> list[tuple[str, int]]:
    """Name and version of every Avro schema, sorted."""
    stems = (f.name.removesuffix(".avsc").rpartition(".v") for f in (_ROOT / "avro").iterdir())
    return sorted((name, int(version)) for name, _, version in stems)


def examples(record: str, version: int = 0) -> dict[str, dict[str, Any]]:
    """Examples of a record by their names; columns are lists (null for NaN), bytes latin-1 text."""
    folder = _ROOT / "examples" / record / str(version)
    return {
        file.name.removesuffix(".json"): msgspec.json.decode(file.read_text("utf-8"))
        for file in sorted(folder.iterdir(), key=lambda f: f.name)
    }


def migrations() -> list[Migration]:
    """All changes of the warehouse, in their order."""
    folder = _ROOT / "clickhouse"
    names = sorted(file.name for file in folder.iterdir())
    stems = [name.removesuffix(".up.sql") for name in names if name.endswith(".up.sql")]
    return [
        Migration(
            number=int(stem.partition("_")[0]),
            name=stem.partition("_")[2],
            up=(folder / f"{stem}.up.sql").read_text("utf-8"),
            down=(folder / f"{stem}.down.sql").read_text("utf-8"),
        )
        for stem in stems
    ]
