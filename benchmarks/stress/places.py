"""S0, S1, S2, S3, S13: nothing wrong; wrong clocks, datums and poses; probes that jump."""

from collections.abc import Iterator

import numpy as np

from benchmarks.stress import faults
from benchmarks.stress.base import (
    Case,
    after_start_s,
    angle_deg,
    frames,
    oracle,
    rms,
    scored,
)
from benchmarks.stress.diagnosis import Told, told
from benchmarks.stress.score import Demand, Score, as_good, at_least, at_most, honest, near
from benchmarks.stress.station import scored_in_station, station_oracle

STEP_AT_S = 45.0
ONE_OBSERVATION_M = 0.4 * 2**0.5  # units err by 0.4 m along each axis
# What the Chinese datum GCJ-02 and Baidu's BD-09 add in Shanghai, metres east and north, near
# enough: both fields are smooth, over one crossing they are a constant.
GCJ02_M, BD09_M = np.array([431.0, -212.0]), np.array([1050.0, 460.0])


def s0_nothing() -> Iterator[Case]:
    """No fault at all: what every other scenario is compared with must itself be right."""
    found, fused = scored(frames())
    says = [told(fused.state, f"unit-{k}") for k in range(4)]
    demands = (
        at_most("RMSE / that of one observation", found.rmse_m / ONE_OBSERVATION_M, 1.0),
        at_most("missed", found.missed, 0.01),
        at_most("false", found.false, 0.01),
        honest(found),
        at_most("units dragged m", rms([one.shift_m for one in says]), 0.1),
        at_most("clocks dragged ms", 1e3 * rms([one.clock_s for one in says]), 15.0),
    )
    yield Case("none, four units and probes", found, None, demands, says[0].text)


def s1_clocks() -> Iterator[Case]:
    """Clocks that are off, drift and step."""
    offsets = {"unit-1": 0.05, "unit-2": -0.05, "unit-3": 0.2}
    yield _clocks("offsets +50, -50, +200 ms", offsets)
    yield _clocks("offset -200 ms, one unit", {"unit-1": -0.2})
    yield _far_clock()
    changed = faults.clock(frames(), "unit-1", 0.0, drift=50e-6)
    changed = faults.clock(changed, "unit-2", 0.0, step_s=0.3, step_at_s=STEP_AT_S)
    on, fused = scored(changed, from_s=STEP_AT_S + 10.0)
    off, _ = scored(frames(), from_s=STEP_AT_S + 10.0)
    says = told(fused.state, "unit-2")
    found = after_start_s(says.step_s) - STEP_AT_S if says.steps > 0 else float("nan")
    demands = (near(on, off), honest(on), at_most("step found after s", found, 10.0))
    yield Case("drift 50 ppm; step of 300 ms", on, off, demands, says.text)


def _clocks(fault: str, offsets_s: dict[str, float]) -> Case:
    changed = frames()
    for source, offset_s in offsets_s.items():
        changed = faults.clock(changed, source, offset_s)
    on, fused = scored(changed)
    says = [told(fused.state, source) for source in offsets_s]
    left = [one.clock_s - offset for one, offset in zip(says, offsets_s.values(), strict=True)]
    demands = (
        near(on, oracle()),
        honest(on),
        at_most("clock error ms", max(map(abs, left)) * 1e3, 15.0),
    )
    return Case(fault, on, oracle(), demands, says[0].text)


def _far_clock() -> Case:
    """A whole second is the front's to remove, so the whole station runs."""
    changed = faults.clock(frames(), "unit-3", -1.0)
    on, off = scored_in_station(changed), station_oracle()
    demands = (near(on.score, off.score), honest(on.score))
    said = f"{on.fates['ACCEPTED'] / sum(on.fates.values()):.1%} of the records accepted"
    return Case("offset -1000 ms (through the front)", on.score, off.score, demands, said)


