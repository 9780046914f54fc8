import msgspec
import numpy as np
import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer

import schemas
from jobs.io.avro import AvroCodec
from jobs.io.registry import register_all
from schemas.reader import ColumnReader
from tests.infra.clickhouse.engine import running
from tests.schemas.packing import packed_example

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    data = tmp_path_factory.mktemp("registry")
    with running("infra.local.registry", "--data", str(data)) as port:
        yield f"http://127.0.0.1:{port}"


def test_every_avro_topic_gets_an_id_and_keeps_it(url):
    ids = register_all(url)
    assert set(ids) == {t.name for t in schemas.topics().values() if t.value == "avro"}
    assert register_all(url) == ids


@pytest.mark.parametrize("view", [None, np.frombuffer])
def test_any_avro_consumer_can_read_a_picture(url, view):
    codec = AvroCodec(register_all(url))
    example = packed_example("picture", "two-objects-of-two-sources")
    value = codec.encode("fused.objects", msgspec.msgpack.encode(example))
    with SchemaRegistryClient({"url": url}) as client:
        record = AvroDeserializer(client, schemas.text("picture"))(value, None)
    assert record == example
    reader = ColumnReader(schemas.text("picture"), *([view] if view else []))
    assert list(reader.columns(record)["track_id"]) == [2**63 - 1, 42]


def test_pulse_is_nothing_to_an_avro_consumer(url):
    with SchemaRegistryClient({"url": url}) as client:
        assert AvroDeserializer(client, schemas.text("picture"))(None, None) is None


def test_column_types_survive_the_registry(url):
    number = register_all(url)["fused.objects"]
    with SchemaRegistryClient({"url": url}) as client:
        text = client.get_schema(number).schema_str
    assert msgspec.json.decode(text) == schemas.load("picture")
