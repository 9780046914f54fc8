"""What stands where it should move: stopped vehicles, ends of queues, sudden stops of groups.

A vehicle stands for many reasons. It waits at a signal, at the end of a lane where others meet, or
behind another one: then it is part of a *chain*, each link of which stands or creeps behind the
next. What is not explained so is an event after a time that grows with what may explain it still.
"""

import numpy as np

from operators._typing import BoolArray, IntArray
from operators.events.ground import to_control_m, waits_at_m
from operators.events.groups import components, groups
from operators.events.kinds import SURE, UNSURE, EventKind
from operators.events.memory import standing_s
from operators.events.rows import is_vehicle, one_of
from operators.events.scene import NO_MEMBERS, Claims, Scene, alike, below, claims, joined
from operators.events.strips import STRIP_M
from operators.frame import ObjectClass
from operators.road.signal import Phase

STANDS_MPS, CREEPS_MPS = 0.5, 3.0
GAP_M = 15.0  # bumper to bumper; drivers in queues keep 2 to 3 m, one who hesitates three lengths
_ASIDE_M = 2.0
# Seconds of standing that are told. In mid-block nothing but a hindrance stops a vehicle for ten
# seconds, which is also when automatic incident detection reports (UK National Highways MIDAS and
# stopped-vehicle specifications ask for 10 to 20 s). Who gives way may wait for a gap a minute; a
# bus dwells up to a minute (TCRP Report 165, 30 s mean at busy stops).
# At a signal only time at green counts, with nothing ahead; a turn may wait for two or three.
HOLD_S, BUS_S, WAITS_S, GREEN_S = 10.0, 75.0, 90.0, 90.0
_STOP_LINE_M = 30.0
_EDGE_M = 25.0 - STRIP_M  # inside the border; farther out a leader may be beyond what is seen
_ON_ROAD = 0.5
QUEUE, QUEUE_M = 5, 25.0  # vehicles, metres: fewer are no danger to who comes behind
FAR_FROM_CONTROL_M = 120.0  # 8.6 s at 14 m/s: who comes to a signal looks for its queue so far
_TOGETHER_US = 5_000_000  # who slows down later than that after the head joins a queue
STOPPED_WITHIN_US = 12_000_000  # from 8 m/s at a gentle 1.5 m/s² takes five seconds; twice that
_RED = one_of(Phase.STOP_AND_REMAIN, Phase.STOP_THEN_PROCEED, Phase.DARK)


def standing(scene: Scene) -> Claims:
    """Claims of all three kinds."""
    rows = scene.rows
    vehicle = is_vehicle(rows) & (scene.ground["on_road"] > _ON_ROAD)
    slow = vehicle & (rows["speed_mps"] < CREEPS_MPS)
    leader = _leaders(scene, slow)
    chain, head = _chains(leader, slow)
    waits = _waits(scene, head)
    stopped = _stopped(scene, vehicle & (leader < 0))
    queues = groups(scene, EventKind.QUEUE_END, _queued(scene, slow, chain))
    stops = groups(scene, EventKind.GROUP_STOP, _halted(scene, vehicle & ~waits, head))
    return joined([Claims(stopped, NO_MEMBERS), queues, stops])


def _leaders(scene: Scene, slow: BoolArray) -> IntArray:
    """Row of the slow vehicle right ahead of each slow vehicle, -1 for none."""
    leader = np.full(len(scene.rows), -1, np.int64)
    pairs = scene.pairs[slow[scene.pairs].all(axis=1)]
    ordered = np.concatenate([pairs, pairs[:, ::-1]])  # who follows, who leads
    if not len(ordered):
        return leader
    rows, course = scene.rows, scene.memory["course_rad"]
    me, it = ordered.T
    x, y = rows["x_m"][it] - rows["x_m"][me], rows["y_m"][it] - rows["y_m"][me]
    ahead = x * np.cos(course[me]) + y * np.sin(course[me])
    # Who waits half way into the next lane points past who is ahead in it: either's line counts.
    aside = np.minimum(*(np.abs(y * np.cos(c) - x * np.sin(c)) for c in (course[me], course[it])))
    gap = ahead - (rows["length_m"][me] + rows["length_m"][it]) / 2
    curve = 0.15 * ahead  # what a bend turns the way aside
    follows = (ahead > 0.5) & (gap < GAP_M) & (aside < _ASIDE_M + curve)
    follows &= alike(course[me], course[it], 0.3)
    me, it, gap = me[follows], it[follows], gap[follows]
    order = np.lexsort((it, gap, me))
    first = np.unique(me[order], return_index=True)[1]
    leader[me[order][first]] = it[order][first]
    return leader