def s2_datums() -> Iterator[Case]:
    """A unit whose places are hundreds of metres off, or mirrored."""
    without = faults.silent(frames(), ["unit-1"], [(0.0, faults.EVER)])
    off, _ = scored(without)
    for fault, name, function in (
        ("GCJ-02 told as WGS-84", "GCJ02_AS_WGS84", lambda at: at + GCJ02_M),
        ("BD-09 told as WGS-84", "BD09_AS_WGS84", lambda at: at + BD09_M),
        ("axes swapped", "AXES_SWAPPED", lambda at: at[:, ::-1]),
    ):
        wrong = faults.warp(frames(), "unit-1", function)
        on, fused = scored(wrong, datums_m=np.stack((GCJ02_M, BD09_M)))
        says = told(fused.state, "unit-1")
        demands = (as_good(on, off), honest(on), _named(says, name))
        yield Case(fault, on, off, demands, says.text)


def _named(says: Told, mixup: str) -> Demand:
    return at_least("named", float(says.mixup == mixup), 1.0)


def s3_poses() -> Iterator[Case]:
    """Units that are turned, moved, stretched; one that is knocked; all alike."""
    yaws = {"unit-1": 0.2, "unit-2": 1.0, "unit-3": -3.0}
    changed = frames()
    for source, yaw in yaws.items():
        changed = faults.pose(changed, source, yaw_deg=yaw)
    yield _poses("yaw 0.2, 1, -3 deg", changed, yaws, oracle())
    changed = faults.pose(frames(), "unit-1", shift_m=(0.5, 0.0))
    changed = faults.pose(changed, "unit-2", shift_m=(-1.0, 1.0))
    changed = faults.pose(changed, "unit-3", shift_m=(0.0, 3.0))
    yield _poses("moved 0.5, 1.4, 3 m", changed, dict.fromkeys(yaws, 0.0), oracle())
    changed = faults.pose(frames(), "unit-1", yaw_deg=2.0, shift_m=(0.5, 0.5), from_s=STEP_AT_S)
    off, _ = scored(frames(), from_s=STEP_AT_S + 10.0)
    yield _poses("knocked by 2 deg, 0.7 m", changed, {"unit-1": 2.0}, off, STEP_AT_S + 10.0)
    changed = faults.pose(frames(), "unit-1", scale=1.01)
    yield _poses("scale 1 %", changed, {"unit-1": 0.0}, oracle())
    yield _all_alike()


def _poses(
    fault: str, changed: faults.Frames, yaws: dict[str, float], off: Score, from_s: float = 30.0
) -> Case:
    on, fused = scored(changed, from_s=from_s)
    says = {source: told(fused.state, source) for source in yaws}
    left = [angle_deg(says[source].yaw_deg, yaw) for source, yaw in yaws.items()]
    demands = (near(on, off), honest(on), at_most("yaw error deg", max(left), 0.15))
    return Case(fault, on, off, demands, list(says.values())[-1].text)


def _all_alike() -> Case:
    changed = frames()
    for k in range(4):
        changed = faults.pose(changed, f"unit-{k}", shift_m=(1.0, -0.5))
    on, _ = scored(changed)
    demands = (at_most("bias m", on.bias_m, 0.3), honest(on))
    return Case("all units moved alike by 1.1 m", on, oracle(), demands)


def s13_probes() -> Iterator[Case]:
    """Probes whose places jump in a canyon, or repeat."""
    for fault, changed in (
        ("jumps of 5-30 m", faults.jumping(frames(), "fleet", 60.0, 5.0, 30.0, 1)),
        ("stale for 10 s", faults.stale(frames(), "fleet", 0.5, 10.0)),
    ):
        on, fused = scored(changed)
        says = [told(fused.state, f"unit-{k}") for k in range(4)]
        demands = (
            near(on, oracle()),
            as_good(on, oracle()),
            honest(on),
            at_most("units dragged m", rms([one.shift_m for one in says]), 0.1),
        )
        yield Case(fault, on, oracle(), demands, says[0].text)
