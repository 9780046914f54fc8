"""The service job: fused topics -> messages for vehicles, one tick after the other.

A plain consumer and producer, no Flink (decision 12): what it sends is worth something for a
tenth of a second, so it reads uncommitted, begins at now whenever it starts, and never waits for
what is late. Run it with ``python -m jobs.services --config station.toml``.
"""

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from confluent_kafka import Producer

from jobs.io.avro import AvroCodec
from jobs.io.reader import BEGINNING, Reader, Record
from jobs.io.registry import look_up
from jobs.runtime.clock import now_us
from jobs.settings import Settings, load
from operators.decode.registry import decode
from operators.errors import DecodeError
from operators.fused import snapshot
from operators.ingress import DEFAULTS
from operators.raw import RawRecord, pack_raw
from operators.routes import (
    CONTEXT,
    CPM,
    LINKS,
    NETWORK,
    OBJECTS,
    ROAD_EVENTS,
    RSM,
    SDSM,
    SIGNALS,
    SOURCES,
    SUBSCRIPTIONS,
    VEHICLE,
)
from operators.services.riders import parse_subscription
from operators.services.together import Services
from operators.sources import entry_at
from operators.step import Output

STALE_US = 1_000_000  # an older tick is not sent any more
PROBES = "raw.probe"
TOPICS = {
    OBJECTS: 3_000_000,
    LINKS: 3_000_000,
    PROBES: 5_000_000,
    ROAD_EVENTS: BEGINNING,
    SIGNALS: 3_000_000,
    NETWORK: BEGINNING,
    CONTEXT: BEGINNING,
    SOURCES: BEGINNING,
    SUBSCRIPTIONS: BEGINNING,
}
FORMATS = {RSM: b"rsm.json", SDSM: b"sdsm.json", CPM: b"cpm.json", VEHICLE: b"vehicle.json"}
_AVRO = (OBJECTS, LINKS, CONTEXT, SIGNALS, NETWORK, ROAD_EVENTS)
_REPORT_US = 10_000_000
_LOG = logging.getLogger(__name__)


class Job:
    """Takes records batch by batch and sends what they lead to.

    Parameters
    ----------
    station_id
        Of this station.
    codec
        Reads the Avro topics.
    send
        Takes the outputs of one tick.
    clock
        Wall time, microseconds.
    """

    def __init__(
        self,
        station_id: str,
        codec: AvroCodec,
        send: Callable[[Iterable[Output]], None],
        clock: Callable[[], int] = now_us,
    ) -> None:
        self._services = Services(station_id)
        self._codec = codec
        self._send = send
        self._clock = clock
        self._ages_us: list[int] = []
        self._told_us = clock()
        self.stale = 0
        self._take = {
            OBJECTS: self._picture,
            LINKS: self._links,
            PROBES: self._probe,
            CONTEXT: self._feature,
            SIGNALS: self._decoded(self._services.take_signals),
            NETWORK: self._decoded(self._services.take_network),
            ROAD_EVENTS: self._decoded(self._services.take_event),
            SOURCES: self._source,
            SUBSCRIPTIONS: self._subscription,
        }

    def take(self, records: Iterable[Record]) -> None:
        """Take one batch; what is said about vehicles and areas goes before the pictures."""
        for record in sorted(records, key=lambda one: one.topic == OBJECTS):
            self._take[record.topic](record)
        if self._clock() - self._told_us > _REPORT_US:
            self._report()

    def _picture(self, record: Record) -> None:
        closed = self._services.take_picture(snapshot(self._codec.decode(OBJECTS, record.value)))
        if closed is None:
            return
        if self._clock() - closed.tick_us > STALE_US:
            self.stale += 1
            return
        self._send(self._services.send(closed))
        self._ages_us.append(self._clock() - closed.tick_us)

    def _links(self, record: Record) -> None:
        if self._services.riders.sources:
            self._services.riders.linked(self._codec.decode(LINKS, record.value))

    def _probe(self, record: Record) -> None:
        source_id = (record.headers.get("source") or record.key).decode("latin-1")
        if source_id not in self._services.riders.sources:
            return
        entry = entry_at(self._services.entries, source_id, record.appended_us)
        default = (entry.format if entry is not None else None) or DEFAULTS[PROBES].format
        name = record.headers.get("format", b"").decode("latin-1") or default
        try:
            frames = decode(name, record.value, record.appended_us).frames
        except DecodeError:
            return  # the fusion job rejects it by name
        place = (record.topic, record.partition, record.offset)
        self._services.riders.heard(place, source_id, frames, record.appended_us)

    def _feature(self, record: Record) -> None:
        fields = self._codec.decode(CONTEXT, record.value)
        self._services.take_feature(msgspec.msgpack.encode(fields))

    def _decoded(self, take: Callable[[dict[str, Any]], None]) -> Callable[[Record], None]:
        return lambda record: take(self._codec.decode(record.topic, record.value))

    def _source(self, record: Record) -> None:
        raw = RawRecord(
            offset=record.offset,
            receive_time_us=record.appended_us,
            shift_us=0,
            format="",
            source="",
            key="",
            body=record.value,
        )
        self._services.take_source(pack_raw(raw))

    def _subscription(self, record: Record) -> None:
        try:
            self._services.riders.subscribe(parse_subscription(record.value))
        except DecodeError as error:
            _LOG.warning("%s/%d: %s", record.topic, record.offset, error)

    def _report(self) -> None:
        ages = sorted(self._ages_us)
        if ages:
            worst = ages[len(ages) * 99 // 100]
            words = "%d ticks, age when sent %d ms p50, %d ms p99, %d too old to send"
            _LOG.info(words, len(ages), ages[len(ages) // 2] // 1000, worst // 1000, self.stale)
        self._ages_us, self._told_us, self.stale = [], self._clock(), 0


def producer(settings: Settings) -> Producer:
    """Give a producer that forgets what it cannot deliver while it is worth something."""
    config = {
        "acks": 1,
        "linger.ms": 2,
        "message.timeout.ms": STALE_US // 1000,
        "enable.idempotence": False,
        "compression.type": "lz4",
        "message.max.bytes": 16_000_000,
    }
    return Producer(settings.kafka.client() | config)


def sender(to: Producer) -> Callable[[Iterable[Output]], None]:
    """Give what sends outputs through a producer."""

    def send(outputs: Iterable[Output]) -> None:
        for output in outputs:
            headers = [("format", FORMATS[output.route])]
            to.produce(output.route, output.value, output.key, headers=headers)
        to.poll(0)

    return send


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; exit status 1 if reading failed."""
    parser = argparse.ArgumentParser(prog="services", description="The service job.")
    parser.add_argument("--config", type=Path, help="station.toml; default: as `station` takes it")
    settings = load(parser.parse_args(arguments).config)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)  # the registry's client tells each request
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    to = producer(settings)
    job = Job(settings.run.station_id, AvroCodec(look_up(settings.registry.address(), _AVRO)),
              sender(to))  # fmt: skip
    reader = Reader(settings.kafka, TOPICS, job.take)
    reader.start()
    while reader.failure is None and not stopping.wait(0.5):
        pass
    reader.stop()
    to.flush(1.0)
    if reader.failure is not None:
        _LOG.critical("reading ended: %r", reader.failure)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
