"""Events by way of the segment job's steps, with the features that are broadcast."""

import msgspec
import numpy as np

from benchmarks.events.script import a_point
from benchmarks.events.town import RURAL_WEST_M, the_town
from operators.parameters import Parameters
from operators.pipeline import LogRecord, run
from operators.raw import RawRecord
from operators.road.intake import Origin, road_record
from operators.routes import CONTEXT, NETWORK, OBJECTS, ROAD_EVENTS
from operators.segments.flow import SegmentFlow
from tests.builders import START_US
from tests.operators.events.pictures import drive

PARAMETERS = Parameters()
WHO = {"run_id": PARAMETERS.run_id, "station_id": PARAMETERS.station_id}


def a_log(late_us=150_000):
    """A car on the left of a country road, beside an incident; its roads and its feature."""

    def place(t):
        return [{"x_m": -50 + 15.0 * t, "y_m": RURAL_WEST_M, "vx_mps": 15.0, "heading_rad": 0.0}]

    applies = {
        "features": ["feed/9"], "feature_count": np.array([1], "<u2").tobytes(),
        "feature_index": np.array([0], "<u2").tobytes(), "frame": "wgs84", "live_sources": [],
    }  # fmt: skip
    feature = {
        "feature_id": "feed/9", "kind": "incident", "receive_time_us": START_US,
        "area": a_point(0.0, RURAL_WEST_M), "radius_m": 50.0,
        "valid_from_us": None, "valid_to_us": None, "cancelled": False,
        "properties": {}, "topic": "raw.context", "partition": 0, "offset": 1, "issued_us": None,
    }  # fmt: skip
    origin = Origin(START_US, "raw.signal", 0, 0, "city")
    told = [(CONTEXT, START_US, msgspec.msgpack.encode(feature | WHO))]
    told += [(NETWORK, START_US, road_record(part, origin, PARAMETERS)) for part in the_town()]
    for picture in drive(6.0, place, **applies):
        body = msgspec.msgpack.encode(picture | WHO)
        told.append((OBJECTS, picture["tick_us"] + late_us, body))
    return [
        LogRecord(topic, 0, RawRecord(k, at_us, 0, "", "", "", body))
        for k, (topic, at_us, body) in enumerate(told)
    ]


def events(log, step_us=1_000_000):
    flow = SegmentFlow(PARAMETERS, lambda _topic, value: msgspec.msgpack.decode(value))
    found = [one.value for one in run(log, flow, step_us) if one.route == ROAD_EVENTS]
    return [msgspec.msgpack.decode(value) for value in found]


def test_an_event_comes_through_the_job_with_its_incident():
    told = events(a_log())
    assert {one["kind"] for one in told} == {"wrong_way"}
    assert (told[0]["change"], told[-1]["change"]) == ("opened", "closed")
    assert told[0]["incident"] == "feed/9"


def test_no_event_depends_on_how_often_the_watermark_passes():
    log = a_log()
    assert events(log, 20_000) == events(log, 5_000_000) != []
