"""Pictures and roads as the segment job reads them, about the cell of the tests."""

import msgspec
import numpy as np

import schemas
from operators.parameters import Parameters
from operators.pipeline import FOREVER_US, LogRecord, run
from operators.raw import RawRecord
from operators.road.intake import Origin, road_record, signal_record
from operators.road.network import RoadPart
from operators.road.signal import IntersectionState, SignalState
from operators.routes import NETWORK, OBJECTS, SCENE, SIGNALS, SOURCES
from operators.segments.flow import SegmentFlow
from operators.segments.scene import SEEN
from operators.segments.segment import COLUMNS
from tests.builders import HOME, SECOND_US, START_US, a_source_entry, degrees
from tests.operators.road.signals import a_lane, a_segment

TENTH_US = 100_000
CROSSING = "250/7"
PARAMETERS = Parameters()
MINUTE_US = 60 * SECOND_US
# A whole minute, so that a test knows where minutes end.
BEGIN_US = START_US // MINUTE_US * MINUTE_US


def a_road(name="road", length_m=100.0, y_m=0.0, x_m=0.0, **fields):
    """A segment of one lane to the east."""
    lane = a_lane(f"{name}:1", [(x_m, y_m), (x_m + length_m, y_m)], **fields.pop("lane", {}))
    return a_segment(name, lane, **fields)


def an_approach(name="in", length_m=100.0, y_m=0.0, group=1, **fields):
    """A segment of one lane to the east that a signal group lets go at its end."""
    turns = [{"intersection": CROSSING, "group": group}]
    lane = {"turns": turns}
    return a_road(name, length_m, y_m, lane=lane, stop_line=True, limit_mps=10.0, **fields)


def part_of(*segments, name="part"):
    return msgspec.convert({"part": name, "segments": list(segments)}, RoadPart, strict=False)


def ids_of(part):
    return {segment.name: segment.segment_id for segment in part.segments}


class States:
    """A log of the fused topics under construction."""

    def __init__(self, *segments, name="part"):
        self.records = []
        self._offsets = {}
        self.part = part_of(*segments, name=name)
        self.tell(self.part)
        self.ids = ids_of(self.part)
        self.lane_id = self.part.segments[0].lanes[0].lane_id

    def tell(self, part, at_us=BEGIN_US - 10 * SECOND_US):
        origin = Origin(at_us, "raw.signal", 0, 0, "maps")
        self._add(at_us + 50_000, NETWORK, road_record(part, origin, PARAMETERS))

    def signal(self, at_us, phases, ends_us=(), delay_us=30_000):
        """Phases by group at an instant, likely ends by group."""
        ends = dict(ends_us)
        states = tuple(
            SignalState(group, phase, likely_end_us=ends.get(group))
            for group, phase in phases.items()
        )
        origin = Origin(at_us + delay_us, "raw.signal", 0, 0, "signals")
        state = IntersectionState(CROSSING, at_us, 1, 0, states)
        body = signal_record(state, states, origin, PARAMETERS)
        self._add(at_us + delay_us + 20_000, SIGNALS, body)

    def look(self, source="unit-1", radius_m=1000.0, x_m=0.0, y_m=0.0, home=HOME):
        lat, lon = degrees(x_m, y_m, home)
        place = {"lat_deg": lat, "lon_deg": lon, "coverage_radius_m": radius_m}
        self._add(BEGIN_US - 20 * SECOND_US, SOURCES, a_source_entry(source, **place))

    def show(self, tick_us, objects=(), live=("unit-1",), cell=HOME.key, late_us=150_000,
             partition=0, **fields):  # fmt: skip
        """A picture; objects are maps of what differs from a standing car."""
        rows = np.zeros(len(objects), SEEN)
        rows["length_m"], rows["object_class"] = np.nan, 1
        for row, given in zip(rows, objects, strict=True):
            for field, value in given.items():
                row[field] = value
        value = {
            "run_id": PARAMETERS.run_id, "frame": "wgs84", "cell_key": cell, "tick_us": tick_us,
            "live_sources": list(live), "count": len(rows),
            **blank(len(rows)), **{name: rows[name].tobytes() for name in SEEN.names},
        }  # fmt: skip
        packed = msgspec.msgpack.encode(value | fields)
        self._add(tick_us + late_us, OBJECTS, packed, partition)

    def drive(self, seconds, objects_at, since_us=BEGIN_US, **fields):
        """Pictures of so many seconds; ``objects_at(t_s)`` gives the objects."""
        for k in range(round(10 * seconds)):
            self.show(since_us + k * TENTH_US, objects_at(k / 10), **fields)

    def _add(self, appended_us, topic, body, partition=0):
        offset = self._offsets.get((topic, partition), 0)
        self._offsets[topic, partition] = offset + 1
        record = RawRecord(offset, appended_us, 0, "", "", "", body)
        self.records.append(LogRecord(topic, partition, record))

    def waiting(self):
        """Key and event of everything that waits for each step, by the route that leads there."""
        flow = self._flow()
        for record in self._log():
            flow.take(record)
        found = {}
        for stage in (flow.sort, flow._stages[SCENE]):
            for key, value in found.get(SCENE, ()) if stage is not flow.sort else ():
                stage.take(key, value)
            for output in stage.advance(FOREVER_US):
                found.setdefault(output.route, []).append((output.key, output.value))
        return found

    def outputs(self, step_us=SECOND_US):
        return list(run(self._log(), self._flow(), step_us))

    def _log(self):
        return sorted(self.records, key=lambda one: one.record.receive_time_us)

    @staticmethod
    def _flow():
        return SegmentFlow(PARAMETERS, lambda _topic, value: msgspec.msgpack.decode(value))


def blank(count):
    """All columns of a picture of so many objects about which nothing is known."""
    fields = schemas.load("picture")["fields"]
    elements = {f["name"]: np.dtype(f["element"]) for f in fields if "element" in f}
    columns = {name: bytes(count * kind.itemsize) for name, kind in elements.items()}
    return columns | {"features": [], "weather": []}


def table(value, columns=COLUMNS):
    """Columns of a record."""
    return {name: np.frombuffer(value[name], kind) for name, kind in columns.items()}


def states(outputs, route, period_us=SECOND_US):
    """Records of a topic and period by the second since the begin."""
    found = [msgspec.msgpack.decode(one.value) for one in outputs if one.route == route]
    return {
        (value["start_us"] - BEGIN_US) // SECOND_US: value
        for value in found
        if value.get("period_us", period_us) == period_us
    }
