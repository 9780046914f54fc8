"""Topics of a JPO-ODE and of a DRIS, and what their senders write into them."""

import re
from datetime import UTC, datetime

from tests.operators.decode.test_hostile import SAMPLES

# Format, kind of the sources, and what becomes of a record.
TOPICS = {
    "topic.OdeBsmJson": ("bsm.json", "probe", "ACCEPTED"),
    "topic.OdePsmJson": ("psm.json", "probe", "ACCEPTED"),
    "topic.OdeSpatJson": ("spat.json", "roadside", "CONTEXT"),
    "topic.OdeMapJson": ("map.json", "roadside", "CONTEXT"),
    "topic.OdeTimJson": ("tim.json", "feed", "CONTEXT"),
    "v2x-v1-rsm": ("rsm.dris.json", "roadside", "ACCEPTED"),
    "v2x-v1-bsm": ("bsm.dris.json", "probe", "ACCEPTED"),
    "v2x-v1-spat": ("spat.dris.json", "roadside", "CONTEXT"),
    "v2x-v1-rsi": ("rsi.dris.json", "feed", "CONTEXT"),
}


def body_of(topic, number, at_us):
    """A message with the mark of its second or its instant, and none like another.

    The sources have the names of their topics, also where a message names its own.
    """
    text = SAMPLES[TOPICS[topic][0]].decode()
    marks = "timeStamp" if topic == "topic.OdeSpatJson" else "secMark"
    text = re.sub(rf'"{marks}": ?\d+', f'"{marks}": {at_us // 1000 % 60_000}', text)
    text = re.sub(r'"(esn|spat_source_id)": "[^"]+"', rf'"\1": "{topic}"', text)
    instant = datetime.fromtimestamp(at_us / 1e6, UTC).isoformat(timespec="milliseconds")
    return re.sub(r'"time_stamp": "[^"]+"', f'"time_stamp": "{instant}"', text).encode() + (
        b" " * number
    )
