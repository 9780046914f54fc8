"""The generated rows beside those of the simulated district, column by column."""

import json
from collections import Counter
from pathlib import Path

import msgspec

from benchmarks.warehouse.engine import column_bytes, engine, merge
from infra.simulator.scenario import Scenario, simulate
from jobs.io.clickhouse import Block, Warehouse
from operators.parameters import Parameters
from operators.pipeline import LogRecord, Pipeline, run
from operators.raw import RawRecord
from operators.routes import OBJECTS

START_US = 1_790_000_000_000_000


def district_bytes(folder: Path, seconds: float) -> dict[str, float]:
    """Compressed bytes a row of each column, of the demo's district fused in memory."""
    simulated = simulate(Scenario(start_us=START_US, duration_s=seconds, seed=3))
    offsets: Counter[str] = Counter()
    early = simulated.sent[0].receive_time_us // 1000 * 1000 - 6_000_000
    sent = [("station.sources", early, "", e["source_id"], json.dumps(e).encode())
            for e in simulated.sources]  # fmt: skip
    sent += [(s.topic, s.receive_time_us // 1000 * 1000, s.format, s.source_id, s.payload)
             for s in simulated.sent]  # fmt: skip
    log = []
    for topic, received, name, source, payload in sent:
        record = RawRecord(offsets[topic], received, 0, name, "", source, payload)
        log.append(LogRecord(topic, 0, record))
        offsets[topic] += 1
    outputs = run(log, Pipeline(Parameters()))
    pictures = [msgspec.msgpack.decode(o.value) for o in outputs if o.route == OBJECTS]
    with engine(folder) as (client, settings, _):
        warehouse = Warehouse(settings)
        for k in range(0, len(pictures), 100):
            warehouse.insert(Block(OBJECTS, pictures[k : k + 100], f"district:{k}"))
        warehouse.close()
        merge(client)
        return column_bytes(client, "fused_object_state")
