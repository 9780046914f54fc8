import msgspec
import pytest

import schemas
from jobs.io.avro import AvroCodec, FramingError
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
