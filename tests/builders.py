"""What tests are made of: records, frames and logs with every field open to be overridden."""

import json
from collections import Counter, defaultdict

import msgspec
import numpy as np

from operators.frame import Frame, SourceKind, empty_observations
from operators.parameters import Parameters
from operators.pipeline import LogRecord, Pipeline, run
from operators.raw import RawRecord
from operators.report import LINK_ROW
from operators.routes import SOURCES
from operators.step import State
from operators.track import TRACK_ROW
from operators.transform.cells import cell, owner
from tests.accounts import assert_accounts_close, by_topic

START_US = 1_790_000_000_000_000  # a whole second
SECOND_US = 1_000_000
ROADSIDE, PROBE, CONTEXT = "raw.roadside", "raw.probe", "raw.context"
FORMAT = "recording.json"
HOME = cell(owner(39.90, 116.40, 7))


def degrees(x_m, y_m, home=HOME):
    """Latitude and longitude of a point in the frame of a cell."""
    lon, lat = home.frame.to_geographic(np.array([float(x_m)]), np.array([float(y_m)]))
    return float(lat[0]), float(lon[0])


def an_observation(x_m=0.0, y_m=0.0, home=HOME, **fields):
    """One object of a recording at a place of a cell, or in local axes if `home` is None."""
    if home is None:
        place = {"x": x_m, "y": y_m}
    else:
        lat, lon = degrees(x_m, y_m, home)
        place = {"lat_deg": lat, "lon_deg": lon}
    return place | {"class": "car", "position_cov": [0.25, 0.0, 0.0, 0.25]} | fields


def a_line(event_us, objects=None, source="unit-1", **fields):
    """Body of one source frame of a recording."""
    objects = [an_observation()] if objects is None else objects
    local = bool(objects) and "x" in objects[0]
    line = {"source": source, "event_time_us": event_us, "frame": "local" if local else "wgs84"}
    return json.dumps(line | {"objects": objects} | fields).encode()


def a_source_entry(source_id="unit-1", **fields):
    """Body of a record of `station.sources`."""
    entry = {"source_id": source_id, "kind": "roadside", "format": FORMAT}
    return json.dumps(entry | fields).encode()


def a_raw_record(offset=0, receive_us=START_US, body=b"{}", **fields):
    """A raw record of `unit-1`."""
    named = {"shift_us": 0, "format": FORMAT, "source": "unit-1", "key": ""} | fields
    return RawRecord(offset=offset, receive_time_us=receive_us, body=body, **named)


def a_frame(places=((0.0, 0.0),), event_us=START_US, **fields):
    """A packed-able frame of objects at places of its cell."""
    places = np.reshape(np.asarray(places, float), (-1, 2))
    seen = empty_observations(len(places))
    seen["index"] = np.arange(len(places))
    seen["x_m"], seen["y_m"] = places.T
    seen["cov_xx_m2"] = seen["cov_yy_m2"] = 0.25
    seen["cov_xy_m2"] = 0.0
    known = {
        "source_id": "unit-1",
        "kind": SourceKind.ROADSIDE,
        "flags": 0,
        "event_time_us": event_us,
        "receive_time_us": event_us + 50_000,
        "topic": ROADSIDE,
        "partition": 0,
        "offset": 0,
        "payload_hash": 0,
        "coverage_x_m": 0.0,
        "coverage_y_m": 0.0,
        "coverage_radius_m": float("nan"),
        "observations": seen,
    }
    return Frame(**(known | fields))


class Log:
    """A log under construction; offsets are counted for each partition."""

    def __init__(self):
        self.records = []
        self._offsets = Counter()

    def add(self, receive_us, body, topic=ROADSIDE, partition=0, **fields):
        offset = self._offsets[topic, partition]
        self._offsets[topic, partition] += 1
        record = a_raw_record(offset, receive_us, body, **fields)
        self.records.append(LogRecord(topic, partition, record))

    def declare(self, *names, receive_us=START_US - 10 * SECOND_US, **fields):
        for name in names:
            self.add(receive_us, a_source_entry(name, **fields), SOURCES, source="", key=name)

    def see(self, event_us, objects=None, source="unit-1", delay_us=50_000, **fields):
        body = a_line(event_us, objects, source)
        self.add(event_us + delay_us, body, source=source, **fields)

    def in_order(self):
        return sorted(self.records, key=lambda r: r.record.receive_time_us)


def a_log(*names, **fields):
    """A log in which sources are declared, `unit-1` if none is named."""
    log = Log()
    log.declare(*(names or ("unit-1",)), **fields)
    return log


def outputs_of(log, parameters=None, step_us=1_000_000, **pieces):
    """Everything that the pipeline sends to topics for a log; both ledgers close over it."""
    pipeline = Pipeline(parameters or Parameters(), **pieces)
    outputs = list(run(log.in_order(), pipeline, step_us))
    assert_accounts_close(by_topic(outputs), log.records)
    return outputs


def values(outputs, route):
    """Records of one topic as maps, in the order sent."""
    return [msgspec.msgpack.decode(o.value) for o in outputs if o.route == route]


def column(value, name, kind):
    """One packed column of a picture or of links."""
    return np.frombuffer(value[name], kind)


def tallies(outputs):
    """Records by (disposition, reason) over all ledgers of records."""
    counts = Counter()
    for ledger in values(outputs, "ledger.records"):
        for entry in ledger["entries"]:
            counts[entry["disposition"], entry["reason"]] += entry["records"]
    return counts


def fates(outputs):
    """Number of records by disposition and reason, without the source entries."""
    return {key: n for key, n in tallies(outputs).items() if key[0] != "SOURCE"}


def uses(outputs):
    """Observations by use over all ledgers of observations."""
    counts = Counter()
    for ledger in values(outputs, "ledger.observations"):
        for entry in ledger["entries"]:
            counts[entry["use"]] += entry["observations"]
    return counts


def content(outputs):
    """Outputs by route and key, each in its order: what must not depend on interleaving."""
    by_key = defaultdict(list)
    for output in outputs:
        by_key[output.route, output.key].append(output.value)
    return dict(by_key)


def kept(state, result):
    """The state of a key after a result, as a runtime keeps it."""
    entries = dict(state.entries)
    for name, value in result.entries.items():
        if value is None:
            entries.pop(name, None)
        else:
            entries[name] = value
    return State(result.value, entries)


def a_row(**fields):
    """One confirmed track at the centre of its cell."""
    row = np.zeros(1, TRACK_ROW)
    row["track_id"], row["confirmed"], row["existence"] = 1, 1, 1.0
    row["born_us"] = row["last_us"] = START_US
    for name, value in fields.items():
        row[name] = value
    return row


def a_link(**fields):
    """One link of an observation."""
    link = np.zeros(1, LINK_ROW)
    link["use"], link["track_id"] = 1, 1
    for name, value in fields.items():
        link[name] = value
    return link
