"""How long a committed reader stands still when a writer dies inside a transaction.

    python -m benchmarks.edges [--timeout 20]

A broker alone, and two writers: one dies with an open transaction, the other goes on. What the
second wrote is hidden from committed readers until the first transaction ends: when its writer
comes back under the same id, or when its time is over.
"""

import argparse
import tempfile
import time
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from infra.local.station import LocalStation

TOPIC = "edges"
BACK_S = 3.0


def writer(bootstrap, name, timeout_s):
    """A transactional producer whose transactions end by themselves after a while."""
    made = Producer(
        {
            "bootstrap.servers": bootstrap,
            "transactional.id": name,
            "transaction.timeout.ms": int(timeout_s * 1000),
            "log_level": 0,
        }
    )
    made.init_transactions(30.0)
    return made


def leave_open(bootstrap, name, timeout_s):
    """A writer that has written into a transaction and not ended it."""
    made = writer(bootstrap, name, timeout_s)
    made.begin_transaction()
    made.produce(TOPIC, b"open")
    made.flush(10.0)
    return made


def write(bootstrap):
    """Write one record outside of any transaction."""
    made = Producer({"bootstrap.servers": bootstrap})
    made.produce(TOPIC, b"mark")
    made.flush(10.0)


def stall_s(bootstrap, wake=None):
    """Seconds until a committed reader sees a new record; `wake` is called while it waits."""
    reader = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "edges",
            "isolation.level": "read_committed",
            "fetch.wait.max.ms": 50,
            "log_level": 0,
        }
    )
    reader.list_topics(TOPIC, 10.0)  # so that it knows the topic
    end = reader.get_watermark_offsets(TopicPartition(TOPIC, 0), 10.0)[1]
    reader.assign([TopicPartition(TOPIC, 0, end)])
    write(bootstrap)
    began = time.monotonic()
    try:
        while (message := reader.poll(0.05)) is None or message.value() != b"mark":
            if wake is not None and time.monotonic() - began > BACK_S:
                wake, _ = None, wake()
        return time.monotonic() - began
    finally:
        reader.close()


def measure(bootstrap, timeout_s):
    """Lines of figures."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(TOPIC, 1, 1)], operation_timeout=30.0)[TOPIC].result(30.0)
    write(bootstrap)
    yield f"no open transaction: {stall_s(bootstrap):.1f} s"
    kept = leave_open(bootstrap, "back", timeout_s)
    back = stall_s(bootstrap, lambda: writer(bootstrap, "back", timeout_s))
    yield f"the writer comes back {BACK_S:.0f} s later: {back:.1f} s"
    kept = leave_open(bootstrap, "gone", timeout_s)
    yield f"the writer stays away, timeout {timeout_s:.0f} s: {stall_s(bootstrap):.1f} s"
    try:
        kept.commit_transaction(10.0)
        yield "a commit after the timeout: taken"
    except KafkaException as error:
        yield f"a commit after the timeout: refused, {error.args[0].name()}"


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.edges")
    parser.add_argument("--timeout", type=float, default=20.0, help="of the transactions, seconds")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalStation(Path(folder), parts=("broker",), jobs=()) as station,
    ):
        for line in measure(station.bootstrap, given.timeout):
            print(line, flush=True)


if __name__ == "__main__":
    main()