def _chains(leader: IntArray, slow: BoolArray) -> tuple[IntArray, IntArray]:
    """Number of the chain of each vehicle, -1 if it is in none, and the row of the chain's head."""
    n, follows = len(leader), np.flatnonzero(leader >= 0)
    chain = components(follows, leader[follows], n)
    head = leader.copy()
    head[leader < 0] = np.flatnonzero(leader < 0)
    for _ in range(max(n, 1).bit_length()):  # who leads the leader, twice as far each time
        head = head[head]
    return np.where(slow, chain, -1), head


def _waits(scene: Scene, head: IntArray) -> BoolArray:
    """Whose chain waits at a control, a meeting of lanes, or beyond what is seen."""
    near = waits_at_m(scene.ground, scene.roads) < _STOP_LINE_M
    near |= scene.rows["inside_m"] < _EDGE_M
    near |= _RED[scene.rows["signal_phase"]] & (
        to_control_m(scene.ground, scene.roads) < _STOP_LINE_M
    )
    return near[head]


def _stopped(scene: Scene, heads: BoolArray) -> IntArray:
    """Claims of vehicles that stand with nothing ahead of them."""
    rows, memory = scene.rows, scene.memory
    chosen = np.flatnonzero(heads & (memory["stands_us"] > 0))
    ground, at = scene.ground[chosen], rows[chosen]
    chance = below(at["speed_mps"], STANDS_MPS + 0.7, at["speed_sigma_mps"]) * ground["on_road"]
    red = _RED[at["signal_phase"]] & (to_control_m(ground, scene.roads) < FAR_FROM_CONTROL_M)
    wait_m = waits_at_m(ground, scene.roads)
    hold = np.where(at["object_class"] == ObjectClass.BUS, BUS_S, HOLD_S)
    hold = np.where((wait_m < _STOP_LINE_M) | (at["inside_m"] < _EDGE_M), WAITS_S, hold)
    hold = np.where((wait_m < _STOP_LINE_M) & (at["signal_phase"] > 0), GREEN_S, hold)
    return claims(
        EventKind.STOPPED_VEHICLE, scene, chosen,
        chance=np.where(red, (SURE + UNSURE) / 2, chance),  # red tells nothing either way
        value=standing_s(memory[chosen], scene.tick_us), began_us=memory["stands_us"][chosen],
        hold_s=hold, severity=severity(scene, chosen),
    )  # fmt: skip


def severity(scene: Scene, chosen: IntArray) -> IntArray:
    """Dangerous on a fast road, else to be minded."""
    if scene.roads is None:
        return np.full(len(chosen), 2)
    lane = scene.ground["lane"][chosen]
    limit = np.where(lane >= 0, scene.roads.facts["limit_mps"][lane], np.nan)
    return np.where(limit > 17.0, 3, 2)


def _queued(scene: Scene, slow: BoolArray, chain: IntArray) -> IntArray:
    """Rows in chains that are long enough and reach far back from any control or meeting."""
    chosen = np.flatnonzero(slow)
    sizes = np.bincount(chain[chosen], minlength=len(chain) + 1)
    explained_m = np.minimum(
        to_control_m(scene.ground, scene.roads), waits_at_m(scene.ground, scene.roads)
    )
    reaches = np.zeros(len(sizes), np.bool_)
    reaches[chain[chosen][explained_m[chosen] > FAR_FROM_CONTROL_M]] = True
    queued: IntArray = chosen[(sizes[chain[chosen]] >= QUEUE) & reaches[chain[chosen]]]
    return queued


def _halted(scene: Scene, free: BoolArray, head: IntArray) -> IntArray:
    """Rows that stand now and went fast a moment ago, when the head of their chain did.

    Behind a head that slowed down before, one after the other stops, also on several lanes.
    """
    fast_us = scene.memory["fast_us"]
    recent = (fast_us > 0) & (scene.tick_us - fast_us < STOPPED_WITHIN_US)
    together = np.abs(fast_us - fast_us[head]) < _TOGETHER_US
    return np.flatnonzero(free & recent & together & (scene.rows["speed_mps"] < 1.0))
