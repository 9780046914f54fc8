"""Edges of a job's graph: Kafka tables in and out, and streams keyed without a Python stage.

A Python stage costs 60 to 100 us a record. So rows are routed by SQL, and keyed by their first
field in the JVM (`DataStream.key_by` would add a Python stage that only computes the key).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyflink.common import TypeInformation, Types
from pyflink.datastream import DataStream
from pyflink.datastream.data_stream import KeyedStream
from pyflink.java_gateway import get_gateway
from pyflink.table import Schema, StreamTableEnvironment

from jobs.runtime.process import SharedStepFunction, StepFunction, shared_descriptor

_BYTES = Types.PRIMITIVE_ARRAY(Types.BYTE())
_RECORD = Types.ROW_NAMED(["head", "body"], [Types.STRING(), _BYTES])
KEYED = Types.ROW_NAMED(["key", "event"], [Types.STRING(), _BYTES])
KEYED_RECORD = Types.ROW_NAMED(["key", "event"], [Types.STRING(), _RECORD])
ROUTED = Types.ROW_NAMED(["route", "key", "event"], [Types.STRING(), Types.STRING(), _BYTES])

_FORMATS = (
    "'key.format' = 'raw', 'key.raw.charset' = 'ISO-8859-1', 'key.fields' = 'key', "
    "'value.format' = 'raw', 'value.fields-include' = 'EXCEPT_KEY'"
)

# What `operators.raw` has before the body; no separator stands in these fields. SQL joins no text
# to bytes, so head and body travel side by side and the stage joins them.
_SEPARATOR = "U&'\\001F'"
_HEADER = f"REPLACE(COALESCE(DECODE(headers['%s'], 'ISO-8859-1'), ''), {_SEPARATOR}, '_')"
_SECONDS = "CAST(EXTRACT(EPOCH FROM ts) AS BIGINT)"
_HEAD = f"""CONCAT_WS({_SEPARATOR},
    CAST(`offset` AS STRING),
    CAST({_SECONDS} * 1000 + EXTRACT(MILLISECOND FROM ts) AS STRING),
    {_HEADER % "shift_us"}, {_HEADER % "format"}, {_HEADER % "source"},
    REPLACE(COALESCE(`key`, ''), {_SEPARATOR}, '_'),
    '1', '')"""
_PLACE = "CONCAT(`topic`, '/', CAST(`partition` AS STRING))"


@dataclass(frozen=True, slots=True)
class Reading:
    """How a job reads its topics.

    Parameters
    ----------
    client
        Configuration of the Kafka client.
    group
        Consumer group, to which progress is committed for people to see.
    isolation
        ``read_committed`` or ``read_uncommitted``.
    bounded
        True to end where the topics end now.
    idle_ms
        Wall time after which a quiet partition stops holding time, for topics that get no pulse,
        or while a partition is excluded; 0 for never.
    disorder_ms
        How much older than the newest of its partition a record may be.
    least_bytes
        A fetch that finds less waits for more, 100 ms at most; see `jobs.io.beat`.
    aligned_with
        Sources of one name wait for the slowest of them; empty for all of the group.
    """

    client: Mapping[str, str]
    group: str
    isolation: str = "read_uncommitted"
    bounded: bool = False
    idle_ms: int = 0
    disorder_ms: int = 0
    least_bytes: int = 1
    aligned_with: str = ""


def read_topics(
    tables: StreamTableEnvironment,
    name: str,
    topics: Sequence[str],
    reading: Reading,
    parallelism: int,
) -> None:
    """Create a table of raw records; its watermark is the broker's append time.

    `parallelism` must not exceed the number of partitions: a reader without one would hold time.
    """
    options = {
        "connector": "kafka",
        "topic": ";".join(topics),
        "scan.startup.mode": "earliest-offset",
        "scan.parallelism": str(parallelism),
        "scan.watermark.alignment.group": reading.aligned_with or reading.group,
        # bounds what waits in state while a job catches up, and how fast it does: each interval
        # or two it may read as much further
        "scan.watermark.alignment.max-drift": "3 s",
        "scan.watermark.alignment.update-interval": "500 ms",
        **{f"properties.{key}": value for key, value in reading.client.items()},
        "properties.group.id": reading.group,
        "properties.isolation.level": reading.isolation,
        "properties.fetch.min.bytes": str(reading.least_bytes),
        "properties.fetch.max.wait.ms": "100",
        "properties.max.partition.fetch.bytes": str(16 * 1024 * 1024),
    }
    if reading.bounded:
        options["scan.bounded.mode"] = "latest-offset"
    if reading.idle_ms:
        options["scan.watermark.idle-timeout"] = f"{reading.idle_ms} ms"
    tables.execute_sql(
        f"""CREATE TABLE {name} (
            `key` STRING, body BYTES,
            `topic` STRING METADATA VIRTUAL,
            `partition` INT METADATA VIRTUAL,
            `offset` BIGINT METADATA VIRTUAL,
            ts TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
            headers MAP<STRING, BYTES> METADATA VIRTUAL,
            WATERMARK FOR ts AS ts - INTERVAL '{(reading.disorder_ms + 1) / 1000:.3f}' SECOND
        ) WITH ({_options(options)}, {_FORMATS})"""
    )


def write_topics(
    tables: StreamTableEnvironment,
    name: str,
    stages: Sequence[str],
    topics: Sequence[str],
    client: Mapping[str, str],
    prefix: str,
    transaction_timeout_ms: int,
) -> None:
    """Write what stages send to topics, through one transactional sink called `name`.

    A row names its topic, key and value.
    """
    options = {
        "connector": "kafka",
        "topic": ";".join(topics),
        "sink.delivery-guarantee": "exactly-once",
        "sink.transactional-id-prefix": prefix,
        "sink.transaction-naming-strategy": "pooling",
        **{f"properties.{key}": value for key, value in client.items()},
        "properties.transaction.timeout.ms": str(transaction_timeout_ms),
        "properties.linger.ms": "1",
        "properties.max.request.size": str(16 * 1024 * 1024),
    }
    tables.execute_sql(
        f"""CREATE TABLE {name} (`topic` STRING METADATA, `key` STRING, body BYTES)
        WITH ({_options(options)}, {_FORMATS})"""
    )
    wanted = ", ".join(f"'{topic}'" for topic in topics)
    made = " UNION ALL ".join(f"SELECT route, `key`, event FROM `{stage}`" for stage in stages)
    statements = tables.create_statement_set()
    statements.add_insert_sql(
        f"INSERT INTO {name} SELECT route, `key`, event FROM ({made}) WHERE route IN ({wanted})"
    )
    statements.attach_as_datastream()


def records_of(tables: StreamTableEnvironment, name: str) -> DataStream:
    """Records of a table as a stream of (``topic/partition``, (head, body) of a raw record).

    Pulses end here: their time has moved the watermark, and nothing else is in them.
    """
    return _records(tables, name, _PLACE, _HEAD)


def placed_records_of(tables: StreamTableEnvironment, name: str) -> DataStream:
    """Records of a table as a stream of (topic, (partition and head, body) of a raw record)."""
    placed = f"CONCAT_WS({_SEPARATOR}, CAST(`partition` AS STRING), {_HEAD})"
    return _records(tables, name, "`topic`", placed)


def _records(tables: StreamTableEnvironment, name: str, key: str, head: str) -> DataStream:
    event = f"ROW({head}, body) AS event"
    query = f"SELECT {key} AS `key`, {event} FROM {name} WHERE body IS NOT NULL"
    return _keyed_rows(tables, query, KEYED_RECORD)


def _options(options: Mapping[str, str]) -> str:
    return ", ".join(f"'{key}' = '{_quoted(value)}'" for key, value in options.items())


def _quoted(value: str) -> str:
    return value.replace("'", "''")


def _keyed_rows(tables: StreamTableEnvironment, query: str, form: TypeInformation) -> DataStream:
    """Rows of (key, event) of a query as a stream.

    PyFlink's operators want a row type where `to_data_stream` gives an external one of the same
    layout; it is set before anything has looked at the stream's type.
    """
    stream = tables.to_data_stream(tables.sql_query(query))
    stream._j_data_stream.getTransformation().setOutputType(form.get_java_type_info())
    return stream


def by_key(stream: DataStream) -> KeyedStream:
    """A stream of (key, event), keyed by its first field without a Python stage."""
    selector = get_gateway().jvm.KeyByKeySelector()
    key_type = Types.ROW([Types.STRING()]).get_java_type_info()
    return KeyedStream(stream._j_data_stream.keyBy(selector, key_type), Types.STRING(), stream)


def add_stage(
    tables: StreamTableEnvironment,
    name: str,
    stream: DataStream,
    function: StepFunction | SharedStepFunction,
    shared: DataStream | None = None,
) -> None:
    """Add one keyed stage for a stream of (key, event) and make its output a view of its name."""
    keyed = by_key(stream)
    if shared is not None:
        keyed = keyed.connect(shared.broadcast(shared_descriptor()))
    routed(tables, name, keyed.process(function, ROUTED).uid(name).name(name))


def routed(tables: StreamTableEnvironment, name: str, stream: DataStream) -> None:
    """Make a stream of (route, key, event) a view; its watermarks go along."""
    schema = (
        Schema.new_builder()
        .column("route", "STRING")
        .column("key", "STRING")
        .column("event", "BYTES")
        .column_by_metadata("rt", "TIMESTAMP_LTZ(3)", "rowtime")
        .watermark("rt", "SOURCE_WATERMARK()")
        .build()
    )
    tables.create_temporary_view(name, stream, schema)


def take_route(tables: StreamTableEnvironment, name: str, route: str) -> DataStream:
    """Rows of one route of a view, as a stream of (key, event)."""
    query = f"SELECT `key`, event FROM `{name}` WHERE route = '{route}'"
    return _keyed_rows(tables, query, KEYED)
