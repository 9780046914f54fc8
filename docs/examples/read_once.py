"""Read `fused.objects` so that each picture comes exactly once: committed records alone.

    python docs/examples/read_once.py --bootstrap HOST:PORT --registry URL [--pictures N]

A picture is seen up to one checkpoint (1 s) after it was made. Offsets are committed behind the
work, so after a crash of *this* process the last pictures come again: keep the offset with
what you make of them if that matters.
"""

import argparse
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
from confluent_kafka import Consumer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

import schemas
from schemas.reader import ColumnReader

TOPIC = "fused.objects"


def pictures(bootstrap: str, registry: str, isolation: str, group: str) -> Iterator[dict[str, Any]]:
    """Pictures as they come, without end; pulses are passed over."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "isolation.level": isolation,
            "auto.offset.reset": "latest",
            "enable.auto.commit": True,
        }
    )
    read = AvroDeserializer(SchemaRegistryClient({"url": registry}), schemas.text("picture"))
    context = SerializationContext(TOPIC, MessageField.VALUE)
    consumer.subscribe([TOPIC])
    try:
        while True:
            message = consumer.poll(1.0)
            if message is None or message.error() or message.value() is None:
                continue
            yield read(message.value(), context)
    finally:
        consumer.close()


def main() -> None:
    """Print a line for each picture with objects."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--registry", required=True)
    parser.add_argument("--pictures", type=int, default=0, help="end after so many; 0: never")
    given = parser.parse_args()
    reader = ColumnReader(schemas.load("picture"), np.frombuffer)
    read = pictures(given.bootstrap, given.registry, "read_committed", "example-once")
    for number, picture in enumerate(read, 1):
        columns = reader.columns(picture)
        speeds = np.hypot(columns["velocity_east_mps"], columns["velocity_north_mps"])
        mean = float(speeds.mean()) if len(speeds) else 0.0
        sys.stdout.write(
            f"{picture['cell_key']} {picture['tick_us']} {picture['count']} objects,"
            f" mean speed {mean:.1f} m/s\n"
        )
        if number == given.pictures:
            return


if __name__ == "__main__":
    main()
