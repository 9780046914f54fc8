"""What several motion models are worth: position error in manoeuvres, beside constant velocity.

    python -m benchmarks.manoeuvres [--runs 40] [--out FILE]

One car, seen at 10 Hz with 0.5 m: a U-turn, a brake of 8 m/s², a lane change, a roundabout (S15),
and a minute of steady driving. The peer is one Kalman filter of constant velocity, once with the
noise of a typical car (1 m²/s³) and once with the noise that suits it best in each window. A
*clairvoyant* bounds what switching between models can gain: a Kalman filter that is told when the
manoeuvre begins and ends and which way the car goes, with the noise along and across the way that
suits it best in this window. What it cannot reach nobody reaches who has to notice a manoeuvre.
"""

import argparse
import json
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np

from benchmarks.tracker_scenario import START_US, STEP_US
from operators import tracker
from operators._typing import FloatArray
from operators.frame import Frame, ObjectClass, SourceKind, empty_observations
from operators.parameters import Parameters

STEP_S = STEP_US / 1e6
SIGMA_M = 0.5
NOISES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
TYPICAL = 1.0
QUIET = 0.01  # noise of the clairvoyant while nothing happens
LEAD_S = 8.0  # steady driving before each manoeuvre

Course = Callable[[float], tuple[float, float]]  # seconds -> acceleration m/s², turn rate rad/s


def _u_turn(t: float) -> tuple[float, float]:
    return (0.0, np.pi / 6.0) if t < 6.0 else (0.0, 0.0)


def _brake(t: float) -> tuple[float, float]:
    return (-8.0, 0.0) if t < 1.8 else (0.0, 0.0)


def _lane_change(t: float) -> tuple[float, float]:
    return (0.0, 0.12 * np.sin(2 * np.pi * t / 3.0)) if t < 3.0 else (0.0, 0.0)


def _roundabout(t: float) -> tuple[float, float]:
    if t < 1.5:
        return -2.0, -0.35
    if t < 7.0:
        return 0.0, 0.5
    return (1.5, -0.35) if t < 8.5 else (0.0, 0.0)


# name: course, speed at its beginning (m/s), window that counts (s)
MANOEUVRES: dict[str, tuple[Course, float, float]] = {
    "u-turn": (_u_turn, 6.0, 6.5),
    "brake": (_brake, 15.0, 2.5),
    "lane change": (_lane_change, 14.0, 3.5),
    "roundabout": (_roundabout, 11.0, 9.0),
    "steady": (lambda _: (0.0, 0.0), 13.0, 60.0),
}
# How long each lasts, seconds: the window goes on for half a second more.
LASTS_S = {"u-turn": 6.0, "brake": 1.8, "lane change": 3.0, "roundabout": 8.5, "steady": 0.0}


def drive(course: Course, speed_mps: float, seconds: float) -> FloatArray:
    """Places of shape (n, 2) at each step, from `LEAD_S` before the manoeuvre's beginning."""
    fine, heading, place = 20, 0.3, np.zeros(2)
    made = []
    for k in range(round((LEAD_S + seconds) / STEP_S)):
        made.append(place.copy())
        for i in range(fine):
            acceleration, turn = course((k + i / fine) * STEP_S - LEAD_S) if k else (0.0, 0.0)
            if (k + i / fine) * STEP_S < LEAD_S:
                acceleration, turn = 0.0, 0.0
            step = STEP_S / fine
            speed_mps = max(speed_mps + acceleration * step, 0.0)
            heading += turn * step
            place += speed_mps * step * np.array([np.cos(heading), np.sin(heading)])
    return np.array(made)


def track(seen: FloatArray) -> FloatArray:
    """Places that the station's tracker shows after each observation."""
    state, made = tracker.empty(), []
    for k, place in enumerate(seen):
        event_us = START_US + k * STEP_US
        tracker.advance(state, _frame(place, event_us), Parameters())
        row = tracker.rows(state, event_us)[0]
        made.append((row["x_m"], row["y_m"]))
    return np.array(made)


def _frame(place: FloatArray, event_us: int) -> Frame:
    one = empty_observations(1)
    one["x_m"], one["y_m"] = place
    one["cov_xx_m2"] = one["cov_yy_m2"] = SIGMA_M**2
    one["cov_xy_m2"], one["object_class"] = 0.0, ObjectClass.CAR
    return Frame(
        "unit", SourceKind.ROADSIDE, 0, event_us, event_us, "", 0, 0, 0, 0.0, 0.0, np.nan, one
    )


