"""What third parties, maps and signals say in the recordings of schedules, on topics of their own.

Weather; an alert that is cancelled; lanes along the objects' paths; signals whose map another
source sent, both on topics of others: what a crash or another order could upset on its way.
"""

from operators.frame import SourceKind
from operators.ingress import TopicRule
from operators.raw import RawRecord
from tests.builders import START_US, degrees
from tests.operators.decode.test_cap import alert, info
from tests.operators.road.signals import GREEN, RED, a_lane, a_part, a_segment, a_spat

SPAT, MAP = "topic.OdeSpatJson", "topic.OdeMapJson"
FOREIGN = {
    SPAT: TopicRule("spatem.json", SourceKind.ROADSIDE, True, source="lights", keyed=False),
    MAP: TopicRule("network.json", SourceKind.ROADSIDE, True, source="maps", keyed=False),
}
FEEDS = ("zbaa", "office")
Sent = list[tuple[str, int, RawRecord]]
Paths = list[tuple[float, float, float, float]]
_SENT = ("2026-09-21T13:00:00+00:00", "2026-09-21T13:01:00+00:00")
_WEATHER = b"METAR ZBAA 211330Z 03003MPS 9999 FEW040 10/M02 Q1026"


def context(paths: Paths, seconds: float) -> Sent:
    """All of it: topic, partition and record, without offsets."""
    said = [
        ("raw.context", 1.0, "metar", "zbaa", _WEATHER),
        ("raw.context", 1.2, "cap", "office", _alert(paths[0])),
        ("raw.context", 2.6, "cap", "office", _all_clear()),
        (MAP, 0.3, "", "", _lanes(paths, 8.0)),
        (MAP, 2.4, "", "", _lanes(paths, 12.0)),
    ]
    for k in range(round(seconds * 10)):
        at_us = START_US + k * 100_000
        body = a_spat(at_us, {1: RED if k < 21 else GREEN, 2: GREEN})
        said.append((SPAT, k / 10 + 0.03, "", "", body))
    return [(topic, 0, _record(at_s, *named)) for topic, at_s, *named in said]


def _record(at_s: float, form: str, key: str, body: bytes) -> RawRecord:
    return RawRecord(0, START_US + round(at_s * 1000) * 1000, 0, form, "", key, body)


def _alert(path: tuple[float, float, float, float]) -> bytes:
    lat, lon = degrees(*path[:2])
    area = f"<circle>{lat:.7f},{lon:.7f} 0.02</circle>"
    times = "<onset>2026-01-01T00:00:00Z</onset>"
    return bytes(alert(info(area, times=times), "a0", "Alert", sent=_SENT[0]).encode())


def _all_clear() -> bytes:
    named = f"fire@city,a0,{_SENT[0]}"
    return bytes(alert("", "a1", "Cancel", sent=_SENT[1], references=named).encode())


def _lanes(paths: Paths, width_m: float) -> bytes:
    lanes = [
        a_lane(
            f"lane-{k}",
            [(x - 150.0, y), (x + 150.0, y)],
            width_m,
            both_ways=True,
            turns=[{"intersection": "250/7", "group": 1 + k % 2}],
        )
        for k, (x, y, _, _) in enumerate(paths)
    ]
    return bytes(a_part(*(a_segment(f"s-{k}", lane) for k, lane in enumerate(lanes))))
