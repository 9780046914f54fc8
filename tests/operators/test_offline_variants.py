"""Recordings in the guises that strangers hand over: each is fused well, without any switch."""

from dataclasses import dataclass, replace

import msgspec
import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from infra.cli.fuse import fused_lines
from operators.offline import Instant, OfflineFusion

NEAR_M = 2.0
UNSAID = ("vx", "vy")  # most detectors tell boxes and no velocity


@dataclass(frozen=True)
class Guise:
    """A street with six lanes, a vehicle every 14 m, seen for some seconds.

    `score` makes a score of log odds, `without` are fields that are missing, `filled` those that
    always say the same, `quiet_s` when nobody looks, `ride_mps` how fast the frame goes.
    """

    hz: float = 10.0
    seconds: float = 6.0
    objects: int = 12
    size_m: tuple[float, float, float] = (4.5, 1.8, 1.5)
    speed: float = 1.0
    spread_m: float = 60.0
    sigma_m: float = 0.2
    missed: float = 0.1
    false: float = 1.0
    named: str = "car"
    score: str = "share"
    without: tuple[str, ...] = UNSAID
    filled: tuple[tuple[str, object], ...] = ()
    start_us: int = 1_763_850_000_000_000
    jitter_us: int = 0
    shift_m: tuple[float, float] = (0.0, 0.0)
    quiet_s: tuple[float, float] = (99.0, 99.0)
    ride_mps: float = 0.0


def score(kind, logit):
    share = float(1.0 / (1.0 + np.exp(-logit)))
    return {"share": share, "logit": 4.0 * logit, "percent": 100.0 * share}.get(kind)


def street(guise):
    """Places, velocities and headings."""
    lane, row = np.arange(guise.objects) % 6, np.arange(guise.objects) // 6
    place = np.column_stack((14.0 * row - guise.spread_m + lane, 3.5 * lane))
    speed = guise.speed * np.array([9.0, 9.0, 9.0, -11.0, -11.0, 0.0])[lane]
    heading = np.where(lane < 3, 0.0, np.pi)
    return place, np.column_stack((speed, 0.0 * speed)), heading


def recorded(guise):
    """Lines of a recording, and what is true at each: (event time, places)."""
    rng = np.random.default_rng(1)
    place, velocity, heading = street(guise)
    lines, truth = [], []
    for k in range(int(guise.hz * guise.seconds)):
        if guise.quiet_s[0] <= k / guise.hz < guise.quiet_s[1]:
            continue
        jitter_us = int(rng.integers(-guise.jitter_us, guise.jitter_us + 1))
        since_us = max(round(k / guise.hz * 1e6) + jitter_us, 0)
        ridden = np.array([guise.ride_mps, 0.0]) * since_us / 1e6
        now = place + velocity * since_us / 1e6 - ridden + guise.shift_m
        truth.append((guise.start_us + since_us, now))
        seen = [
            told(guise, rng, now[i], heading[i], 1.5)
            for i in np.flatnonzero(rng.random(guise.objects) >= guise.missed)
        ]
        for _ in range(rng.poisson(guise.false)):
            somewhere = rng.uniform(-guise.spread_m, guise.spread_m, 2) + guise.shift_m
            seen.append(told(guise, rng, somewhere, rng.uniform(-3.0, 3.0), -1.5))
        head = {"source": "s", "event_time_us": truth[-1][0], "frame": "local"}
        lines.append(msgspec.json.encode({**head, "objects": seen}))
    return lines, truth


def told(guise, rng, place, heading, logit):
    x, y = (place + rng.normal(0.0, guise.sigma_m, 2)).tolist()
    turned = np.pi * (rng.random() < 0.03)
    length, width, height = (np.array(guise.size_m) * rng.normal(1.0, 0.04, 3)).tolist()
    made = {
        "x": x,
        "y": y,
        "z": 0.8,
        "heading_rad": float(heading + rng.normal(0.0, 0.03) + turned),
    }
    made |= {"length_m": length, "width_m": width, "height_m": height, "class": guise.named}
    made |= {"score": score(guise.score, rng.normal(logit, 1.0)), "vx": 0.0, "vy": 0.0}
    made |= dict(guise.filled)
    return {name: value for name, value in made.items() if name not in guise.without}


