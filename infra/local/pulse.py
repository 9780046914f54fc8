"""The pulse: keeps the time of the station going when the road is silent.

    python -m infra.local.pulse --config FILE

A watermark is the least of all partitions, so a silent partition holds everybody up. The pulse
appends a record with key ``pulse`` and no value to each partition of the raw topics every 20 ms,
and to those of the other topics every second. It does not look whether a partition was silent:
asking the broker costs more than the record, and pulses beside traffic change no row. Pulses that
the broker does not take at once are thrown away, so none pile up while it is down.
"""

import argparse
import contextlib
import signal
import sys
import time
from pathlib import Path

from confluent_kafka import KafkaException, Producer

import schemas
from jobs import settings

RAW_PERIOD_S = 0.020
FUSED_PERIOD_S = 1.0
KEY = b"pulse"
_SLOW = round(FUSED_PERIOD_S / RAW_PERIOD_S)
_LOOK = 10 * _SLOW  # beats between two looks for new partitions


def is_fast(topic: str) -> bool:
    """Whether a topic drives the fusion job, so that its silence is in every latency."""
    return topic.startswith("raw.") or topic == "station.sources"


def partitions(to: Producer) -> list[tuple[str, int]]:
    """List all partitions of the catalogue's topics as the broker has them: (topic, number).

    Raises
    ------
    confluent_kafka.KafkaException
        If the broker does not answer within half a second.
    """
    there = to.list_topics(timeout=0.5).topics
    return [
        (name, number)
        for name in schemas.topics()
        if name in there
        for number in there[name].partitions
    ]


def producer(given: settings.Settings) -> Producer:
    """Give a producer that forgets what it cannot deliver at once."""
    config = {
        "acks": 1,
        "linger.ms": 2,  # the pulses of one beat go out in one request
        "message.timeout.ms": 500,
        "queue.buffering.max.messages": 10_000,
        "reconnect.backoff.ms": 20,
        "reconnect.backoff.max.ms": 200,
        "enable.idempotence": False,
        "delivery.report.only.error": True,
        "log_level": 0,
    }
    return Producer(given.kafka.client() | config)


def beat(to: Producer, targets: list[tuple[str, int]]) -> None:
    """Append one pulse to each partition."""
    with contextlib.suppress(BufferError):  # the broker is away; the next beat will do
        for topic, partition in targets:
            to.produce(topic, key=KEY, value=None, partition=partition)


def main() -> int:
    """Run until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.pulse")
    parser.add_argument("--config", type=Path, required=True)
    given = settings.load(parser.parse_args().config)
    stopped = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.append(True))
    to, beats, due_s = producer(given), 0, time.monotonic()
    targets: list[tuple[str, int]] = []
    while not stopped:
        if beats % _LOOK == 0:
            with contextlib.suppress(KafkaException):  # the broker is away; what was known stays
                targets = partitions(to)
        fast_only = beats % _SLOW != 0
        beat(to, [target for target in targets if is_fast(target[0]) or not fast_only])
        to.poll(0)
        beats += 1
        due_s = max(due_s + RAW_PERIOD_S, time.monotonic())  # what was missed is not made up for
        time.sleep(max(0.0, due_s - time.monotonic()))
    to.purge()
    return 0


if __name__ == "__main__":
    sys.exit(main())
