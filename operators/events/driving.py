"""What one driver does: goes the wrong way, brakes hard, runs a red light."""

import numpy as np
from scipy.special import ndtr

from operators._typing import BoolArray, FloatArray, IntArray
from operators.events.ground import is_controlled
from operators.events.kinds import EventKind
from operators.events.memory import found_in
from operators.events.rows import is_vehicle, sigma_along_m
from operators.events.scene import NO_MEMBERS, Claims, Scene, alike, below, claims, joined
from operators.road.signal import Phase

# -- wrong way

AGAINST_MPS = 3.0  # walking pace and manoeuvres are left out
# A driver on the wrong carriageway is told after 1.5 s. Where the right lane is just beside, he may
# be passing: that takes 6 to 10 s (Hegeman, Assisted overtaking, 2008: 7.8 s in the mean), so with
# somebody beside to be passed it takes 12 s, without 4 s.
ALONE_S, BESIDE_S, PASSING_S = 1.5, 4.0, 12.0
_BESIDE_M = 3.5
_ASIDE_M = 15.0
_PASSED_M = 40.0  # ahead, or behind already while one goes back


def wrong_way(scene: Scene) -> Claims:
    """Claims of vehicles on lanes against their direction."""
    rows, ground, memory = scene.rows, scene.ground, scene.memory
    fast = rows["speed_mps"] > AGAINST_MPS
    chance = (
        ground["against"]
        * (1.0 - ground["with_it"])
        * (1.0 - below(rows["speed_mps"], AGAINST_MPS - 1.0, rows["speed_sigma_mps"]))
    )
    chosen = np.flatnonzero(is_vehicle(rows) & fast & (chance > 0.3))
    beside = ground["beside_m"][chosen] < _BESIDE_M
    hold = np.where(beside, np.where(_passes(scene)[chosen], PASSING_S, BESIDE_S), ALONE_S)
    gone = np.zeros(len(rows), np.bool_)
    gone[chosen] = True
    memory["against_m"] = np.where(
        gone, memory["against_m"] + rows["speed_mps"] * scene.since_s, 0.0
    )
    made = claims(
        EventKind.WRONG_WAY, scene, chosen,
        chance=chance[chosen], hold_s=hold, severity=3, value=memory["against_m"][chosen],
        radius_m=20.0,
    )  # fmt: skip
    return Claims(made, NO_MEMBERS)


def _passes(scene: Scene) -> BoolArray:
    """Who has a slower vehicle near that goes the same way, on the right lane for that."""
    passes = np.zeros(len(scene.rows), np.bool_)
    rows, course = scene.rows, scene.memory["course_rad"]
    me, it = np.concatenate([scene.pairs, scene.pairs[:, ::-1]]).T
    x, y = rows["x_m"][it] - rows["x_m"][me], rows["y_m"][it] - rows["y_m"][me]
    ux, uy = np.cos(course[me]), np.sin(course[me])
    ahead, aside = x * ux + y * uy, np.abs(y * ux - x * uy)
    passed = (np.abs(ahead) < _PASSED_M) & (aside < _ASIDE_M)
    passed &= alike(course[me], course[it], 0.8) & (scene.ground["with_it"][it] > 0.5)
    passed &= rows["speed_mps"][it] < rows["speed_mps"][me] + 2.0
    passes[me[passed]] = True
    return passes


# -- hard braking

# Half of what gravity gives: naturalistic driving studies find crashes and near-crashes from about
# 0.5 g on (Dingus et al., 100-Car Study, DOT HS 810 593: 0.6 g as trigger; SHRP 2 event tables use
# 0.5 to 0.65 g), while comfortable braking stays below 3.4 m/s² (AASHTO stopping sight distance).
HARD_MPS2, DRY_MPS2 = 4.9, 11.0  # beyond 1.1 g it is the track that errs
BRAKING_S = 0.3
_SPAN = 3  # slots that the deceleration is a mean over, 0.6 to 0.9 s
_LEAST_LOSS_MPS = 2.5
_SETTLED_US = 2_000_000  # a younger track has not found its speed
# How much of a fused speed's error has changed over the span, in sigmas and over the root of 2: of
# who brakes 0.86 to 0.91 from 0.6 to 0.8 s, of others 0.62 to 0.76 (`benchmarks.lasting`).
_CHANGED = 0.9


def hard_braking(scene: Scene) -> Claims:
    """Claims of vehicles that lose speed faster than 0.5 g, in the mean over most of a second."""
    rows, memory = scene.rows, scene.memory
    before = memory["trail_mps"][:, -_SPAN].astype(np.float64)
    span_s = max((scene.tick_us - scene.slots[-_SPAN]) / 1e6, 0.1)
    loss = before - rows["speed_mps"]
    sigma = np.sqrt(2.0) * _CHANGED * rows["speed_sigma_mps"] / span_s
    braking = loss / span_s
    chance = ndtr((braking - HARD_MPS2) / sigma) * below(braking, DRY_MPS2, sigma)
    settled = scene.tick_us - memory["first_us"] > _SETTLED_US
    known = ~np.isnan(before) & settled & (rows["age_s"] < 0.5) & (loss > _LEAST_LOSS_MPS)
    chosen = np.flatnonzero(is_vehicle(rows) & known & (chance > 0.3))
    made = claims(
        EventKind.HARD_BRAKING, scene, chosen,
        chance=chance[chosen], hold_s=BRAKING_S, value=braking[chosen], radius_m=10.0,
        severity=np.where(braking[chosen] > 6.5, 3, 2),
    )  # fmt: skip
    return Claims(made, NO_MEMBERS)


