"""What happens in a district on demand: a breakdown, an ambulance, a wrong-way driver.

The first two drive in SUMO, whose traffic reacts to them. A wrong-way driver SUMO does not know:
it is put into the truth, at the time of a span at which it has most room.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from infra.simulator.truth import TRUTH_ROW, Truth
from operators._typing import FloatArray, RecordArray
from operators.frame import ObjectClass

BREAKDOWN, AMBULANCE, WRONG_WAY = 900_001, 900_002, 900_003  # ids in the truth
# Ways through the middle of a district of three by three.
_EASTWARD, _NORTHWARD = ("left1A1", "C1right1"), ("bottom1B0", "B2top1")
_STOP_LANE, _STOP_M, _STOP_Y_M = "B0B1_3", 110.0, -69.0
_LENGTH_M, _WIDTH_M, _HEIGHT_M = 4.6, 1.82, 1.5


@dataclass(frozen=True, slots=True)
class Stories:
    """When they begin, seconds after the start of the truth; None leaves one out.

    Parameters
    ----------
    breakdown_s, stands_s
        A car enters that stops on the inner lane of the street northward, and stands for so long.
    ambulance_s
        An ambulance enters, with its lights on.
    wrong_way_s, wrong_way_span_s
        A car drives westward on the eastward lane, at some time in the span.
    """

    breakdown_s: float | None = 1.0
    stands_s: float = 20.0
    ambulance_s: float | None = 10.0
    wrong_way_s: float | None = 25.0
    wrong_way_span_s: float = 15.0
    wrong_way_mps: float = 10.0
    wrong_way_from_m: tuple[float, float] = (170.0, -3.2)
    wrong_way_m: float = 140.0

    def departures(self, warm_up_s: float) -> list[tuple[float, str]]:
        """Instants of SUMO and trips to write into its route file."""
        found = []
        if self.breakdown_s is not None:
            stop = f'<stop lane="{_STOP_LANE}" endPos="{_STOP_M}" duration="{self.stands_s}"/>'
            at_s = warm_up_s + self.breakdown_s
            found.append((at_s, _trip(BREAKDOWN, "car", at_s, _NORTHWARD, stop)))
        if self.ambulance_s is not None:
            lights = '<param key="has.bluelight.device" value="true"/>'
            at_s = warm_up_s + self.ambulance_s
            found.append((at_s, _trip(AMBULANCE, "ambulance", at_s, _EASTWARD, lights)))
        return found

    def added(self, truth: Truth) -> Truth:
        """The truth with the wrong-way driver."""
        if self.wrong_way_s is None:
            return truth
        drive = self._wrong_way(truth, self.wrong_way_s)
        return Truth.from_rows(np.concatenate([truth.rows(), drive]), truth.placement)

    def _wrong_way(self, truth: Truth, begin_s: float) -> RecordArray:
        step_s = truth.step_us / 1e6
        steps = round(self.wrong_way_m / self.wrong_way_mps / step_s)
        first = round(begin_s / step_s)
        last = min(first + round(self.wrong_way_span_s / step_s), len(truth.time_us) - steps)
        x = self.wrong_way_from_m[0] - self.wrong_way_mps * step_s * np.arange(steps)
        y = np.full(steps, self.wrong_way_from_m[1])
        room = [_room_m(truth, start, x, y) for start in range(first, last)]
        start = first + int(np.argmax(room)) if room else first
        rows = np.zeros(steps, TRUTH_ROW)
        rows["time_us"] = truth.time_us[0] + (start + np.arange(steps)) * truth.step_us
        rows["object_id"], rows["object_class"] = WRONG_WAY, ObjectClass.CAR
        rows["x_m"], rows["y_m"], rows["z_m"] = x, y, _HEIGHT_M / 2
        rows["vx_mps"], rows["heading_rad"] = -self.wrong_way_mps, np.pi
        rows["length_m"], rows["width_m"], rows["height_m"] = _LENGTH_M, _WIDTH_M, _HEIGHT_M
        within: RecordArray = rows[rows["time_us"] <= truth.time_us[-1]]
        return within


def _trip(number: int, kind: str, at_s: float, way: tuple[str, str], inside: str) -> str:
    start, end = way
    return (
        f'<trip id="v{number}" type="{kind}" depart="{at_s:.1f}" from="{start}" to="{end}" '
        f'departLane="best" departSpeed="max">{inside}</trip>'
    )


def _room_m(truth: Truth, start: int, x: FloatArray, y: FloatArray) -> float:
    """Least distance to any other object on the way."""
    part = slice(start, start + len(x))
    away = np.hypot(truth.states.x_m[part] - x[:, None], truth.states.y_m[part] - y[:, None])
    return float(np.nanmin(away))


class Happened(NamedTuple):
    """A story as it went: its object, and from when to when, UTC microseconds."""

    kind: str
    object_id: int
    from_us: int
    until_us: int


def happened(truth: Truth) -> Sequence[Happened]:
    """What of the stories really was: the standing, the presence, the drive."""
    kinds = {"stopped_vehicle": BREAKDOWN, "emergency_vehicle": AMBULANCE, "wrong_way": WRONG_WAY}
    found = []
    for kind, object_id in kinds.items():
        (at,) = np.nonzero(truth.object_id == object_id)
        if not len(at):
            continue
        there = truth.states.present[:, at[0]]
        if kind == "stopped_vehicle":
            speed = np.hypot(truth.states.vx_mps[:, at[0]], truth.states.vy_mps[:, at[0]])
            there = there & (speed < 0.1) & (np.abs(truth.states.y_m[:, at[0]] - _STOP_Y_M) < 5.0)
        times = truth.time_us[there]
        if len(times):
            found.append(Happened(kind, object_id, int(times[0]), int(times[-1])))
    return found
