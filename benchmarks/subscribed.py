"""How old surroundings of subscribed vehicles are at their reader, in a live station.

    python -m benchmarks.subscribed [--vehicles 1000] [--warm-s 40] [--seconds 40] [--out FILE]

Vehicles report once a second to a station of its own (broker, fusion and service job), each is
subscribed, and a reader takes every record of `service.vehicle`. Work is read time - tick - cut, as
for the fused topic, whose reader runs beside. Sender, readers and station share the machine.
"""

import argparse
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from confluent_kafka import Consumer, TopicPartition

from benchmarks import mixes
from benchmarks.machine import description, load_average
from benchmarks.measure import BenchmarkError
from benchmarks.mixes import Mix
from infra.demo.watch import LiveReader
from infra.local.station import LocalStation
from infra.replay.outbox import producer_of
from infra.replay.send import send_live
from jobs.io.avro import AvroCodec
from jobs.io.registry import register_all
from jobs.runtime.clock import now_us
from jobs.sections import Kafka
from jobs.settings import Settings
from operators.routes import SUBSCRIPTIONS, VEHICLE

_PARTS = ("broker", "registry", "engine", "pulse", "fusion")  # and the services
_PERCENTILES = (50, 99)


class Told(msgspec.Struct):
    """What is looked at of a record of `service.vehicle`."""

    tick_us: int
    vehicle: msgspec.Raw
    objects: list[msgspec.Raw]


@dataclass(slots=True)
class Seen:
    """Records of `service.vehicle`: when each was read, of which tick, and what it held."""

    tick_us: list[int] = field(default_factory=list)
    read_us: list[int] = field(default_factory=list)
    found: list[bool] = field(default_factory=list)
    objects: list[int] = field(default_factory=list)
    size: list[int] = field(default_factory=list)

    def take(self, payload: bytes, read_us: int) -> None:
        """Note one record."""
        told = msgspec.json.decode(payload, type=Told)
        self.tick_us.append(told.tick_us)
        self.read_us.append(read_us)
        self.found.append(bytes(told.vehicle) != b"null")
        self.objects.append(len(told.objects))
        self.size.append(len(payload))


class VehicleReader(threading.Thread):
    """Reads `service.vehicle` from its end on."""

    def __init__(self, kafka: Kafka) -> None:
        super().__init__(daemon=True)
        self.seen = Seen()
        self._ended = threading.Event()
        self._consumer = Consumer({**kafka.client(), "group.id": "benchmark-subscribed"})
        known = self._consumer.list_topics(timeout=30.0).topics[VEHICLE].partitions
        places = [TopicPartition(VEHICLE, number) for number in known]
        for place in places:
            place.offset = self._consumer.get_watermark_offsets(place, 10.0)[1]
        self._consumer.assign(places)

    def run(self) -> None:
        while not self._ended.is_set():
            for message in self._consumer.consume(2000, 0.02):
                if message.error() is None and message.value() is not None:
                    self.seen.take(message.value(), now_us())
        self._consumer.close()

    def end(self) -> Seen:
        """What was seen."""
        self._ended.set()
        self.join(30.0)
        return self.seen


def subscribe(mix: Mix, kafka: Kafka) -> int:
    """Subscribe every vehicle of a fleet; how many there are."""
    vehicles = {(one.source_id, _vehicle_of(one.payload)) for one in mix.messages}
    producer = producer_of(kafka)
    for source_id, vehicle_id in sorted(vehicles):
        name = f"{source_id}/{vehicle_id}"
        wish = {"subscription_id": name, "source_id": source_id, "vehicle_id": vehicle_id}
        producer.produce(SUBSCRIPTIONS, msgspec.json.encode(wish), name)
    producer.flush(30.0)
    return len(vehicles)


def _vehicle_of(payload: bytes) -> str:
    value = msgspec.json.decode(payload)["payload"]["data"]["value"]
    return str(value["BasicSafetyMessage"]["coreData"]["id"])


def figures(seen: Seen, vehicles: int, since_us: int, until_us: int, cut_us: int) -> dict[str, Any]:
    """Percentiles of work in milliseconds, and what records of ticks of a span hold.

    Raises
    ------
    BenchmarkError
        If there are none.
    """
    tick = np.array(seen.tick_us)
    counted = np.flatnonzero((tick >= since_us) & (tick < until_us))
    if not len(counted):
        msg = f"no record of {VEHICLE} came: what is a second late is not sent any more"
        raise BenchmarkError(msg)
    work_ms = (np.array(seen.read_us) - tick - cut_us)[counted] / 1e3
    of_tick = Counter(tick[counted].tolist())
    due = round((until_us - since_us) / 100_000)
    return {
        "work_ms": np.percentile(work_ms, _PERCENTILES).tolist(),
        "ticks_told": len(of_tick) / due,
        "vehicles_told_a_tick": float(np.mean(list(of_tick.values()))) / vehicles,
        "found": float(np.array(seen.found)[counted].mean()),
        "objects": float(np.array(seen.objects)[counted].mean()),
        "bytes": float(np.array(seen.size)[counted].mean()),
    }


def measure(station: LocalStation, vehicles: int, warm_s: float, seconds: float) -> dict[str, Any]:
    """Figures of a fleet that is subscribed, of what came after `warm_s`."""
    settings = station.resolved
    codec = AvroCodec(register_all(settings.registry.address()))
    mix = mixes.fleet(warm_s + seconds, settings.flink.parallelism, vehicles)
    count = subscribe(mix, settings.kafka)
    fused = LiveReader(settings.kafka.client(), codec, settings.run.cut_us)
    reader = VehicleReader(settings.kafka)
    for thread in (fused, reader):
        thread.start()
    send_live(mix.messages, mix.entries, producer_of(settings.kafka))
    ended_us = now_us()
    time.sleep(1.0)
    ages, seen = fused.end(), reader.end()
    since_us = round(ended_us - seconds * 1e6)
    until_us = ended_us - 500_000
    of_fused = np.array(ages.since(since_us).work_us or [np.nan]) / 1e3
    return {
        "vehicles": count,
        "records_per_s": len(mix.messages) / (warm_s + seconds),
        "fused_work_ms": np.percentile(of_fused, _PERCENTILES).tolist(),
        **figures(seen, count, since_us, until_us, settings.run.cut_us),
        "load_average": load_average(),
    }


def main() -> None:
    """Run, print and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.subscribed")
    parser.add_argument("--vehicles", type=int, default=1000)
    parser.add_argument("--warm-s", type=float, default=40.0, help="before anything counts")
    parser.add_argument("--seconds", type=float, default=40.0, help="that count")
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    given = parser.parse_args()
    settings = Settings()
    chosen = replace(settings, local=replace(settings.local, services=1))
    with (
        tempfile.TemporaryDirectory(prefix="subscribed-") as folder,
        LocalStation(Path(folder), _PARTS, chosen) as station,
    ):
        found = measure(station, given.vehicles, given.warm_s, given.seconds)
    for name, value in found.items():
        shown = "  ".join(f"{one:,.2f}" for one in value) if isinstance(value, list) else value
        print(f"{name:22} {shown}")
    if given.out:
        result = {"machine": description()} | found
        given.out.write_bytes(msgspec.json.format(msgspec.json.encode(result)) + b"\n")


if __name__ == "__main__":
    main()
