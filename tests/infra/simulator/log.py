"""A simulation as the log that the pipeline takes."""

import json
from collections import Counter

from operators.pipeline import LogRecord
from operators.raw import RawRecord


def log_of(simulated):
    """Its source entries 6 s before the first message, then its messages."""
    offsets, log = Counter(), []
    early = simulated.sent[0].receive_time_us // 1000 * 1000 - 6_000_000
    sent = [("station.sources", early, "", e["source_id"], json.dumps(e).encode())
            for e in simulated.sources]  # fmt: skip
    sent += [(s.topic, s.receive_time_us // 1000 * 1000, s.format, s.source_id, s.payload)
             for s in simulated.sent]  # fmt: skip
    for topic, received, name, source, payload in sent:
        record = RawRecord(offsets[topic], received, 0, name, "", source, payload)
        log.append(LogRecord(topic, 0, record))
        offsets[topic] += 1
    return log
