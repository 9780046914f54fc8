"""How long a tick takes until a query of the warehouse sees it, and where the time goes.

    python -m benchmarks.visible [--units N] [--seconds N] [--out FILE]

Roadside units send live to a station of its own. Beside it a reader of committed pictures notes
when it saw each, and a client of the warehouse asks ten times a second which is the newest tick
of each cell. What each figure is: `benchmarks/README.md`.
"""

import argparse
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from confluent_kafka import Consumer, Message, TopicPartition

from benchmarks import mixes
from benchmarks.machine import description, load_average
from benchmarks.measure import BenchmarkError
from infra.demo.run import client_of
from infra.local.station import LocalStation
from infra.replay.outbox import producer_of
from infra.replay.send import send_live
from jobs.io.avro import AvroCodec
from jobs.io.registry import register_all
from jobs.runtime.clock import now_us
from jobs.settings import Settings
from operators.routes import OBJECTS

_SERVED = ("broker", "registry", "engine", "pulse", "fusion", "warehouse")  # no segment job
_ASK_S = 0.1
_TRACKS_S = 1.0  # `digital_track` of all tracks is not cheap
_REST_S = 6.0  # until the last blocks are in
_CUT_US = 1_000_000  # of blocks of pictures, as `jobs.warehouse` cuts them
_PERCENTILES = (50, 99)

# (cell_key, tick): a picture
Picture = tuple[str, int]


class Came(NamedTuple):
    """When a picture was appended, and when a reader of committed records had it; microseconds."""

    append_us: int
    read_us: int


class Repeatedly(threading.Thread):
    """Calls something again and again until it is told to end."""

    def __init__(self, act: Callable[[], None], pause_s: float) -> None:
        super().__init__(daemon=True)
        self._act, self._pause_s = act, pause_s
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(self._pause_s):
            self._act()

    def end(self) -> None:
        self._ended.set()
        self.join(30.0)


class CommittedReader:
    """Notes pictures of committed records, and how far each partition is."""

    def __init__(self, settings: Settings, codec: AvroCodec) -> None:
        self.came: dict[Picture, Came] = {}
        self.marks: dict[int, list[Came]] = {}  # of each partition, pulses too
        self._codec = codec
        self._consumer = Consumer(
            {
                **settings.kafka.client(),
                "group.id": "benchmark-visible",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 20,
            }
        )
        known = self._consumer.list_topics(timeout=30.0).topics[OBJECTS].partitions
        self._consumer.assign([TopicPartition(OBJECTS, number, 0) for number in known])

    def read(self) -> None:
        """Take what is there."""
        for message in self._consumer.consume(1000, 0.02):
            if message.error() is None:
                self._note(message, now_us())

    def _note(self, message: Message, read_us: int) -> None:
        came = Came(message.timestamp()[1] * 1000, read_us)
        self.marks.setdefault(message.partition(), []).append(came)
        if message.value() is not None:
            picture = self._codec.decode(OBJECTS, message.value())
            if picture["count"]:
                self.came[picture["cell_key"], picture["tick_us"]] = came

    def passed_us(self, cut_us: int) -> float:
        """When all partitions had shown a record behind a cut: then the job can know its block."""
        times = [next((one.read_us for one in marks if one.append_us > cut_us), np.inf)
                 for marks in self.marks.values()]  # fmt: skip
        return float(max(times))


class Asker:
    """Notes when a query sees the newest tick of each cell."""

    def __init__(self, settings: Settings) -> None:
        self.seen: dict[str, list[tuple[int, int]]] = {}  # by cell: newest tick, answered at
        self._client = client_of(settings)
        self._since_us = now_us()

    def ask(self) -> None:
        """Ask once; the last table of a block is asked, so all others have it."""
        rows = self._client.execute(
            "SELECT cell_key, toUnixTimestamp64Micro(max(tick)) FROM picture"
            " WHERE tick > fromUnixTimestamp64Micro(%(since)s) GROUP BY cell_key",
            {"since": self._since_us},
        )
        answered_us = now_us()
        for cell, tick_us in rows:
            known = self.seen.setdefault(cell, [])
            if not known or known[-1][0] < tick_us:
                known.append((tick_us, answered_us))

    def visible_us(self, picture: Picture) -> float:
        """When a picture was seen; infinite if it never was."""
        cell, tick = picture
        seen = self.seen.get(cell, [])
        return next((float(at) for newest, at in seen if newest >= tick), np.inf)


