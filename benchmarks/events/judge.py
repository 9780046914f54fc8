"""Whether what was told in ordinary traffic is true of the traffic.

A told event is *real* if the truth, which has no noise, has what the kind says at some instant near
the one at which it opened; otherwise it is a false alarm.

* conflict: true bodies that go on as they do meet in 1.5 s or less and who has to give way needs
  4.5 m/s² or more for it, within 2 s of the opening; or true bodies whose ways cross are at one
  place less than 0.8 s apart.
* hard braking: the true speed falls by 4.9 m/s² or more in the mean over 0.6 s, from 2 s before
  the opening to half a second after it.

Nothing else happens in ordinary traffic: events of other kinds are all false alarms.
"""

from collections.abc import Mapping

import numpy as np

from infra.simulator.truth import Truth
from operators._typing import FloatArray, IntArray, RecordArray
from operators.events.boxes import separations_m
from operators.events.driving import HARD_MPS2
from operators.events.kinds import EventKind
from operators.events.meeting import CROSSING, DRAC_MPS2, PET_S, TTC_S, approach
from operators.events.rows import ROW

WINDOW_S, AFTER_BRAKING_S, SPAN_S = 2.0, 0.5, 0.6
STEP_S = 0.1


def is_real(told: Mapping[str, object], truth: Truth) -> bool:
    """Whether the truth has an event that was opened; its tracks are the truth's objects plus 1."""
    if told["kind"] == EventKind.CONFLICT.text:
        ttc_s, drac_mps2, pet_s = conflict_figures(told, truth)
        return (ttc_s <= TTC_S and drac_mps2 >= DRAC_MPS2) or pet_s <= PET_S
    if told["kind"] == EventKind.HARD_BRAKING.text:
        return braking_mps2(told, truth) >= HARD_MPS2
    return False


def braking_mps2(told: Mapping[str, object], truth: Truth) -> float:
    """The hardest true braking of the first track near the opening."""
    (rows,) = _rows(told, truth, 1, AFTER_BRAKING_S)
    steps = round(SPAN_S / STEP_S)
    loss = rows["speed_mps"][:-steps] - rows["speed_mps"][steps:]
    return float(np.nanmax(loss, initial=0.0)) / SPAN_S


def conflict_figures(told: Mapping[str, object], truth: Truth) -> tuple[float, float, float]:
    """True time to collision and deceleration at the worst instant, and post-encroachment time."""
    one, other = _rows(told, truth, 2, WINDOW_S)
    both = ~np.isnan(one["x_m"]) & ~np.isnan(other["x_m"])
    one, other = one[both], other[both]
    if not len(one):
        return np.inf, 0.0, np.inf
    ttc_s, lost_mps, apart_m = approach(one, other, one["heading_rad"], other["heading_rad"])
    needed = np.where(apart_m[0] > 0.0, lost_mps / (2.0 * ttc_s.clip(min=STEP_S)), 0.0)
    worst = int(np.argmax(needed))
    return float(ttc_s[worst]), float(needed[worst]), _encroachment_s(one, other)


def _encroachment_s(one: RecordArray, other: RecordArray) -> float:
    """The least time between one body being at a place and another, inf unless their ways cross."""
    first, second = (k.ravel() for k in np.indices((len(one), len(other))))
    one_rad, other_rad = one["heading_rad"][first], other["heading_rad"][second]
    apart = separations_m(one[first], other[second], one_rad, other_rad, np.zeros(1))[0]
    met = (apart < 0.0) & (np.abs(np.cos(one_rad - other_rad)) < CROSSING)
    apart_steps = np.abs(first - second)[met]
    return float(apart_steps.min()) * STEP_S if len(apart_steps) else np.inf


def _rows(told: Mapping[str, object], truth: Truth, count: int, after_s: float) -> list[RecordArray]:
    """True rows of the first tracks of an event around its opening, NaN where one is not there."""
    opened_us = int(str(told["opened_us"]))
    times: IntArray = opened_us + np.arange(round(-WINDOW_S * 1e6), round(after_s * 1e6) + 1, 100_000)
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
