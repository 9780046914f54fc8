"""What happened in the district beside what the station told of it: events, queues at signals."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from rich.table import Table

import schemas
from infra.simulator.junctions import JunctionLane
from infra.simulator.scenario import Simulated
from infra.simulator.signal_messages import REGION
from infra.simulator.stories import Happened, happened
from infra.simulator.truth import Truth
from operators._typing import FloatArray, IntArray
from schemas.reader import ColumnReader

TOPICS = ("road.events", "approaches.state")
_NEAR_M = 30.0
_EARLY_US = 3_000_000
_SECOND_US = 1_000_000
_SEEN = 0.95  # of the lanes of a group: where more was hidden, counts are not compared
_READER = ColumnReader(schemas.load("approach_state"), np.frombuffer)


class ToldEvent(NamedTuple):
    """An event of the station: its first and last record, instants of the scenario, local metres.

    `until_us` is None while it is open.
    """

    kind: str
    from_us: int
    until_us: int | None
    confidence: float
    x_m: float
    y_m: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Stories with the event that told each, all events, and counts at signals.

    Parameters
    ----------
    stories
        Each with its event, None if there was none.
    events
        All.
    vehicles : ndarray of shape (n, 2)
        Vehicles on the lanes of a signal group at the end of a second: true, told.
    """

    stories: list[tuple[Happened, ToldEvent | None]]
    events: list[ToldEvent]
    vehicles: IntArray


def compare(
    simulated: Simulated, records: Iterable[tuple[str, Mapping[str, Any]]], shift_us: int
) -> Comparison:
    """Compare the truth with committed records of `TOPICS`.

    Parameters
    ----------
    simulated
        The district.
    records
        (topic, record) pairs.
    shift_us
        How much later than in the scenario its messages were sent.
    """
    told: list[Mapping[str, Any]] = []
    states: list[Mapping[str, Any]] = []
    for topic, record in records:
        (told if topic == "road.events" else states).append(record)
    events = told_events(told, simulated.truth, shift_us)
    stories = [
        (story, told_by(story, events, simulated.truth)) for story in happened(simulated.truth)
    ]
    return Comparison(stories, events, _vehicles(simulated, states, shift_us))


def told_events(
    records: Iterable[Mapping[str, Any]], truth: Truth, shift_us: int
) -> list[ToldEvent]:
    """Events in the order of their opening."""
    first: dict[int, Mapping[str, Any]] = {}
    last: dict[int, Mapping[str, Any]] = {}
    for record in records:
        first.setdefault(record["event_id"], record)
        last[record["event_id"]] = record
    found = []
    for event_id, record in first.items():
        lat, lon, alt = (np.array(v) for v in (record["lat_e7"] / 1e7, record["lon_e7"] / 1e7, 0.0))
        x, y, _ = truth.placement.wgs84_to_local(lat, lon, alt)
        end = last[event_id]
        until_us = end["tick_us"] - shift_us if end["change"] == "closed" else None
        found.append(
            ToldEvent(record["kind"], record["opened_us"] - shift_us, until_us,
                      record["confidence"], float(x), float(y))
        )  # fmt: skip
    return sorted(found, key=lambda one: one.from_us)


def told_by(story: Happened, events: Sequence[ToldEvent], truth: Truth) -> ToldEvent | None:
    """The first event of a story's kind that opened while it went on, where its object was."""
    (at,) = np.nonzero(truth.object_id == story.object_id)
    for event in events:
        if event.kind != story.kind or not (
            story.from_us - _EARLY_US <= event.from_us <= story.until_us + _EARLY_US
        ):
            continue
        inside_us = min(max(event.from_us, story.from_us), story.until_us)
        place = truth.at(np.array([inside_us]), at)
        if np.hypot(place.x_m[0, 0] - event.x_m, place.y_m[0, 0] - event.y_m) < _NEAR_M:
            return event
    return None


def _vehicles(simulated: Simulated, states: Iterable[Mapping[str, Any]], shift_us: int) -> IntArray:
    """True and told numbers of vehicles for each group and second that was looked at."""
    lanes = {
        (f"{REGION}/{junction.number}", group.number): [
            lane
            for lane in junction.lanes
            if lane.kind == "vehicle" and group.number in {way.group for way in lane.ways}
        ]
        for junction in simulated.junctions
        for group in junction.groups
    }
    found = []
    for state in states:
        end_us = state["start_us"] + _SECOND_US - shift_us
        if not simulated.truth.time_us[0] <= end_us <= simulated.truth.time_us[-1]:
            continue
        columns = _READER.columns(state)
        for k, group in enumerate(columns["signal_group"].tolist()):
            known = lanes.get((state["intersection"], group))
            if known and columns["seen"][k] >= _SEEN:
                true = sum(_on(lane, simulated.truth, end_us) for lane in known)
                found.append((true, int(columns["vehicles"][k])))
    return np.array(found, np.int64).reshape(-1, 2)


def _on(lane: JunctionLane, truth: Truth, time_us: int) -> int:
    """Motor vehicles whose middle is on a lane."""
    state = truth.at(np.array([time_us]))
    motor = np.isin(truth.object_class, (1, 2, 3, 4, 5, 10)) & state.present[0]
    places = np.column_stack([state.x_m[0, motor], state.y_m[0, motor]])
    return int((_across_m(lane.points, places) <= lane.width_m / 2).sum())


def _across_m(line: FloatArray, places: FloatArray) -> FloatArray:
    """Distance of places from a line, inf beyond its ends."""
    best = np.full(len(places), np.inf)
    for start, end in pairwise(line):
        way = end - start
        share = (places - start) @ way / (way @ way)
        away = np.hypot(*(places - start - share[:, None] * way).T)
        best = np.minimum(best, np.where((share >= 0) & (share <= 1), away, np.inf))
    return best


def tables(found: Comparison, start_us: int) -> list[Table]:
    """Stories with their events, all events by kind, counts at signals.

    Parameters
    ----------
    found
        What was compared.
    start_us
        Of the scenario; seconds are counted from there.
    """

    def clock(at_us: int | None) -> str:
        return "" if at_us is None else f"{(at_us - start_us) / 1e6:.1f}"

    stories = Table(title="What happened, and what the station told; seconds of the district")
    stories.add_column("what")
    for name in ("from", "to", "told from", "to", "after s", "confidence"):
        stories.add_column(name, justify="right")
    for story, event in found.stories:
        row = [story.kind, clock(story.from_us), clock(story.until_us)]
        if event is not None:
            after_s = (event.from_us - story.from_us) / 1e6
            row += [clock(event.from_us), clock(event.until_us) or "open", f"{after_s:.1f}",
                    f"{event.confidence:.2f}"]  # fmt: skip
        stories.add_row(*row)
    events = Table(title="Events in all")
    events.add_column("kind")
    events.add_column("events", justify="right")
    for kind, count in sorted(Counter(event.kind for event in found.events).items()):
        events.add_row(kind, str(count))
    return [stories, events, _counts(found.vehicles)]


def _counts(vehicles: IntArray) -> Table:
    made = Table(title="Vehicles on the lanes of a signal group, each second that was looked at")
    for name in ("seconds of groups", "true mean", "told mean", "right", "within one"):
        made.add_column(name, justify="right")
    if len(vehicles):
        true, told = vehicles.T
        off = np.abs(told - true)
        made.add_row(str(len(off)), f"{true.mean():.2f}", f"{told.mean():.2f}",
                     f"{(off == 0).mean():.0%}", f"{(off <= 1).mean():.0%}")  # fmt: skip
    return made