class TrackAsker:
    """Notes how old the newest end of a live track is in `digital_track`."""

    def __init__(self, settings: Settings) -> None:
        self.age_us: list[int] = []
        self._client = client_of(settings)

    def ask(self) -> None:
        """Ask once."""
        query = "SELECT toUnixTimestamp64Micro(max(ended)) FROM digital_track(track=0)"
        newest = self._client.execute(query)[0][0]
        if newest > 0:
            self.age_us.append(now_us() - newest)


def parts_of(reader: CommittedReader, asker: Asker, since_us: int) -> dict[str, Any]:
    """Seconds of each part of the way, for each picture from `since_us` on.

    Raises
    ------
    BenchmarkError
        If a picture that was committed never became visible.
    """
    pictures = sorted(one for one in reader.came if one[1] >= since_us)
    if not pictures:
        msg = "no picture with objects came while messages were sent"
        raise BenchmarkError(msg)
    tick = np.array([tick for _, tick in pictures], float)
    append, read = np.array([reader.came[one] for one in pictures], float).T
    cuts = np.ceil(append / _CUT_US) * _CUT_US
    passed = {cut: reader.passed_us(cut) for cut in set(cuts.tolist())}
    ready = np.maximum(read, [passed[cut] for cut in cuts.tolist()])
    visible = np.array([asker.visible_us(one) for one in pictures])
    if not np.isfinite(visible).all():
        msg = f"{np.isinf(visible).sum()} of {len(pictures)} pictures never became visible"
        raise BenchmarkError(msg)
    spans = {
        "fused": append - tick,
        "committed": read - append,
        "cut": ready - read,
        "inserted": visible - ready,
        "visible": visible - tick,
    }
    return {name: span / 1e6 for name, span in spans.items()}


def measure(station: LocalStation, units: int, warm_s: float, seconds: float) -> dict[str, Any]:
    """Percentiles of the parts of the way, in seconds, of what came after `warm_s`."""
    settings = station.resolved
    codec = AvroCodec(register_all(settings.registry.address()))
    mix = mixes.rsm(warm_s + seconds, settings.flink.parallelism, units)
    reader, asker, tracks = CommittedReader(settings, codec), Asker(settings), TrackAsker(settings)
    threads = [Repeatedly(reader.read, 0.0), Repeatedly(asker.ask, _ASK_S),
               Repeatedly(tracks.ask, _TRACKS_S)]  # fmt: skip
    for thread in threads:
        thread.start()
    sender = producer_of(settings.kafka)
    send_live(mix.messages, mix.entries, sender)
    ended_us = now_us()
    time.sleep(_REST_S)
    for thread in threads:
        thread.end()
    spans = parts_of(reader, asker, round(ended_us - seconds * 1e6))
    found = {name: np.percentile(span, _PERCENTILES).tolist() for name, span in spans.items()}
    found["digital_track"] = np.percentile(np.array(tracks.age_us) / 1e6, _PERCENTILES).tolist()
    return {
        "records_per_s": len(mix.messages) / (warm_s + seconds),
        "pictures": len(spans["visible"]),
        "seconds": found,
        "load_average": load_average(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.visible")
    parser.add_argument(
        "--units", type=int, default=24, help="roadside units, 10 messages a second"
    )
    parser.add_argument("--warm-s", type=float, default=20.0, help="before anything counts")
    parser.add_argument("--seconds", type=float, default=40.0, help="that count")
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="visible-") as folder,
        LocalStation(Path(folder), _SERVED) as station,
    ):
        found = measure(station, given.units, given.warm_s, given.seconds)
    print(f"{found['records_per_s']:,.0f} messages/s, {found['pictures']:,} pictures with objects")
    for name, (middle, late) in found["seconds"].items():
        print(f"{name:14} p50 {middle:6.2f} s   p99 {late:6.2f} s")
    if given.out:
        result = {"machine": description()} | found
        given.out.write_bytes(msgspec.json.format(msgspec.json.encode(result)) + b"\n")


if __name__ == "__main__":
    main()