def constant_velocity(seen: FloatArray, noise: float) -> FloatArray:
    """Places of a Kalman filter of constant velocity; its two axes are alike."""
    t, x = STEP_S, np.vstack((seen[0], np.zeros(2)))
    F, P = np.array([[1.0, t], [0.0, 1.0]]), np.diag([SIGMA_M**2, 100.0])
    Q = noise * np.array([[t**3 / 3, t**2 / 2], [t**2 / 2, t]])
    made = [seen[0]]
    for z in seen[1:]:
        x, P = F @ x, F @ P @ F.T + Q
        gain = P[:, 0] / (P[0, 0] + SIGMA_M**2)
        x = x + np.outer(gain, z - x[0])
        P = P - np.outer(gain, P[0])
        made.append(x[0])
    return np.array(made)


def clairvoyant(truth: FloatArray, seen: FloatArray, last: int, noises: FloatArray) -> FloatArray:
    """Places of a filter that knows when the car manoeuvres and where it heads.

    Parameters
    ----------
    truth : ndarray of shape (n, 2)
    seen : ndarray of shape (runs, n, 2)
    last
        Step with which the manoeuvre ends; it begins with that after `LEAD_S`.
    noises : ndarray of shape (2,)
        Intensities along and across the way in the manoeuvre, m²/s³.
    """
    t, n = STEP_S, len(truth)
    F = np.kron(np.array([[1.0, t], [0.0, 1.0]]), np.eye(2))
    G = np.array([[t**3 / 3, t**2 / 2], [t**2 / 2, t]])
    step = np.gradient(truth, axis=0)
    way = step / np.maximum(np.linalg.norm(step, axis=1, keepdims=True), 1e-9)
    x, P = np.zeros((len(seen), 4)), np.diag([SIGMA_M**2] * 2 + [100.0] * 2)
    x[:, :2], made = seen[:, 0], seen.copy()
    for k in range(1, n):
        ahead = way[k - 1]
        axes = np.array([ahead, [-ahead[1], ahead[0]]])
        inside = round(LEAD_S / STEP_S) < k <= last
        Q = axes.T @ np.diag(noises if inside else [QUIET, QUIET]) @ axes
        x, P = x @ F.T, F @ P @ F.T + np.kron(G, Q)
        gain = P[:, :2] @ np.linalg.inv(P[:2, :2] + SIGMA_M**2 * np.eye(2))
        x, P = x + (seen[:, k] - x[:, :2]) @ gain.T, P - gain @ P[:2]
        made[:, k] = x[:, :2]
    return made


def least_rmse(truth: FloatArray, seen: FloatArray, seconds: float) -> float:
    """RMSE of the clairvoyant with the noises that suit it best, metres."""
    first = round(LEAD_S / STEP_S)
    last, found = first + round(seconds / STEP_S), []
    for noises in product((QUIET, *NOISES), repeat=2):
        off = clairvoyant(truth, seen, last, np.array(noises))[:, first:] - truth[first:]
        found.append(float(np.sqrt(np.mean(np.sum(off**2, 2)))))
    return min(found)


def measure(runs: int) -> dict[str, dict[str, float]]:
    """RMSE of each manoeuvre's window, metres."""
    table = {}
    for name, (course, speed_mps, seconds) in MANOEUVRES.items():
        truth = drive(course, speed_mps, seconds)
        first = round(LEAD_S / STEP_S)
        rng = np.random.default_rng(5)
        squares: dict[object, list[float]] = {n: [] for n in ("ours", *NOISES)}
        all_seen = truth + rng.normal(0.0, SIGMA_M, (runs, *truth.shape))
        for seen in all_seen:
            places = {"ours": track(seen)} | {n: constant_velocity(seen, n) for n in NOISES}
            for one, made in places.items():
                squares[one].append(float(np.sum((made - truth)[first:] ** 2, 1).mean()))
        rmse = {one: float(np.sqrt(np.mean(values))) for one, values in squares.items()}
        best = min(NOISES, key=lambda n, rmse=rmse: rmse[n])
        table[name] = {
            "imm_m": rmse["ours"],
            "cv_m": rmse[TYPICAL],
            "best_cv_m": rmse[best],
            "best_noise": best,
            "gain": 1.0 - rmse["ours"] / rmse[TYPICAL],
            "most": 1.0 - least_rmse(truth, all_seen, LASTS_S[name]) / rmse[TYPICAL],
        }
    return table


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.manoeuvres")
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    table = measure(chosen.runs)
    titles = f"{'window':14}{'IMM m':>8}{'CV q=1 m':>10}{'best CV m':>11}{'its q':>7}"
    print(f"{titles}{'gain':>7}{'most':>7}")
    for name, row in table.items():
        print(
            f"{name:14}{row['imm_m']:8.3f}{row['cv_m']:10.3f}{row['best_cv_m']:11.3f}"
            f"{row['best_noise']:7.2f}{row['gain']:7.0%}{row['most']:7.0%}"
        )
    if chosen.out:
        chosen.out.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