def fused(lines):
    """Rows as they are written, by event time."""
    rows = {}
    for one in OfflineFusion().run(lines):
        assert isinstance(one, Instant), one
        rows[one.at_us] = [msgspec.json.decode(line) for line in fused_lines(one).splitlines()]
    return rows


def figures(rows, truth):
    """Recall, false rows for each true one, mean distance; of the second half."""
    found = wrong = there = 0
    away = []
    for at_us, places in truth[len(truth) // 2 :]:
        tracks = np.array([(row["x"], row["y"]) for row in rows.get(at_us, [])]).reshape(-1, 2)
        apart = np.hypot(*(places[:, None] - tracks[None]).transpose(2, 0, 1))
        pairs = linear_sum_assignment(np.minimum(apart, 2.0 * NEAR_M))
        near = apart[pairs][apart[pairs] < NEAR_M]
        found, there, wrong = found + len(near), there + len(places), wrong + len(tracks)
        away.append(near)
    return found / there, (wrong - found) / there, float(np.concatenate(away).mean())


PLAIN = Guise()
BARE = ("heading_rad", "length_m", "width_m", "height_m", "z", "score", "class")
GUISES = {
    "2 Hz": replace(PLAIN, hz=2.0, seconds=16.0),
    "5 Hz": replace(PLAIN, hz=5.0, seconds=10.0),
    "20 Hz": replace(PLAIN, hz=20.0, seconds=4.0),
    "coarse": replace(PLAIN, sigma_m=0.7),
    "nothing missed, nothing false": replace(PLAIN, missed=0.0, false=0.0),
    "much false": replace(PLAIN, false=8.0),
    "logits": replace(PLAIN, score="logit"),
    "percentages": replace(PLAIN, score="percent"),
    "no scores": replace(PLAIN, score="none"),
    "one score": replace(PLAIN, filled=(("score", 1.0),)),
    "bicycles": replace(PLAIN, named="bicycle", size_m=(1.8, 0.6, 1.7), speed=0.5),
    "a class nobody knows": replace(PLAIN, named="lorry with a hat"),
    "points": replace(PLAIN, without=(*UNSAID, *BARE)),
    "sizes of zero": replace(
        PLAIN, filled=(("length_m", 0.0), ("width_m", 0.0), ("height_m", 0.0))
    ),
    "velocities of zero": replace(PLAIN, without=()),
    "200 objects": replace(PLAIN, objects=200, spread_m=230.0, seconds=3.0),
    "one object": replace(PLAIN, objects=1, false=0.0),
    "a gap": replace(PLAIN, quiet_s=(2.0, 3.5)),
    "metres of UTM": replace(PLAIN, shift_m=(500_123.0, 4_000_456.0)),
    "clock from zero": replace(PLAIN, start_us=0),
    "times that jitter": replace(PLAIN, jitter_us=20_000),
    "from a vehicle": replace(PLAIN, ride_mps=15.0),
}


@pytest.mark.parametrize("guise", GUISES.values(), ids=GUISES)
def test_every_guise_is_fused_well(guise):
    lines, truth = recorded(guise)
    rows = fused(lines)
    recall, false, distance_m = figures(rows, truth)
    assert recall > 0.97
    assert false < 0.03
    assert distance_m < guise.sigma_m
    for row in (row for of in rows.values() for row in of):
        assert 0.0 <= row["score"] <= 1.0
        numbers = np.array([row["x"], row["y"], row["vx"], row["vy"], *row["position_cov"]])
        assert np.isfinite(numbers).all()


def test_empty_frames_publish_nothing():
    lines, _ = recorded(replace(PLAIN, objects=0, false=0.0))
    assert not fused(lines)
