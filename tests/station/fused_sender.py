"""Writes pictures into `fused.objects` as the fusion job does, in transactions, without a Flink."""

import threading
import time

import msgspec
from confluent_kafka import KafkaException, Producer

from jobs.runtime.clock import now_us
from operators.routes import OBJECTS
from tests.schemas.packing import packed_example
from tests.station.oracle import MOST_S

PICTURE = packed_example("picture", "two-objects-of-two-sources")
CELLS = 40
COMMIT_S = 0.25
ABORTS = 7  # every so many transactions one is taken back, and its records come again


class FusedSender(threading.Thread):
    """A picture of each cell, at a tick of its own for each transaction, until told to stop."""

    def __init__(self, kafka, codec):
        super().__init__(daemon=True)
        self.codec = codec
        self.ended = threading.Event()
        self.failure = None
        self.committed = 0
        config = {
            "transactional.id": "fused-sender",
            "transaction.timeout.ms": 600_000,  # a transaction outlives the broker's absence
            "log_level": 0,
            "linger.ms": 2,
        }
        self.producer = Producer(kafka.client() | config)

    def run(self):
        try:
            self.producer.init_transactions(MOST_S)
            while not self.ended.is_set():
                self.send(self.committed % ABORTS == ABORTS - 1)
                time.sleep(COMMIT_S)
        except Exception as error:  # told to the test, which fails
            self.failure = error

    def end(self):
        self.ended.set()
        self.join(MOST_S)
        assert not self.is_alive()
        assert self.failure is None

    def send(self, spoil):
        tick_us = now_us() // 100_000 * 100_000
        records = [self.record(cell, tick_us) for cell in range(CELLS)]
        if spoil:
            self.attempt(records, self.producer.abort_transaction)
        while not self.attempt(records, self.producer.commit_transaction):
            self.patiently(self.producer.abort_transaction)
        self.committed += 1

    def record(self, cell, tick_us):
        made = PICTURE | {
            "tick_us": tick_us, "cell": PICTURE["cell"] + cell, "cell_key": f"cell-{cell:02}",
            "sequence": self.committed,
        }  # fmt: skip
        return made["cell_key"], self.codec.encode(OBJECTS, msgspec.msgpack.encode(made))

    def attempt(self, records, close):
        """Whether the records of one transaction went the way of `close`."""
        self.producer.begin_transaction()
        try:
            for key, value in records:
                self.producer.produce(OBJECTS, value, key)
            self.patiently(self.producer.flush)
            self.patiently(close)
        except KafkaException as error:
            if not error.args[0].txn_requires_abort():
                raise
            return False
        return True

    @staticmethod
    def patiently(call):
        """Call again while the broker is away; it is asked about the same transaction."""
        for _ in range(60):
            try:
                return call(5.0)
            except KafkaException as error:
                if not error.args[0].retriable():
                    raise
        raise TimeoutError
