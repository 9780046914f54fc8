"""Whether what was told in ordinary traffic is true of the traffic.

A told event is *real* if the truth, which has no noise and knows the way that each goes, has what
the kind says near the instant at which it opened; otherwise it is a false alarm.

* conflict: within 2 s of the opening the true bodies, each moved on along the way that it really
  went at the speed that it has, meet in 1.5 s or less, and who has to give way needs 4.5 m/s² or
  more for that they do not; or true bodies whose ways cross are at one place less than 0.8 s apart.
* hard braking: the true speed falls by 4.9 m/s² or more in the mean over 0.6 s, from 2 s before
  the opening to half a second after it.
* stopped vehicle: the true vehicle stood for the last minute: in ordinary traffic that is one that
  others have shut in.

Nothing else happens in ordinary traffic: events of other kinds are all false alarms.
"""

from collections.abc import Mapping

import numpy as np

from infra.simulator.truth import Truth
from operators._typing import FloatArray, RecordArray
from operators.events.boxes import separations_m
from operators.events.driving import HARD_MPS2
from operators.events.kinds import EventKind
from operators.events.meeting import CROSSING, DRAC_MPS2, PET_S, STEPS_S, TTC_S, to_lose_mps
from operators.events.rows import ROW

WINDOW_S, AFTER_BRAKING_S, SPAN_S = 2.0, 0.5, 0.6
WAY_S = 20.0  # how far the way that one really went is looked up
STOOD_S, STANDS_MPS = 60.0, 0.5
STEP_S = 0.1
Told = Mapping[str, object]


def is_real(told: Told, truth: Truth) -> bool:
    """Whether the truth has an event that was opened; its tracks are the truth's objects plus 1."""
    if told["kind"] == EventKind.CONFLICT.text:
        drac_mps2, pet_s = conflict_figures(told, truth)
        return drac_mps2 >= DRAC_MPS2 or pet_s <= PET_S
    if told["kind"] == EventKind.HARD_BRAKING.text:
        return braking_mps2(told, truth) >= HARD_MPS2
    if told["kind"] == EventKind.STOPPED_VEHICLE.text:
        (rows,) = _rows(told, truth, 1, -STOOD_S, 0.0)
        return bool((rows["speed_mps"] < STANDS_MPS).all())
    return False


def braking_mps2(told: Told, truth: Truth) -> float:
    """The hardest true braking of the first track near the opening."""
    (rows,) = _rows(told, truth, 1, -WINDOW_S, AFTER_BRAKING_S)
    steps = round(SPAN_S / STEP_S)
    loss = rows["speed_mps"][:-steps] - rows["speed_mps"][steps:]
    return float(np.nanmax(loss, initial=0.0)) / SPAN_S


def conflict_figures(told: Told, truth: Truth) -> tuple[float, float]:
    """What the true bodies had to brake at the worst instant; post-encroachment time."""
    one, other = _rows(told, truth, 2, -WINDOW_S, WINDOW_S + WAY_S)
    near = round(2 * WINDOW_S / STEP_S) + 1
    there = np.flatnonzero(~np.isnan(one["x_m"][:near]) & ~np.isnan(other["x_m"][:near]))
    needed = [_needed_mps2(one, other, k) for k in there.tolist()]
    return max(needed, default=0.0), _encroachment_s(one[there], other[there])


def _needed_mps2(one: RecordArray, other: RecordArray, at: int) -> float:
    """Deceleration that keeps two bodies apart, if they would meet in the time that counts."""
    a, b = _moved_on(one, at), _moved_on(other, at)
    apart = separations_m(a, b, a["heading_rad"], b["heading_rad"], np.zeros(1))[0]
    if apart[0] <= 0.0 or not (apart < 0.0).any():
        return 0.0
    ttc_s = float(STEPS_S[np.argmax(apart < 0.0)])
    rows = one[[at]], other[[at]]
    lost = to_lose_mps(*rows, rows[0]["heading_rad"], rows[1]["heading_rad"])
    return float(lost[0]) / (2.0 * ttc_s) if ttc_s <= TTC_S else 0.0


def _moved_on(rows: RecordArray, at: int) -> RecordArray:
    """A body at each of `STEPS_S`, at the speed that it has, along the way that it really went."""
    there = rows[at:][~np.isnan(rows["x_m"][at:])]
    gone_m = np.concatenate([[0.0], np.cumsum(np.hypot(*_steps(there)))])
    wanted = rows["speed_mps"][at] * STEPS_S
    moved = np.repeat(rows[[at]], len(STEPS_S))
    heading = np.unwrap(there["heading_rad"])
    beyond = (wanted - gone_m[-1]).clip(min=0.0)
    moved["heading_rad"] = np.interp(wanted, gone_m, heading)
    moved["x_m"] = np.interp(wanted, gone_m, there["x_m"]) + beyond * np.cos(heading[-1])
    moved["y_m"] = np.interp(wanted, gone_m, there["y_m"]) + beyond * np.sin(heading[-1])
    return moved


def _steps(rows: RecordArray) -> tuple[FloatArray, FloatArray]:
    return np.diff(rows["x_m"]), np.diff(rows["y_m"])


def _encroachment_s(one: RecordArray, other: RecordArray) -> float:
    """The least time between one body being at a place and another, inf unless their ways cross."""
    first, second = (k.ravel() for k in np.indices((len(one), len(other))))
    one_rad, other_rad = one["heading_rad"][first], other["heading_rad"][second]
    apart = separations_m(one[first], other[second], one_rad, other_rad, np.zeros(1))[0]
    met = (apart < 0.0) & (np.abs(np.cos(one_rad - other_rad)) < CROSSING)
    steps = np.abs(first - second)[met]
    return float(steps.min()) * STEP_S if len(steps) else np.inf


def _rows(told: Told, truth: Truth, count: int, from_s: float, to_s: float) -> list[RecordArray]:
    """True rows of the first tracks of an event about its opening, NaN where one is not there."""
    opened_us = int(str(told["opened_us"]))
    times = opened_us + np.arange(round(from_s * 1e6), round(to_s * 1e6) + 1, 100_000)
    tracks: list[int] = told["track_ids"]  # type: ignore[assignment]
    objects = np.searchsorted(truth.object_id, np.array(tracks[:count]) - 1)
    seen, found = truth.at(times, objects), []
    for k, at in enumerate(objects):
        rows = np.zeros(len(times), ROW)
        for name in ("x_m", "y_m", "vx_mps", "vy_mps", "heading_rad"):
            rows[name] = getattr(seen, name)[:, k]
        rows["speed_mps"] = np.hypot(rows["vx_mps"], rows["vy_mps"])
        rows["length_m"], rows["width_m"] = truth.length_m[at], truth.width_m[at]
        rows["object_class"] = truth.object_class[at]
        found.append(rows)
    return found
