"""The signals ahead of vehicles: how far, what they show, how long, and the speed to go at.

A vehicle on a lane that ends at no signal looks along the lanes that follow, all of them, as far as
`LOOK_M`. What is told of a signal is what its controller says; what comes after the phase that is
on is known in two cases: after red it is green, and the phase comes again at its `next_us`.
Queues at the line are not reckoned with.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from operators._typing import FloatArray, RecordArray
from operators.fused import speed_mps
from operators.road.signal import Phase
from operators.services.signals import Signals, described
from operators.services.speeds import advised

LOOK_M = 400.0
LEAST_GREEN_S = 5.0  # a green lasts at least so long: usual least greens are 5 to 10 s
_USUAL_LENGTH_M = 4.5
_DEEPEST = 6  # lanes to look along
_GREEN = (
    Phase.PERMISSIVE_MOVEMENT_ALLOWED,
    Phase.PROTECTED_MOVEMENT_ALLOWED,
    Phase.FLASHING_GREEN,
)
_RED = (Phase.STOP_THEN_PROCEED, Phase.STOP_AND_REMAIN, Phase.PRE_MOVEMENT)
_NEVER = (math.inf, -math.inf)


class _Lane(NamedTuple):
    name: str
    length_m: float
    limit_mps: float
    signals: tuple[tuple[str, int], ...]
    onward: tuple[str, ...]


class Reached(NamedTuple):
    """A signal beyond a lane: how far from the lane's end, and the least limit, inf if unknown."""

    intersection: str
    group: int
    beyond_m: float
    limit_mps: float


class Ways:
    """Lanes of all pieces of networks, from `station.network`, and where they lead."""

    def __init__(self) -> None:
        self._parts: dict[str, dict[int, _Lane]] = {}
        self._lanes: dict[int, _Lane] = {}
        self._named: dict[str, _Lane] = {}
        self._reached: dict[int, list[Reached]] = {}

    def take(self, record: Mapping[str, Any]) -> None:
        """Take a record; it replaces what was known of its piece."""
        self._parts[record["part"]] = {one["lane_id"]: _lane(one) for one in record["entries"]}
        parts = [self._parts[name] for name in sorted(self._parts, reverse=True)]
        self._lanes = {lane_id: lane for part in parts for lane_id, lane in part.items()}
        self._named = {lane.name: lane for lane in self._lanes.values()}
        self._reached = {}

    def length_m(self, lane_id: int) -> float:
        """Length of a lane, NaN if it is not known."""
        lane = self._lanes.get(lane_id)
        return math.nan if lane is None else lane.length_m

    def reached(self, lane_id: int) -> list[Reached]:
        """Signals that a lane leads to, each once, the nearest first."""
        found = self._reached.get(lane_id)
        if found is None:
            lane = self._lanes.get(lane_id)
            ways = [] if lane is None else self._look(lane, 0.0, math.inf, _DEEPEST)
            far_first = sorted(ways, key=_farness, reverse=True)
            nearest = {(one.intersection, one.group): one for one in far_first}
            found = self._reached[lane_id] = sorted(nearest.values(), key=_farness)
        return found

    def _look(self, lane: _Lane, beyond_m: float, limit_mps: float, deep: int) -> list[Reached]:
        limit_mps = min(limit_mps, lane.limit_mps)
        if lane.signals:
            return [Reached(*signal, beyond_m, limit_mps) for signal in lane.signals]
        found = []
        for name in lane.onward if deep else ():
            after = self._named.get(name)
            if after is not None and beyond_m + after.length_m <= LOOK_M:
                found += self._look(after, beyond_m + after.length_m, limit_mps, deep - 1)
        return found


def _farness(one: Reached) -> tuple[float, str, int]:
    return one.beyond_m, one.intersection, one.group


def _lane(entry: Mapping[str, Any]) -> _Lane:
    signals = [one.rpartition("#") for one in entry["signals"]]
    return _Lane(
        entry["lane"],
        entry["length_m"],
        math.inf if entry["limit_mps"] is None else entry["limit_mps"],
        tuple((name, int(group)) for name, _, group in signals),
        tuple(entry["next_lanes"]),
    )


