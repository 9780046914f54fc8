"""Topics of others: who sent a record, in which format, and what is late there."""

from collections import Counter
from pathlib import Path

import pytest

from infra.replay.messages import read_messages
from operators.decode.registry import decode
from operators.frame import SourceKind
from operators.front import Front
from operators.ingress import DEFAULTS, TopicRule
from operators.parameters import Parameters
from operators.pipeline import FOREVER_US, LogRecord, Pipeline, Stage
from operators.raw import pack_raw
from operators.routes import SOURCES
from operators.sources import KINDS, share_source
from tests.builders import (
    FORMAT,
    SECOND_US,
    START_US,
    a_line,
    a_log,
    a_raw_record,
    fates,
    outputs_of,
    values,
)
from tests.operators.foreign import TOPICS, body_of

DATA = Path(__file__).parents[2].parent / "shared/data"
BSM = "topic.OdeBsmJson"
RSM = "v2x-v1-rsm"
FOREIGN = {
    BSM: TopicRule("bsm.json", SourceKind.PROBE, closed=False, source="ode", keyed=False),
    RSM: TopicRule(FORMAT, SourceKind.ROADSIDE, closed=True),
}


def senders(outputs):
    """Source of each accepted record."""
    ledgers = values(outputs, "ledger.records")
    entries = [e for ledger in ledgers for e in ledger["entries"]]
    return {e["source_id"] for e in entries if e["disposition"] == "ACCEPTED"}


def test_the_topic_of_an_ode_is_read_as_it_is():
    """No header, a key that is no name: the topic's rule knows format and source."""
    log = a_log()
    messages = list(read_messages(DATA / "jpo-ode/bsmLogDuringEvent.json"))[:20]
    shift_us = START_US - messages[0].receive_time_us // 1000 * 1000
    for k, one in enumerate(messages):
        at_us = one.receive_time_us + shift_us
        unnamed = {"format": "", "source": "", "key": f"stream-{k}"}
        log.add(at_us, one.payload, BSM, shift_us=shift_us, **unnamed)
    outputs = outputs_of(log, foreign=FOREIGN)
    assert {fate[0] for fate in fates(outputs)} == {"ACCEPTED"}
    assert senders(outputs) == {"ode"}


@pytest.mark.parametrize(
    ("named", "sender"),
    [
        ({"source": "header", "key": "key"}, "header"),
        ({"source": "", "key": "key"}, "key"),
        ({"source": "", "key": ""}, "payload"),
    ],
)
def test_header_goes_before_key_and_key_before_payload(named, sender):
    log = a_log("header", "key", "payload")
    log.add(START_US + 50_000, a_line(START_US, source="payload"), RSM, format="", **named)
    assert senders(outputs_of(log, foreign=FOREIGN)) == {sender}


def test_the_key_of_a_topic_without_keys_is_not_looked_at():
    log = a_log("payload")
    rule = FOREIGN[RSM]._replace(keyed=False)
    body = a_line(START_US, source="payload")
    log.add(START_US + 50_000, body, RSM, format="", source="", key="anything")
    assert senders(outputs_of(log, foreign={RSM: rule})) == {"payload"}


def test_header_goes_before_entry_and_entry_before_topic():
    log = a_log("unit-1", format=FORMAT)
    rule = FOREIGN[RSM]._replace(format="cap")
    body = a_line(START_US)
    log.add(START_US + 50_000, body, RSM, format="")
    log.add(START_US + 60_000, body + b" ", RSM, format="rsm.json")
    log.add(START_US + 70_000, body + b"  ", RSM, format="", source="unit-2")
    outputs = outputs_of(log, foreign={RSM: rule._replace(closed=False)})
    assert fates(outputs) == {
        ("ACCEPTED", ""): 1, ("REJECTED", "MISSING_FIELD"): 1, ("REJECTED", "MALFORMED"): 1
    }  # fmt: skip


def test_only_declared_sources_send_on_a_closed_topic():
    log = a_log()
    log.add(START_US + 50_000, a_line(START_US), RSM, format="", source="stranger")
    assert fates(outputs_of(log, foreign=FOREIGN)) == {("REJECTED", "UNKNOWN_SOURCE"): 1}


def taken(pipeline, received_us, offset):
    """A record whose time the sender chose."""
    record = a_raw_record(offset, received_us, a_line(received_us - 50_000), format=FORMAT)
    pipeline.take(LogRecord(BSM, 0, record))


@pytest.mark.parametrize(("behind_us", "reason"), [(400_000, ""), (600_000, "BEHIND_WATERMARK")])
def test_a_record_behind_the_disorder_bound_is_late_by_that_name(behind_us, reason):
    """The first of its partition as any other: what the watermark has passed is over."""
    pipeline, disorder_us = Pipeline(Parameters(), foreign=FOREIGN), 500_000
    outputs = pipeline.advance(START_US - disorder_us)
    taken(pipeline, START_US - behind_us, 0)
    outputs += pipeline.advance(START_US + 10 * SECOND_US)
    entries = [e for v in values(outputs, "ledger.records") for e in v["entries"]]
    assert [entry["reason"] for entry in entries] == [reason]


def test_disorder_within_the_bound_changes_nothing_but_the_order_of_offsets():
    """Two partitions that are read in any order, and records out of order in one."""
    found = []
    for order in ((0, 1, 2, 3), (2, 0, 3, 1)):
        pipeline = Pipeline(Parameters(), foreign=FOREIGN)
        for k in order:
            taken(pipeline, START_US + k * 100_000, k)
        outputs = pipeline.advance(START_US + 30 * SECOND_US)
        found.append([(o.route, o.key, o.value) for o in outputs if o.route != "ledger.records"])
    assert found[0] == found[1]
    assert found[0]


def test_topics_of_an_ode_and_of_a_dris_are_read_by_their_rules():
    """No header, keys that name nobody: the front alone, which gives each its disposition."""
    rules = {
        name: TopicRule(form, KINDS[kind], kind != "probe", source=name, keyed=False)
        for name, (form, kind, _) in TOPICS.items()
    }
    log, front = a_log(), Stage(Front(Parameters(), decode, DEFAULTS | rules), share_source)
    for name, (_, kind, _) in TOPICS.items():
        log.declare(name, kind=kind, format=None)
    for k in range(5):
        for name in TOPICS:
            at_us = START_US + k * 100_000
            body = body_of(name, k, at_us - 60_000)
            log.add(at_us, body, name, format="", source="", key=f"stream-{k}")
    for one in log.in_order():
        event = pack_raw(one.record)
        if one.topic == SOURCES:
            front.broadcast(event)
        front.take(f"{one.topic}/{one.partition}", event)
    found = Counter()
    for ledger in values(front.advance(FOREVER_US), "ledger.records"):
        for entry in ledger["entries"]:
            found[ledger["topic"], entry["source_id"], entry["disposition"]] += entry["records"]
    assert {key: n for key, n in found.items() if key[0] != SOURCES} == {
        (name, name, fate): 5 for name, (_, _, fate) in TOPICS.items()
    }
