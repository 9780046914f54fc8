"""Topics of a JPO-ODE and of a DRIS, and what their senders write into them."""

import re

from tests.operators.decode.test_hostile import SAMPLES

# Format, kind of the sources, and what becomes of a record.
TOPICS = {
    "topic.OdeBsmJson": ("bsm.json", "probe", "ACCEPTED"),
    "topic.OdePsmJson": ("psm.json", "probe", "ACCEPTED"),
    "topic.OdeSpatJson": ("spat.json", "roadside", "CONTEXT"),
    "topic.OdeMapJson": ("map.json", "roadside", "CONTEXT"),
    "topic.OdeTimJson": ("tim.json", "feed", "CONTEXT"),
    "v2x-v1-rsm": ("rsm.dris.json", "roadside", "ACCEPTED"),
}


def body_of(topic, number, at_us):
    """A message with the mark of its second, and none like another."""
    text = SAMPLES[TOPICS[topic][0]].decode()
    marks = "timeStamp" if topic == "topic.OdeSpatJson" else "secMark"
    mark = at_us // 1000 % 60_000
    return re.sub(rf'"{marks}": ?\d+', f'"{marks}": {mark}', text).encode() + b" " * number