class Ahead:
    """Tells vehicles of the signals ahead."""

    def __init__(self) -> None:
        self.ways = Ways()
        self.signals = Signals()

    def told(self, vehicles: RecordArray, tick_us: int) -> list[list[dict[str, Any]]]:
        """Signals ahead of each vehicle, the nearest first.

        Parameters
        ----------
        vehicles : structured array of shape (n,), dtype `operators.fused.FUSED`
        tick_us
            The tick.

        Returns
        -------
        list of n lists
            Of each signal ``intersection``, ``signal_group``, ``phase``, ``least_s``, ``most_s``,
            ``likely_s``, ``confidence``, ``stop_line_m`` from the vehicle's front, and
            ``advised_mps`` with the ``reach_s`` that it leads to, both None if no speed helps.
        """
        found: list[list[dict[str, Any]]] = [[] for _ in range(len(vehicles))]
        asked: list[tuple[int, float, float, tuple[float, float], tuple[float, float]]] = []
        told: list[dict[str, Any]] = []
        ahead_m = self._ahead_m(vehicles)
        for k, lane_id in enumerate(vehicles["lane_id"].tolist()):
            for one in self.ways.reached(lane_id) if lane_id else ():
                entry = self.signals.state(one.intersection, one.group, tick_us)
                line_m = max(0.0, float(ahead_m[k]) + one.beyond_m)
                if entry is None or line_m > LOOK_M:
                    continue
                told.append({"intersection": one.intersection, **described(entry, tick_us),
                             "stop_line_m": round(line_m, 1)})  # fmt: skip
                asked.append((k, line_m, one.limit_mps, *_greens(entry, tick_us)))
        for (k, *_), one_told, advice in zip(asked, told, _advice(vehicles, asked), strict=True):
            found[k].append(one_told | advice)
        return found

    def _ahead_m(self, vehicles: RecordArray) -> FloatArray:
        """From each vehicle's front to the end of its lane."""
        lengths = np.array([self.ways.length_m(n) for n in vehicles["lane_id"].tolist()])
        own_m = np.where(vehicles["length_m"] > 0, vehicles["length_m"], _USUAL_LENGTH_M)
        ahead_m: FloatArray = lengths - vehicles["along_m"] - own_m / 2
        return np.nan_to_num(ahead_m, nan=math.inf)


def _advice(vehicles: RecordArray, asked: Sequence[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """What to advise for each question: vehicle, distance, limit, the two greens."""
    if not asked:
        return []
    columns = (np.array(column) for column in zip(*asked, strict=True))
    who, line_m, limit_mps, first, second = columns
    limit_mps[np.isinf(limit_mps)] = np.nan  # nobody knows what is allowed there
    own_mps = speed_mps(vehicles)[who]
    speed, reach_s = advised(line_m, own_mps, limit_mps, *first.T)
    later, later_s = advised(line_m, own_mps, limit_mps, *second.T)
    reach_s = np.where(np.isnan(speed), later_s, reach_s)
    speed = np.where(np.isnan(speed), later, speed)
    return [
        {"advised_mps": _number(mps), "reach_s": _number(seconds)}
        for mps, seconds in zip(speed.tolist(), reach_s.tolist(), strict=True)
    ]


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 2)


def _greens(
    entry: Mapping[str, Any], tick_us: int
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The two next greens that are known of, seconds from now; a green now began long ago."""
    ends = {name: entry[name] for name in ("min_end_us", "likely_end_us", "max_end_us")}
    sure = [name for name, at in ends.items() if at is not None]
    if not sure:
        return _NEVER, _NEVER
    if entry["phase"] in _GREEN:
        closes_s = (ends[sure[0]] - tick_us) / 1e6
        return (-math.inf, closes_s), _opening(entry["next_us"], tick_us)
    if entry["phase"] in _RED:
        return _opening(ends[sure[-1]], tick_us), _NEVER
    return _NEVER, _NEVER


def _opening(at_us: int | None, tick_us: int) -> tuple[float, float]:
    """A green that begins at an instant, of which no more is known."""
    if at_us is None:
        return _NEVER
    opens_s = (at_us - tick_us) / 1e6
    return opens_s, opens_s + LEAST_GREEN_S
