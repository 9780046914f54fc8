"""Records of the station's own topics as Avro in Confluent framing.

Framing: a zero byte, the schema's id in the registry as four big-endian bytes, the Avro body.
The ids are given at construction, so that an instance needs no network and lives in any process.
"""

import io
import logging
import struct
from collections.abc import Mapping
from typing import Any

import fastavro
import msgspec

import schemas
from jobs.io.avro_guard import vet

MAX_BYTES = 16 * 1024 * 1024  # of a record; the topics take no more
_FRAMING = struct.Struct(">bI")


class FramingError(ValueError):
    """Bytes that are not one framed record of the topic's schema."""


class AvroCodec:
    """Writes and reads the values of topics whose value is Avro.

    Parameters
    ----------
    ids
        Id in the schema registry by topic, as `jobs.io.registry.register_all` returns them.

    Raises
    ------
    KeyError
        If a topic is not in the catalogue.
    """

    def __init__(self, ids: Mapping[str, int]) -> None:
        catalogue = schemas.topics()
        self._ids = dict(ids)
        self._framing = {topic: _FRAMING.pack(0, number) for topic, number in ids.items()}
        self._schemas = {topic: _parsed(catalogue[topic]) for topic in ids}

    def writes(self, topic: str) -> bool:
        """True if the codec has a schema for `topic`."""
        return topic in self._framing

    def encode(self, topic: str, value: bytes) -> bytes:
        """Framed Avro of one record.

        Parameters
        ----------
        topic
            The topic that the record goes to.
        value
            Msgpack map of the record's fields.

        Raises
        ------
        KeyError, TypeError, ValueError
            If the record does not fit the topic's schema: a fault of the code that made it.
        """
        body = io.BytesIO()
        body.write(self._framing[topic])
        fields = msgspec.msgpack.decode(value)
        # strict costs nothing [measured] and lets no field vanish that the schema does not know
        fastavro.schemaless_writer(body, self._schemas[topic], fields, strict=True)
        return body.getvalue()

    def decode(self, topic: str, data: bytes) -> dict[str, Any]:
        """Fields of one record of `topic`.

        Raises
        ------
        FramingError
            If the bytes are not framed with the id of the topic's schema, are too many, are
            not of that schema, or go on behind the record.
        """
        if len(data) > MAX_BYTES:
            msg = f"record of {topic} has {len(data)} bytes, limit {MAX_BYTES}"
            raise FramingError(msg)
        if not data.startswith(self._framing[topic]):
            msg = f"record of {topic} starts with {data[:5].hex()}, not schema {self._ids[topic]}"
            raise FramingError(msg)
        body = io.BytesIO(data)
        body.seek(_FRAMING.size)
        try:
            record: dict[str, Any] = fastavro.schemaless_reader(body, self._schemas[topic], None)
        except (EOFError, IndexError, OverflowError, TypeError, ValueError) as error:
            msg = f"record of {topic} is not of schema {self._ids[topic]}: {error!r}"
            raise FramingError(msg) from error
        if body.tell() != len(data):
            msg = f"record of {topic} goes on for {len(data) - body.tell()} bytes behind its end"
            raise FramingError(msg)
        return record


class TopicReader:
    """Reads records of topics for a step, which passes over what nobody can read.

    The fused topics are the station's own: such a record is one that somebody else wrote. It is
    named in the log, and the warehouse parks it.
    """

    def __init__(self, codec: AvroCodec) -> None:
        self._codec = codec

    def __call__(self, topic: str, data: bytes) -> dict[str, Any] | None:
        """Fields of a record, None if it has none."""
        try:
            return self._codec.decode(topic, data)
        except FramingError as error:
            logging.getLogger(__name__).warning("passed over: %s", error)
            return None


class RouteEncoder:
    """Avro for outputs that go to a topic of the codec, nothing for those that go to a step."""

    def __init__(self, codec: AvroCodec) -> None:
        self._codec = codec

    def __call__(self, route: str, value: bytes) -> bytes:
        """Bytes that leave for `route`."""
        return self._codec.encode(route, value) if self._codec.writes(route) else value


def _parsed(topic: schemas.Topic) -> Any:
    if topic.record is None or topic.version is None:
        msg = f"topic {topic.name} carries {topic.value}, not Avro"
        raise schemas.SchemaError(msg)
    schema = schemas.load(topic.record, topic.version)
    vet(schema)
    return fastavro.parse_schema(schema)
