import pytest

import schemas

TOPICS = schemas.topics()


@pytest.mark.parametrize("topic", TOPICS.values(), ids=TOPICS)
def test_topic_has_owner_producer_and_consumer(topic):
    stated = (topic.description, topic.owner, topic.key, topic.producers, topic.consumers)
    assert all(stated)


@pytest.mark.parametrize("topic", TOPICS.values(), ids=TOPICS)
def test_avro_topics_have_a_schema_and_the_others_none(topic):
    assert (topic.value == "avro") == (topic.subject is not None) == (topic.record is not None)
    if topic.record is not None:
        assert schemas.load(topic.record, topic.version)["name"] == topic.record


def test_every_schema_is_carried_by_a_topic():
    carried = {(t.record, t.version) for t in TOPICS.values() if t.record}
    assert carried == set(schemas.records())


@pytest.mark.parametrize("topic", TOPICS.values(), ids=TOPICS)
def test_append_time_is_the_brokers_and_entries_alone_are_compacted(topic):
    assert topic.config["message.timestamp.type"] == "LogAppendTime"
    kept = "compact" if topic.name == "station.sources" else "delete"
    assert topic.config["cleanup.policy"] == kept


@pytest.mark.parametrize("name", [n for n in TOPICS if n.startswith("raw.")])
def test_raw_topics_carry_the_senders_bytes_up_to_the_limit(name):
    assert TOPICS[name].value == "bytes"
    assert TOPICS[name].config["max.message.bytes"] == 16 * 2**20


def test_source_entries_are_kept_as_long_as_what_they_held_for():
    config = TOPICS["station.sources"].config
    assert config["retention.ms"] == -1
    raw = [topic.config["retention.ms"] for topic in TOPICS.values() if topic.value == "bytes"]
    assert config["min.compaction.lag.ms"] > max(raw)


def test_what_the_job_writes_in_transactions_is_read_committed():
    made = [t for t in TOPICS.values() if "fusion" in t.producers]
    assert made
    assert all(t.isolation == "read_committed" for t in made)


def test_unknown_schema_is_refused_by_name():
    with pytest.raises(schemas.SchemaError, match="nonsense"):
        schemas.load("nonsense")
