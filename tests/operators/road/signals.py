"""Signal messages and pieces of a network, as senders write them, about the cell of the tests."""

import json
from datetime import UTC, datetime

from tests.builders import HOME, START_US, degrees

SIGNAL = "raw.signal"
RED, GREEN = 3, 6


def mark(at_us):
    """TimeMark of an instant."""
    return at_us % 3_600_000_000 // 100_000


def a_spat(at_us=START_US, phases=None, intersection=7, ends_us=()):
    """SPATEM at an instant; phases by group, likely ends by group."""
    at = datetime.fromtimestamp(at_us / 1e6, UTC)
    minute = (at_us // 1_000_000 - int(datetime(at.year, 1, 1, tzinfo=UTC).timestamp())) // 60
    ends = dict(ends_us)
    states = [
        {"signal_group": group, "state_time_speed": [
            {"event_state": phase, "timing": {"min_end_time": mark(ends.get(group, at_us)),
                                              "likely_time": mark(ends.get(group, at_us))}}]}
        for group, phase in (phases or {1: RED, 2: GREEN}).items()
    ]  # fmt: skip
    known = {"id": {"region": 250, "id": intersection}, "revision": 1, "status": []}
    known |= {"moy": minute, "timestamp": at_us // 1000 % 60_000, "states": states}
    body = {"protocol_version": 2, "station_id": 1, "intersections": [known]}
    whole = {"message_type": "spatem", "source_uuid": "r", "timestamp": at_us // 1000}
    return json.dumps(whole | {"message": body}).encode()


def a_lane(name, points, width_m=3.5, **fields):
    """A lane of the test cell, points in metres about its centre."""
    places = [degrees(x, y, HOME)[::-1] for x, y in points]
    return {"name": name, "points": places, "width_m": width_m} | fields


def a_segment(name, *lanes, **fields):
    return {"name": name, "lanes": list(lanes)} | fields


def a_part(*segments, name="intersection/250/7", **fields):
    """A piece of a network."""
    return json.dumps({"part": name, "segments": list(segments)} | fields).encode()


def an_approach(**fields):
    """Two lanes to the east that end at a stop line at the origin; group 1 goes on, 2 turns."""
    onward = [{"lane": "out", "intersection": "250/7", "group": 1}]
    turning = [{"intersection": "250/7", "group": 2}]
    lanes = (
        a_lane("in:1", [(-200, -1.75), (0, -1.75)], turns=onward),
        a_lane("in:2", [(-200, 1.75), (0, 1.75)], turns=turning),
    )
    return a_segment("in", *lanes, stop_line=True, limit_mps=13.9, **fields)


def declared(log, kind="roadside", **fields):
    """Declare the source of signals and maps on a log."""
    log.declare("signals", kind=kind, format="spatem.json", **fields)
    return log


def say(log, at_us, body, name="spatem.json", delay_us=30_000, **fields):
    log.add(at_us + delay_us, body, SIGNAL, source="signals", format=name, **fields)
