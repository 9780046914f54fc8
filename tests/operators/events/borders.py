"""A road through three cells, and its users in the pictures of the cells that they are in."""

import random

import msgspec
import numpy as np

from benchmarks.events.town import a_lane
from operators.pipeline import LogRecord, run
from operators.raw import RawRecord
from operators.road.intake import Origin, road_record
from operators.road.network import RoadPart, Segment
from operators.routes import CONTEXT, NETWORK, OBJECTS, ROAD_EVENTS
from operators.segments.flow import SegmentFlow
from operators.transform.cells import cell, owner
from tests.builders import HOME, START_US
from tests.operators.events.pictures import PARAMETERS, TICK_US, a_picture, tracks

# To the east, 80 m beside the corner where three cells meet; places are in the frame of the first.
Y_M, FIRST_M, SECOND_M = 700.0, 943.0, 1197.0  # where it enters the second and the third cell
EAST_M, WEST_M = Y_M - 1.75, Y_M + 1.75
WHO = {"run_id": PARAMETERS.run_id, "station_id": PARAMETERS.station_id}


def a_road():
    there = a_lane("R:e", [(500.0, EAST_M), (1700.0, EAST_M)])
    back = a_lane("R:w", [(1700.0, WEST_M), (500.0, WEST_M)])
    return RoadPart("road", (Segment("R:e", (there,), 25.0), Segment("R:w", (back,), 25.0)))


def owner_at(x_m, y_m):
    lon, lat = HOME.frame.to_geographic(np.array([float(x_m)]), np.array([float(y_m)]))
    return owner(float(lat[0]), float(lon[0]), 7)


CELLS = [owner_at(x, Y_M) for x in (FIRST_M - 20, FIRST_M + 20, SECOND_M + 20)]


def a_car(track_id, x_m, v_mps=0.0, y_m=EAST_M, **fields):
    looks = np.pi if v_mps < 0 else 0.0
    place = {"track_id": track_id, "x_m": x_m, "y_m": y_m, "vx_mps": v_mps, "heading_rad": looks}
    return place | fields


def pictures(seconds, place, shows=None, step_us=2 * TICK_US):
    """Pictures of the three cells; `shows(user, t)` is the cell that shows a user, if not where
    it is."""
    shows = shows or (lambda user, t: owner_at(user["x_m"], user["y_m"]))
    for tick_us in range(START_US + step_us, START_US + round(seconds * 1e6) + 1, step_us):
        t = (tick_us - START_US) / 1e6
        users = place(t)
        for key in CELLS:
            mine = tracks(*(user for user in users if shows(user, t) == key))
            lon, lat = HOME.frame.to_geographic(mine["x_m"].copy(), mine["y_m"].copy())
            mine["x_m"], mine["y_m"] = cell(key).frame.to_local(lon, lat)
            yield a_picture(mine, tick_us, key, frame="wgs84", live_sources=[])


def told(shown, features=(), late_us=lambda key: 150_000, step_us=1_000_000):
    """Records of `road.events` that the steps of the segment job make of pictures."""
    origin = Origin(START_US, "raw.signal", 0, 0, "city")
    said = [(NETWORK, 0, START_US, road_record(a_road(), origin, PARAMETERS))]
    said += [(CONTEXT, 0, at_us, msgspec.msgpack.encode(one | WHO)) for at_us, one in features]
    newest_us = dict.fromkeys(CELLS, 0)
    for picture in shown:
        key = picture["cell_key"]
        newest_us[key] = max(newest_us[key], picture["tick_us"] + late_us(key))
        body = msgspec.msgpack.encode(picture | WHO)
        said.append((OBJECTS, CELLS.index(key), newest_us[key], body))
    said.sort(key=lambda one: one[2])
    log = [
        LogRecord(topic, part, RawRecord(k, at_us, 0, "", "", "", body))
        for k, (topic, part, at_us, body) in enumerate(said)
    ]
    flow = SegmentFlow(PARAMETERS, lambda _topic, value: msgspec.msgpack.decode(value))
    found = [one.value for one in run(log, flow, step_us) if one.route == ROAD_EVENTS]
    return [msgspec.msgpack.decode(value) for value in found]


def of_kind(records, kind):
    return [one for one in records if one["kind"] == kind]


def late_by_chance(seed, most_us=250_000):
    """Delays of cells that speak in no order."""
    rng = random.Random(seed)
    return lambda key: 150_000 + rng.randrange(0, most_us, 1000)
