"""Conflicts: two road users that would hit each other, or that missed each other by little.

**Time to collision** (Hayward, Near-miss determination, 1972): if both go on as they do, their
bodies meet in less than 1.5 s (Van der Horst, 1990; the threshold of FHWA's SSAM). Who is on a
lane goes on along it too, so that a bend is no course to collide. To meet soon is so in every
ordinary stop, so the one with the way to give must also need more than an emergency's deceleration
to avoid it (DRAC, Cooper and Ferguson, 1976): closing speed over twice the time.

**Post-encroachment time** (Allen, Shin and Cooper, 1978): one crosses where the other has just
been, less than 0.8 s after it left. Only for ways that cross: who follows is always close behind.
"""

import numpy as np
from scipy.special import ndtr

from operators._typing import BoolArray, FloatArray, IntArray, RecordArray
from operators.events.ahead import body_rad, deepest_m
from operators.events.boxes import separations_m
from operators.events.kinds import EventKind
from operators.events.memory import SLOTS
from operators.events.rows import is_vehicle, one_of
from operators.events.scene import CLAIM, NO_MEMBERS, Claims, Scene, alike, subject_of
from operators.frame import ObjectClass

TTC_S, DRAC_MPS2 = 1.5, 4.5
PET_S, CROSSES_MPS = 0.8, 3.0
CONFLICT_S, MISS_S = 0.25, 0.2  # a miss is seen for two ticks or three; one may err
STEPS_S = np.arange(0.0, TTC_S + 0.05, 0.1)
# Nobody goes on as he does: half of what a change of lane asks at its most, and half of that of who
# follows somebody.
_TURNS_MPS2, _FOLLOWS_MPS2 = 1.0, 0.5
_GRAZE_M = 0.5  # of overlap: a cyclist is passed all day at half a metre more or less
_CLOSING_MPS = 3.0  # slower contacts do little harm
_MOST_SIGMA_M = 1.5  # with less known no distance of bodies means anything
_SETTLED_US = 1_000_000
_WALKERS = one_of(ObjectClass.PEDESTRIAN, ObjectClass.BICYCLE, ObjectClass.ANIMAL)
_LEAST = 0.3  # a chance below that counts for nothing
_SAME, CROSSING = 0.7, 0.85  # cosines: follows; its way crosses


def meeting(scene: Scene) -> Claims:
    """Claims of both sorts of conflict; those of one pair are one subject."""
    pairs = scene.pairs[_capable(scene)[scene.pairs].all(axis=1)]
    pairs = pairs[is_vehicle(scene.rows)[pairs].any(axis=1)]
    both = np.concatenate([_collisions(scene, pairs), _misses(scene, pairs)])
    # Of two claims of one pair the likelier one stands.
    order = np.lexsort((-both["chance"], both["subject"]))
    kept = order[np.unique(both["subject"][order], return_index=True)[1]]
    return Claims(both[np.sort(kept)], NO_MEMBERS)


def _capable(scene: Scene) -> BoolArray:
    rows = scene.rows
    known = (rows["sigma_m"] < _MOST_SIGMA_M) & (rows["age_s"] < 0.5)
    settled = scene.tick_us - scene.memory["first_us"] >= _SETTLED_US
    body = is_vehicle(rows) | _WALKERS[rows["object_class"]]
    capable: BoolArray = known & settled & body & ~np.isnan(scene.memory["course_rad"])
    return capable


def _made(
    scene: Scene, pairs: IntArray, chance: FloatArray, hold_s: float, value: FloatArray
) -> RecordArray:
    found = np.zeros(len(pairs), CLAIM)
    ids = scene.rows["track_id"]
    found["kind"], found["severity"], found["radius_m"] = EventKind.CONFLICT, 3, 10.0
    found["row"], found["other"] = pairs.T
    found["subject"] = [subject_of("pair", *sorted((a, b))) for a, b in ids[pairs].tolist()]
    found["chance"], found["hold_s"], found["value"] = chance, hold_s, value
    return found


def _collisions(scene: Scene, pairs: IntArray) -> RecordArray:
    pairs = pairs[_closes(scene, pairs)]
    one, other = scene.rows[pairs[:, 0]], scene.rows[pairs[:, 1]]
    one_rad, other_rad = body_rad(scene)[pairs].T
    apart_m = separations_m(one, other, one_rad, other_rad, STEPS_S)
    now_m, meets = apart_m[0], apart_m < 0.0
    ttc = np.where(meets.any(axis=0), STEPS_S[meets.argmax(axis=0)], np.inf)
    sigma = np.hypot(one["sigma_m"], other["sigma_m"])
    speed_sigma = np.hypot(one["speed_sigma_mps"], other["speed_sigma_mps"])
    ahead_s = ttc.clip(max=TTC_S)
    course, other_course = scene.memory["course_rad"][pairs].T
    follows = alike(course, other_course, _SAME)
    turns = np.where(follows, _FOLLOWS_MPS2, _TURNS_MPS2) * ahead_s**2 / 2
    # Whether bodies meet depends on how far aside they are for who follows, who keeps that.
    drifts = np.where(follows, 0.0, speed_sigma * ahead_s)
    spread = np.sqrt(sigma**2 + drifts**2 + turns**2)
    hits = ndtr((-apart_m.min(axis=0) - _GRAZE_M) / spread)
    lost = to_lose_mps(one, other, course, other_course)
    drac = lost / (2.0 * ttc.clip(min=STEPS_S[1]))
    relative = np.hypot(speed_sigma / lost.clip(min=0.5), sigma / now_m.clip(min=0.3))
    hard = ndtr((drac - DRAC_MPS2) / (drac * relative).clip(min=0.1))
    # Bodies that overlap now were measured too large, or are one: nothing can be told of them.
    possible = (now_m > 0.0) & (lost > _CLOSING_MPS)
    likely = np.flatnonzero(possible & (hits * hard > _LEAST))
    chance = np.minimum(hits, _along_lanes(scene, pairs, likely, hits, spread)) * hard
    kept = likely[chance[likely] > _LEAST]
    return _made(scene, pairs[kept], chance[kept], CONFLICT_S, ttc[kept])