# -- red light

# A signal's message may come late by some tenths of a second; enforcement gives as much grace
# (NCHRP Report 729: 0.1 to 0.5 s).
GRACE_S = 0.5
LEAST_LEFT_S = 0.5  # green may be on already, though nobody said so yet
OVER_M = 1.5  # who stops beyond the line, or creeps to see, runs nothing
RUNNING_MPS = 2.5
STOOD_MPS = 1.5
_TOLD_US = 300_000
_STOPS_MPS = 1.0
_LOST_US = 6_000_000  # who takes longer over the line than this has stopped on it


def red_light(scene: Scene) -> Claims:
    """Claims of vehicles whose front crossed a stop line at red and whose middle followed."""
    if scene.roads is None:
        return Claims(claims(EventKind.RED_LIGHT_RUNNING, scene, np.zeros(0, np.int64)), NO_MEMBERS)
    rows, memory = scene.rows, scene.memory
    line, over_m, aside_m, sigma = _over_line(scene)
    front_m = over_m + rows["length_m"] / 2
    red = (memory["red_us"] > 0) & (scene.tick_us - memory["red_us"] >= GRACE_S * 1e6)
    # Who waits so near the line that its lane is not told any more does not learn of green.
    red &= scene.tick_us - memory["red_told_us"] <= _TOLD_US
    left = ~(rows["signal_end_s"] < LEAST_LEFT_S) & ~_may_have_green(scene)
    crosses = (line >= 0) & red & left & (memory["crossed_us"] == 0) & (front_m > 0.0)
    crosses &= (front_m < 6.0) & is_vehicle(rows) & (rows["speed_mps"] > RUNNING_MPS)
    memory["crossed_us"][crosses] = scene.tick_us
    memory["red_s"][crosses] = (scene.tick_us - memory["red_us"][crosses]) / 1e6
    _look(scene, front_m)
    stops = rows["speed_mps"] < _STOPS_MPS
    memory["crossed_us"][stops | (scene.tick_us - memory["crossed_us"] > _LOST_US)] = 0
    chance = 1.0 - below(over_m, OVER_M, sigma)
    runs = (memory["crossed_us"] > 0) & (chance > 0.3) & (rows["speed_mps"] > RUNNING_MPS)
    chosen = np.flatnonzero(runs & (aside_m < _ASIDE_M))
    made = claims(
        EventKind.RED_LIGHT_RUNNING, scene, chosen,
        chance=chance[chosen], hold_s=0.2, severity=3, radius_m=15.0,
        value=memory["red_s"][chosen], began_us=memory["crossed_us"][chosen],
    )  # fmt: skip
    return Claims(made, NO_MEMBERS)


def _may_have_green(scene: Scene) -> BoolArray:
    """Who stood two seconds ago, before a red whose end nobody knows.

    Some signals are told of once a second: he starts as he sees green, before the news of it.
    """
    stood = scene.memory["trail_mps"][:, 0] < STOOD_MPS
    may: BoolArray = stood & np.isnan(scene.rows["signal_end_s"])
    return may


def _over_line(scene: Scene) -> tuple[IntArray, FloatArray, FloatArray, FloatArray]:
    """Of the last controlled lane of each: number, how far beyond its end, how far aside, sigma."""
    assert scene.roads is not None
    rows = scene.rows
    at, known = found_in(scene.roads.lanes.lanes["lane_id"], scene.memory["line"])
    fact = scene.roads.facts[at]
    x, y = rows["x_m"] - fact["end_x_m"], rows["y_m"] - fact["end_y_m"]
    over = x * fact["end_ux"] + y * fact["end_uy"]
    aside = np.abs(y * fact["end_ux"] - x * fact["end_uy"])
    sigma = sigma_along_m(rows, fact["end_ux"], fact["end_uy"])
    return np.where(known, at, -1), np.where(known, over, -1e6), aside, sigma


def _look(scene: Scene, front_m: FloatArray) -> None:
    """Remember the controlled lane that each object is on, and since when its signal is red."""
    assert scene.roads is not None
    rows, memory = scene.rows, scene.memory
    at, told = found_in(scene.roads.lanes.lanes["lane_id"], rows["lane_id"])
    on = told & is_controlled(np.where(told, at, -1), scene.roads)
    # Until it is sure what a crossing was, the line stays the one that was crossed.
    changed = on & (memory["line"] != rows["lane_id"]) & (memory["crossed_us"] == 0)
    memory["line"][changed] = rows["lane_id"][changed]
    memory["red_us"][changed] = memory["crossed_us"][changed] = 0
    red = rows["signal_phase"] == Phase.STOP_AND_REMAIN
    begins = on & red & (memory["red_us"] == 0)
    memory["red_us"][begins] = scene.tick_us
    memory["red_told_us"][on & red] = scene.tick_us
    memory["red_us"][on & ~red] = 0


def driving(scene: Scene) -> Claims:
    """Claims of all three kinds."""
    return joined([wrong_way(scene), hard_braking(scene), red_light(scene)])
