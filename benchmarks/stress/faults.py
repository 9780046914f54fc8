"""Faults of sources as functions of frames; each leaves its input as it was.

`source` names whose frames change; the others pass. Seconds count from `sensing.START_US`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.stress.sensing import START_US
from operators._typing import BoolArray, FloatArray, RecordArray
from operators.frame import Frame, ObjectClass, SourceKind

Frames = list[Frame]
EVER = float("inf")


def seconds_of(frame: Frame) -> float:
    """Event time of a frame in seconds after the start."""
    return (frame.event_time_us - START_US) / 1e6


def changed(frame: Frame, **columns: Any) -> Frame:
    """The frame with other columns of its observations."""
    made = frame.observations.copy()
    for name, values in columns.items():
        made[name] = values
    return replace(frame, observations=made)


def only(frames: Frames, source: str, fault: Callable[[Frame], Frame]) -> Frames:
    """Apply a fault to the frames of one source."""
    return [fault(frame) if frame.source_id == source else frame for frame in frames]


def clock(
    frames: Frames,
    source: str,
    offset_s: float,
    drift: float = 0.0,
    step_s: float = 0.0,
    step_at_s: float = EVER,
) -> Frames:
    """Stamps that are ahead by an offset, more from second to second, and by a step."""

    def fault(frame: Frame) -> Frame:
        second = seconds_of(frame)
        ahead_s = offset_s + drift * second + (step_s if second >= step_at_s else 0.0)
        return replace(frame, event_time_us=frame.event_time_us + round(ahead_s * 1e6))

    return only(frames, source, fault)


def pose(
    frames: Frames,
    source: str,
    yaw_deg: float = 0.0,
    shift_m: tuple[float, float] = (0.0, 0.0),
    scale: float = 1.0,
    from_s: float = 0.0,
) -> Frames:
    """Places turned about the unit's site, stretched and moved, from a second on."""
    turn = np.radians(yaw_deg)
    matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])

    def fault(frame: Frame) -> Frame:
        if seconds_of(frame) < from_s:
            return frame
        site = np.array([frame.coverage_x_m, frame.coverage_y_m])
        x, y = matrix @ (places(frame.observations) - site).T + (site + shift_m)[:, None]
        return changed(frame, x_m=x, y_m=y, heading_rad=frame.observations["heading_rad"] + turn)

    return only(frames, source, fault)


def warp(frames: Frames, source: str, function: Callable[[FloatArray], FloatArray]) -> Frames:
    """Places of shape (n, 2) put through a function: a wrong datum, swapped axes."""

    def fault(frame: Frame) -> Frame:
        x, y = function(places(frame.observations)).T
        return changed(frame, x_m=x, y_m=y)

    return only(frames, source, fault)


def places(observations: RecordArray) -> FloatArray:
    """Places of shape (n, 2)."""
    return np.column_stack((observations["x_m"], observations["y_m"]))


def without_ids(frames: Frames) -> Frames:
    """The sources give no ids; probes keep theirs, since each reports itself."""
    return [frame if frame.source_id == "fleet" else changed(frame, local_id=0) for frame in frames]


def again(frames: Frames, times: int, after_us: int = 0) -> Frames:
    """Each frame comes `times` times, restamped by `after_us` from one to the next."""
    return [
        replace(frame, event_time_us=frame.event_time_us + k * after_us)
        for frame in frames
        for k in range(times)
    ]


def in_two(frames: Frames, share: float, seed: int, kind: ObjectClass | None = None) -> Frames:
    """A share of the units' boxes longer than 3 m (of one class) comes as two halves."""
    rng = np.random.default_rng([seed, 21])

    def fault(frame: Frame) -> Frame:
        seen = frame.observations
        chosen = rng.random(len(seen)) < share
        return _halved(frame, chosen if kind is None else chosen & (seen["object_class"] == kind))

    return [fault(one) if one.kind == SourceKind.ROADSIDE else one for one in frames]


def _halved(frame: Frame, chosen: BoolArray) -> Frame:
    one = frame.observations.copy()
    cut = np.flatnonzero(chosen & (np.nan_to_num(one["length_m"]) > 3.0))
    quarter = one["length_m"][cut] / 4.0
    ahead = np.stack((np.cos(one["heading_rad"][cut]), np.sin(one["heading_rad"][cut])))
    other = one[cut].copy()
    for part, rows, side in ((one, cut, 1.0), (other, np.arange(len(cut)), -1.0)):
        part["x_m"][rows] += side * quarter * ahead[0]
        part["y_m"][rows] += side * quarter * ahead[1]
        part["length_m"][rows] = 2.0 * quarter
    both = np.concatenate((one, other))
    both["index"] = np.arange(len(both))
    return replace(frame, observations=both)


def lose(frames: Frames, share: float, seed: int) -> Frames:
    """A share of the frames is lost."""
    rng = np.random.default_rng([seed, 22])
    return [frame for frame in frames if rng.random() >= share]


def silent(
    frames: Frames, sources: Sequence[str], spans_s: Iterable[tuple[float, float]]
) -> Frames:
    """Sources from which nothing comes in some spans."""
    spans = list(spans_s)
    return [
        frame
        for frame in frames
        if frame.source_id not in sources
        or not any(start <= seconds_of(frame) < end for start, end in spans)
    ]


def declared(
    frames: Frames, source: str, variance_m2: Callable[[FloatArray], FloatArray]
) -> Frames:
    """Another declared variance than the true one."""

    def fault(frame: Frame) -> Frame:
        told = variance_m2(frame.observations["cov_xx_m2"])
        return changed(frame, cov_xx_m2=told, cov_yy_m2=told)

    return only(frames, source, fault)


def jumping(
    frames: Frames, source: str, half_m: float, least_m: float, most_m: float, seed: int
) -> Frames:
    """Reports from within `half_m` of the origin jump for 3 s at a time, a vehicle at a time."""
    rng = np.random.default_rng([seed, 23])
    jumps: dict[tuple[int, int], FloatArray] = {}

    def fault(frame: Frame) -> Frame:
        at = places(frame.observations)
        if np.abs(at).max() > half_m:
            return frame
        spell = (int(frame.observations["local_id"][0]), int(seconds_of(frame) // 3.0))
        if spell not in jumps:
            far, angle = rng.uniform(least_m, most_m), rng.uniform(0.0, 2.0 * np.pi)
            jumps[spell] = far * np.array([np.cos(angle), np.sin(angle)])
        x, y = (at + jumps[spell]).T
        return changed(frame, x_m=x, y_m=y)

    return only(frames, source, fault)


def stale(frames: Frames, source: str, share: float, held_s: float) -> Frames:
    """A share of the vehicles repeats one place, with fresh stamps, for `held_s` at a time."""
    held: dict[int, Frame] = {}

    def fault(frame: Frame) -> Frame:
        name = int(frame.observations["local_id"][0])
        if (name * 0.6180339887) % 1.0 >= share:
            return frame
        first = held.setdefault(name, frame)
        if seconds_of(frame) - seconds_of(first) >= held_s:
            held[name] = first = frame
        return replace(frame, observations=first.observations)

    return only(frames, source, fault)