def _along_lanes(
    scene: Scene, pairs: IntArray, likely: IntArray, hits: FloatArray, spread: FloatArray
) -> FloatArray:
    """Chances to hit of likely pairs if those who are on lanes go on along them."""
    along = hits.copy()
    for k in likely.tolist():
        least_m, sure = deepest_m(scene, pairs[k], STEPS_S)
        if len(least_m):
            on_lanes = float(ndtr((-least_m - _GRAZE_M) / spread[k]).mean())
            along[k] += sure * (on_lanes - along[k])
    return along


def _closes(scene: Scene, pairs: IntArray) -> BoolArray:
    """Which pairs come near each other within the time that counts."""
    one, other = scene.rows[pairs[:, 0]], scene.rows[pairs[:, 1]]
    x, y = other["x_m"] - one["x_m"], other["y_m"] - one["y_m"]
    vx, vy = other["vx_mps"] - one["vx_mps"], other["vy_mps"] - one["vy_mps"]
    square = vx * vx + vy * vy
    at_s = np.clip(-(x * vx + y * vy) / np.maximum(square, 1e-6), 0.0, TTC_S)
    reach = (one["length_m"] + other["length_m"]) / 2 + 1.0
    near = np.hypot(x + vx * at_s, y + vy * at_s) < reach
    closes: BoolArray = near & (square > _CLOSING_MPS**2) & (at_s > 0.0)
    return closes


def to_lose_mps(
    one: RecordArray, other: RecordArray, one_rad: FloatArray, other_rad: FloatArray
) -> FloatArray:
    """Speed that has to go so that nothing happens, by the one for whom that is least.

    Who follows has to come down to the speed of the one ahead; where ways cross each could stop,
    and the one that is slower needs less. A walker cannot be asked to.
    """
    same = np.cos(one_rad - other_rad) > _SAME
    closing = np.hypot(one["vx_mps"] - other["vx_mps"], one["vy_mps"] - other["vy_mps"])
    speeds = [
        np.where(_WALKERS[rows["object_class"]], np.inf, rows["speed_mps"]) for rows in (one, other)
    ]
    lost: FloatArray = np.where(same, closing, np.minimum(*speeds))
    standing = np.minimum(one["speed_mps"], other["speed_mps"]) < 1.0
    return np.where(standing & ~same, closing, lost)


def _misses(scene: Scene, pairs: IntArray) -> RecordArray:
    """Claims by post-encroachment time: the front of one where the other was just before."""
    rows, looks = scene.rows, body_rad(scene)
    fast = rows["speed_mps"] > CROSSES_MPS
    crossing = np.abs(np.cos(looks[pairs[:, 0]] - looks[pairs[:, 1]])) < CROSSING
    pairs = pairs[crossing & fast[pairs].all(axis=1)]
    ordered = np.concatenate([pairs, pairs[:, ::-1]])
    second, first = ordered.T  # who comes second, who was there first
    lead_s, aside_m = _behind(scene, second, first)
    pet = lead_s - rows["length_m"][first] / 2 / rows["speed_mps"][first].clip(min=1.0)
    width = (rows["width_m"][first] + rows["width_m"][second]) / 2
    sigma = np.hypot(rows["sigma_m"][first], rows["sigma_m"][second])
    over = ndtr((width - aside_m) / sigma)
    sigma_s = 0.05 + sigma / rows["speed_mps"][second].clip(min=1.0)
    chance = over * ndtr((PET_S - pet) / sigma_s) * ndtr((pet + 0.3) / sigma_s)
    kept = chance > _LEAST
    return _made(scene, ordered[kept], chance[kept], MISS_S, pet[kept].clip(min=0.0))


def _behind(scene: Scene, second: IntArray, first: IntArray) -> tuple[FloatArray, FloatArray]:
    """How long ago `first` was nearest to where the front of `second` is, and how near."""
    rows, memory = scene.rows, scene.memory
    # In a turn the course lags: by it the front of a bus is two metres off.
    looks_rad, half = body_rad(scene)[second], rows["length_m"][second] / 2
    x = rows["x_m"][second] + half * np.cos(looks_rad)
    y = rows["y_m"][second] + half * np.sin(looks_rad)
    trail_x, trail_y = memory["trail_x_m"][first], memory["trail_y_m"][first]
    ends_s = (scene.tick_us - np.array(scene.slots)) / 1e6
    best_m, best_s = np.full(len(first), np.inf), np.full(len(first), np.inf)
    for k in range(SLOTS - 1):
        ax, ay = trail_x[:, k], trail_y[:, k]
        bx, by = trail_x[:, k + 1] - ax, trail_y[:, k + 1] - ay
        t = ((x - ax) * bx + (y - ay) * by) / np.maximum(bx * bx + by * by, 1e-6)
        t = np.clip(t, 0.0, 1.0)
        away = np.hypot(ax + t * bx - x, ay + t * by - y)
        nearer = away < best_m
        best_m = np.where(nearer, away, best_m)
        best_s = np.where(nearer, ends_s[k] + t * (ends_s[k + 1] - ends_s[k]), best_s)
    return best_s, best_m
