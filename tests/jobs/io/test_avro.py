import random

import msgspec
import pytest

import schemas
from jobs.io.avro import MAX_BYTES, AvroCodec, FramingError
from jobs.io.avro_guard import vet
from tests.schemas.packing import all_examples, packed_example

TOPIC_OF = {t.record: t.name for t in schemas.topics().values() if t.record}
IDS = {topic: 1000 + i for i, topic in enumerate(sorted(TOPIC_OF.values()))}
CODEC = AvroCodec(IDS)


@pytest.mark.parametrize(("record", "case"), all_examples())
def test_every_example_comes_back(record, case):
    topic, fields = TOPIC_OF[record], packed_example(record, case)
    assert CODEC.decode(topic, CODEC.encode(topic, msgspec.msgpack.encode(fields))) == fields


def test_framing_is_a_zero_byte_and_the_id():
    value = msgspec.msgpack.encode(packed_example("picture", "empty-cell"))
    framed = AvroCodec({"fused.objects": 0x01020304}).encode("fused.objects", value)
    assert framed[:5] == b"\x00\x01\x02\x03\x04"


def test_other_schema_id_is_refused():
    value = msgspec.msgpack.encode(packed_example("picture", "empty-cell"))
    framed = AvroCodec({"fused.objects": 7}).encode("fused.objects", value)
    with pytest.raises(FramingError, match=r"fused\.objects"):
        CODEC.decode("fused.objects", framed)


@pytest.mark.parametrize("damage", [{"surplus": 1}, {"track_id": None}])
def test_field_that_does_not_fit_is_refused(damage):
    fields = packed_example("picture", "empty-cell") | damage
    with pytest.raises((ValueError, TypeError)):
        CODEC.encode("fused.objects", msgspec.msgpack.encode(fields))


def test_topic_of_plain_bytes_has_no_codec():
    with pytest.raises(schemas.SchemaError, match=r"raw\.probe"):
        AvroCodec({"raw.probe": 1})


PICTURE = CODEC.encode(
    "fused.objects", msgspec.msgpack.encode(packed_example("picture", "empty-cell"))
)
HEAD = PICTURE[:5]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "is not of schema"),
        (PICTURE[5:-1], "is not of schema"),
        (PICTURE[5:] + b"\x00", "goes on for 1 bytes"),
        (b"\xff" * 1000 + b"\x01", "is not of schema"),
        (b"\x02" + b"\xfe" * 9 + b"\x01", "is not of schema"),
        (b"\x02\x80\x80\x80\x80\x80\x80\x01", "is not of schema"),
        (b"\x00" * MAX_BYTES, "limit"),
    ],
)
def test_hostile_bytes_are_refused_by_name(body, words):
    with pytest.raises(FramingError, match=words):
        CODEC.decode("fused.objects", HEAD + body)


def test_mutated_records_are_read_or_refused():
    random_source, read = random.Random(5), 0
    for _ in range(3000):
        data = bytearray(PICTURE)
        for _ in range(random_source.randint(1, 4)):
            data[random_source.randrange(5, len(data))] = random_source.randrange(256)
        try:
            CODEC.decode("fused.objects", bytes(data))
            read += 1
        except FramingError:
            continue
    assert 0 < read < 3000


RECORD = {"type": "record", "name": "r", "fields": [{"name": "a", "type": "long"}]}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "array", "items": "null"}, "take no byte"),
        ({"type": "array", "items": {"type": "record", "name": "e", "fields": []}}, "take no byte"),
        ({"type": "array", "items": {"type": "fixed", "name": "f", "size": 0}}, "take no byte"),
        (RECORD | {"fields": [{"name": "next", "type": ["null", "r"]}]}, "refers to 'r'"),
    ],
)
def test_schemas_by_which_few_bytes_become_much_are_refused(schema, words):
    with pytest.raises(schemas.SchemaError, match=words):
        vet(schema)


def test_least_sizes():
    pair = {"type": "map", "values": {"type": "enum", "name": "x", "symbols": ["A"]}}
    fields = [
        {"name": n, "type": t} for n, t in (("a", "double"), ("b", ["null", "int"]), ("c", pair))
    ]
    assert vet(RECORD | {"fields": fields}) == 8 + 1 + 1
    assert vet({"type": "long", "logicalType": "timestamp-micros"}) == 1
