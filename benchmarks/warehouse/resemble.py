"""The demo's district, fused in memory and loaded: columns to compare, an hour's bytes."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from benchmarks.warehouse.engine import column_bytes, engine, merge, sizes
from infra.simulator.scenario import Scenario, simulate
from infra.simulator.stories import Stories
from jobs.io.clickhouse import Block, Warehouse
from operators.parameters import Parameters
from operators.pipeline import LogRecord, Pipeline, run
from operators.raw import RawRecord
from operators.routes import CONTEXT, NETWORK, OBJECTS, SIGNALS, TOPICS
from operators.segments.flow import SegmentFlow
from operators.step import Output

START_US = 1_790_000_040_000_000  # the start of a minute, so that sums by minutes are of whole ones
SECONDS = 120.0
HOUR_ROWS = 36_000  # of an object that is shown at each tick
_SECOND_US = 1_000_000
_READ = (OBJECTS, SIGNALS, NETWORK, CONTEXT)  # by the segment job


class District(NamedTuple):
    """What the tables hold of the district.

    Parameters
    ----------
    columns
        Compressed bytes a row of each column of `fused_object_state`.
    hour
        Bytes of an hour of one object, by table: what all of a table takes, over the object rows.
    """

    columns: dict[str, float]
    hour: dict[str, float]


def district(folder: Path, seconds: float = SECONDS) -> District:
    """Simulate, fuse, and load all that both jobs publish."""
    fused = [one for one in run(_log(seconds), Pipeline(Parameters())) if one.route in TOPICS]
    outputs = [*fused, *_segments(fused)]
    with engine(folder) as (client, settings, _):
        warehouse = Warehouse(settings)
        for number, block in enumerate(_blocks(outputs)):
            warehouse.insert(Block(block[0], block[1], f"district:{number}"))
        warehouse.close()
        merge(client)
        size = sizes(client)
        rows = size["fused_object_state"][0]
        hour = {table: HOUR_ROWS * held / rows for table, (_, held) in size.items()}
        return District(column_bytes(client, "fused_object_state"), hour)


def _log(seconds: float) -> Iterator[LogRecord]:
    """The district's source entries 6 s before the first message, then its messages."""
    scenario = Scenario(start_us=START_US, duration_s=seconds, seed=3, stories=Stories())
    simulated = simulate(scenario)
    offsets: Counter[str] = Counter()
    early = simulated.sent[0].receive_time_us // 1000 * 1000 - 6 * _SECOND_US
    sent = [("station.sources", early, "", e["source_id"], json.dumps(e).encode())
            for e in simulated.sources]  # fmt: skip
    sent += [(s.topic, s.receive_time_us // 1000 * 1000, s.format, s.source_id, s.payload)
             for s in simulated.sent]  # fmt: skip
    for topic, received, name, source, payload in sent:
        record = RawRecord(offsets[topic], received, 0, name, "", source, payload)
        yield LogRecord(topic, 0, record)
        offsets[topic] += 1


def _segments(fused: list[Output]) -> Iterator[Output]:
    """What the segment job makes of it, as if each record came a second after what it tells."""
    timed = []
    for number, one in enumerate(fused):
        if one.route in _READ:
            told = msgspec.msgpack.decode(one.value)
            at_us = told.get("tick_us", told.get("receive_time_us")) + _SECOND_US
            timed.append((at_us, number, one.route, one.value))
    committed = (
        LogRecord(topic, 0, RawRecord(number, at_us, 0, "", "", "", value))
        for at_us, number, topic, value in sorted(timed)
    )
    return run(committed, SegmentFlow(Parameters(), lambda _, value: msgspec.msgpack.decode(value)))


def _blocks(outputs: list[Output]) -> Iterator[tuple[str, list[Any]]]:
    """Records of each topic, a hundred in a block."""
    by_topic = defaultdict(list)
    for one in outputs:
        by_topic[one.route].append(msgspec.msgpack.decode(one.value))
    for topic, records in by_topic.items():
        for k in range(0, len(records), 100):
            yield topic, records[k : k + 100]
