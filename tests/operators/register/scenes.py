"""Small scenes with wrong clocks and poses, without SUMO: vehicles on rings and on straights."""

import numpy as np

from operators.frame import Frame, SourceKind, empty_observations

START_US = 1_700_000_000_000_000


def vehicles(seed, n, rings_m=(45.0, 80.0)):
    """Place and velocity of n vehicles at any seconds: rings about the origin, both ways round."""
    rng = np.random.default_rng(seed)
    radius = rng.uniform(*rings_m, n)
    speed = rng.uniform(4.0, 9.0, n) * rng.choice((-1.0, 1.0), n)
    first = 2.0 * np.pi * np.arange(n) / n

    def at(t_s):
        angle = first + speed / radius * t_s
        unit = np.column_stack((np.cos(angle), np.sin(angle)))
        across = np.column_stack((-unit[:, 1], unit[:, 0]))
        return radius[:, None] * unit, speed[:, None] * across

    return at


def told(places, site, b):
    """Where a unit with errors b (tau, tx, ty, psi, stretch) puts places."""
    cos, sin = np.cos(b[3]), np.sin(b[3])
    return site + (1.0 + b[4]) * (places - site) @ np.array([[cos, sin], [-sin, cos]]) + b[1:3]


def a_frame(source, at_us, places, sigma_m, site=None, kind=SourceKind.ROADSIDE, ids=None):
    made = empty_observations(len(places))
    made["index"] = np.arange(len(places))
    made["x_m"], made["y_m"] = places[:, 0], places[:, 1]
    made["cov_xx_m2"] = made["cov_yy_m2"] = sigma_m**2
    made["cov_xy_m2"] = 0.0
    if ids is not None:
        made["local_id"] = ids
    circle = (np.nan, np.nan, np.nan) if site is None else (*site, 200.0)
    return Frame(source, kind, 0, at_us, at_us, "", 0, 0, 0, *circle, made)


def unit_frames(source, at, site, errors, seconds, seed, sigma_m=0.3, circle=True, phase_s=0.0):
    """Frames of 10 Hz; `errors` are fixed, or a function of seconds."""
    rng = np.random.default_rng([seed, *source.encode()])
    for k in range(round(10 * seconds)):
        t = k * 0.1 + phase_s
        b = np.asarray(errors(t) if callable(errors) else errors, float)
        places = told(at(t)[0], np.asarray(site), b)
        places = places[rng.random(len(places)) < 0.95]
        places = places + rng.normal(0.0, sigma_m, places.shape)
        at_us = START_US + round((t + b[0]) * 1e6)
        yield a_frame(source, at_us, places, sigma_m, site if circle else None)


def probe_frames(at, which, seconds, seed, sigma_m=0.8):
    """Each probe reports once a second."""
    rng = np.random.default_rng([seed, 99])
    for k in range(round(10 * seconds)):
        places = at(k * 0.1)[0]
        for vehicle in which:
            if k % 10 == vehicle % 10:
                place = places[vehicle : vehicle + 1] + rng.normal(0.0, sigma_m, (1, 2))
                at_us, ids = START_US + k * 100_000, np.array([vehicle + 1], np.uint64)
                yield a_frame("probes", at_us, place, sigma_m, None, SourceKind.PROBE, ids)


def in_order(*parts):
    return sorted((frame for part in parts for frame in part), key=lambda frame: frame.order)
