"""Road users as tracks with honest noise, through the publish and the event step in memory."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from operators._typing import FloatArray, RecordArray
from operators.enrich.versions import share_feature
from operators.envelope import Kind, seal
from operators.events.join import EventJoin
from operators.events.step import EventStep
from operators.frame import ObjectClass
from operators.parameters import Parameters
from operators.pipeline import Stage
from operators.publish import Publish
from operators.report import Report, encoder
from operators.road.intake import CellRoad, CellSignals, Origin
from operators.road.network import RoadPart
from operators.road.signal import IntersectionState, SignalState
from operators.routes import OBJECTS, ROAD_EVENTS
from operators.track import TRACK_ROW
from operators.transform.cells import Cell

STEP_S = 0.1
PARAMETERS = Parameters()
START_US = 1_790_000_000_000_000
_PLACE_TAU_S, _SPEED_TAU_S = 1.0, 0.5  # for how long the error of a track lasts


@dataclass(frozen=True, slots=True)
class Actor:
    """One road user, each tenth of a second from `first` on.

    Parameters
    ----------
    track_id, object_class, length_m, width_m
        Who it is.
    first
        Step at which it is seen first.
    x_m, y_m, vx_mps, vy_mps, heading_rad : ndarrays of shape (T,)
        In the frame of the cell.
    """

    track_id: int
    object_class: int
    length_m: float
    width_m: float
    first: int
    x_m: FloatArray
    y_m: FloatArray
    vx_mps: FloatArray
    vy_mps: FloatArray
    heading_rad: FloatArray


SIZES = {
    ObjectClass.CAR: (4.6, 1.82),
    ObjectClass.BUS: (12.0, 2.55),
    ObjectClass.TRUCK: (9.0, 2.5),
    ObjectClass.EMERGENCY: (6.0, 2.1),
    ObjectClass.PEDESTRIAN: (0.5, 0.6),
    ObjectClass.BICYCLE: (1.8, 0.65),
}


def an_actor(
    track_id: int,
    path: Sequence[tuple[float, float]],
    speed_mps: float,
    phases: Sequence[tuple[float, float]],
    *,
    kind: ObjectClass = ObjectClass.CAR,
    from_s: float = 0.0,
) -> Actor:
    """Somebody who drives along a line.

    Parameters
    ----------
    track_id, kind
        Who.
    path
        Corners, metres; it ends where the path ends.
    speed_mps
        At the start.
    phases
        Seconds and acceleration along the path, one behind the other; never backwards.
    from_s
        When it starts.
    """
    gained = np.concatenate([np.full(round(s / STEP_S), a) for s, a in phases])
    speed = np.zeros(len(gained))
    now = speed_mps
    for k, acceleration in enumerate(gained):
        now = max(now + acceleration * STEP_S, 0.0)
        speed[k] = now
    corners = np.array(path, float)
    lengths = np.hypot(*np.diff(corners, axis=0).T)
    marks = np.concatenate([[0.0], np.cumsum(lengths)])
    gone = np.cumsum(speed) * STEP_S
    kept = gone < marks[-1]
    gone, speed = gone[kept], speed[kept]
    leg = np.searchsorted(marks, gone, side="right").clip(1, len(lengths)) - 1
    unit = np.diff(corners, axis=0) / lengths[:, None]
    place = corners[leg] + unit[leg] * (gone - marks[leg])[:, None]
    heading = np.arctan2(unit[leg, 1], unit[leg, 0])
    velocity = unit[leg] * speed[:, None]
    return Actor(
        track_id, kind, *SIZES[kind], round(from_s / STEP_S), *place.T, *velocity.T, heading
    )


@dataclass(slots=True)
class Noise:
    """Errors of tracks that last, as large as their covariances say.

    Parameters
    ----------
    sigma_m, sigma_mps
        Of each axis.
    rng
        Chance.
    """

    sigma_m: float
    sigma_mps: float
    rng: np.random.Generator
    errors: dict[int, FloatArray] = field(default_factory=dict)

    def apply(self, rows: RecordArray) -> None:
        """Put the errors of this tick on rows of dtype `TRACK_ROW`."""
        keep = np.exp(-STEP_S / np.array([_PLACE_TAU_S] * 2 + [_SPEED_TAU_S] * 2))
        sigma = np.array([self.sigma_m] * 2 + [self.sigma_mps] * 2)
        ids = rows["track_id"].tolist()
        fresh = self.rng.normal(size=(len(ids), 4)) * sigma
        before = np.array([self.errors.get(k, f) for k, f in zip(ids, fresh, strict=True)])
        now = before.reshape(-1, 4) * keep + np.sqrt(1.0 - keep**2) * fresh
        self.errors = dict(zip(ids, now, strict=True))
        for k, name in enumerate(("x_m", "y_m", "vx_mps", "vy_mps")):
            rows[name] += now[:, k]
        rows["cov_xx_m2"] = rows["cov_yy_m2"] = self.sigma_m**2
        rows["velocity_variance_m2ps2"] = self.sigma_mps**2


class Events:
    """The event step and the joining, one behind the other."""

    def __init__(self) -> None:
        self.watch = Stage(EventStep(PARAMETERS), share_feature)
        self._join = Stage(EventJoin())

    def advance(self, until_us: int) -> Iterator[dict[str, object]]:
        """Records of `road.events` that come of the passing of time."""
        for output in self.watch.advance(until_us):
            self._join.take(output.key, output.value)
        for output in self._join.advance(until_us):
            assert output.route == ROAD_EVENTS
            yield msgspec.msgpack.decode(output.value)


class Feed:
    """Publish and events over one cell.

    Parameters
    ----------
    home
        The cell.
    parts
        Pieces of the network.
    """

    def __init__(self, home: Cell, parts: Sequence[RoadPart] = ()) -> None:
        self._home = home
        self._publish = Stage(Publish(PARAMETERS), share_feature)
        self.events = Events()
        self._count = 0
        for part in parts:
            road = encoder.encode(CellRoad(self._origin(START_US), part))
            envelope = seal(START_US, Kind.ROAD, road)
            self._publish.take(home.key, envelope)
            self.events.watch.take(home.key, envelope)

    def _origin(self, at_us: int) -> Origin:
        self._count += 1
        return Origin(at_us, "raw.signal", 0, self._count, "city")

    def tell(self, feature: Mapping[str, object], at_us: int) -> None:
        """Tell of a third party's feature."""
        whole = {
            "issued_us": None, "valid_from_us": None, "valid_to_us": None, "radius_m": None,
            "cancelled": False, "properties": {}, "source_id": "feed", "topic": "raw.context",
            "partition": 0, "offset": self._origin(at_us).offset, "receive_time_us": at_us,
        }  # fmt: skip
        packed = encoder.encode(whole | dict(feature))
        self._publish.broadcast(packed)
        self.events.watch.broadcast(packed)

    def show(self, intersection: str, phases: Mapping[int, int], tick_us: int) -> None:
        """Tell what the signals of an intersection show."""
        states = tuple(SignalState(group, phase) for group, phase in sorted(phases.items()))
        state = IntersectionState(intersection, tick_us, None, 0, states)
        packed = encoder.encode(CellSignals(tick_us, self._origin(tick_us), state))
        due_us = tick_us + PARAMETERS.cut_us
        self._publish.take(self._home.key, seal(due_us, Kind.SIGNAL, packed))

    def tick(self, rows: RecordArray, tick_us: int) -> Iterator[dict[str, object]]:
        """Records of `road.events` of one tick of tracks, dtype `TRACK_ROW`."""
        report = Report(tick_us, rows.tobytes(), ["unit"], b"", [], [], ["unit"], [])
        due_us = tick_us + PARAMETERS.cut_us
        self._publish.take(self._home.key, seal(due_us, Kind.PICTURE, encoder.encode(report)))
        for output in self._publish.advance(due_us):
            if output.route == OBJECTS:
                self.events.watch.take(output.key, seal(due_us, Kind.PICTURE, output.value))
        yield from self.drain(due_us)

    def drain(self, until_us: int) -> Iterator[dict[str, object]]:
        """Records that come of the passing of time."""
        return self.events.advance(until_us)


def rows_at(actors: Sequence[Actor], step: int, tick_us: int) -> RecordArray:
    """True tracks at a step, dtype `TRACK_ROW`."""
    there = [a for a in actors if 0 <= step - a.first < len(a.x_m)]
    rows = np.zeros(len(there), TRACK_ROW)
    for k, actor in enumerate(there):
        at = step - actor.first
        for name in ("x_m", "y_m", "vx_mps", "vy_mps", "heading_rad"):
            rows[k][name] = getattr(actor, name)[at]
        for name in ("track_id", "object_class", "length_m", "width_m"):
            rows[k][name] = getattr(actor, name)
    certain(rows, tick_us)
    return rows


def certain(rows: RecordArray, tick_us: int) -> None:
    """Fill what is the same in all rows of tracks that are seen now."""
    rows["confirmed"], rows["existence"], rows["class_probability"] = 1, 1.0, 1.0
    rows["acceleration_mps2"] = rows["turn_rate_radps"] = rows["height_m"] = np.nan
    rows["born_us"] = rows["last_us"] = tick_us
    rows["observations"], rows["sources"] = 1, 1
