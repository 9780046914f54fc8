"""Where the ground is: the shift that all units share, against what is claimed of it."""

import numpy as np

from operators import tracker
from operators.frame import SourceKind
from operators.parameters import Parameters
from operators.register.anchors import carried_variance
from operators.register.common import best_known
from operators.register.state import ERRORS, TX, TY
from tests.operators.register.scenes import START_US, a_frame, in_order, unit_frames, vehicles

SITES = {"a": (-40.0, 0.0), "b": (40.0, 10.0)}
SEEDS, SECONDS = range(16), 30.0
LASTING_M, WHITE_M, TIME_S, EVERY_S = 0.6, 0.35, 60.0, 0.5


def reports(at, which, seed, lasting_m, white_m):
    """Probes whose error is noise and a first-order Gauss-Markov process."""
    rng = np.random.default_rng([seed, 98])
    keep = np.exp(-EVERY_S / TIME_S)
    error = rng.normal(0.0, lasting_m, (len(which), 2))
    for k in range(round(SECONDS / EVERY_S)):
        error = keep * error + rng.normal(0.0, lasting_m * np.sqrt(1.0 - keep**2), error.shape)
        for number, vehicle in enumerate(which):
            t_s = k * EVERY_S + 0.01 * vehicle
            place = at(t_s)[0][vehicle] + error[number] + rng.normal(0.0, white_m, 2)
            ids = np.array([vehicle + 1], np.uint64)
            at_us = START_US + round(t_s * 1e6)
            sigma_m = float(np.hypot(lasting_m, white_m))
            yield a_frame("probes", at_us, place[None], sigma_m, None, SourceKind.PROBE, ids)


def run(seed, lasting_m, white_m):
    at, state = vehicles(seed, 16), tracker.empty()
    shift = np.random.default_rng([seed, 97]).normal(0.0, 0.3, 2)
    units = [
        unit_frames(name, at, site, (0.0, *shift, 0.0, 0.0), SECONDS, seed)
        for name, site in SITES.items()
    ]
    for frame in in_order(*units, reports(at, range(12), seed, lasting_m, white_m)):
        tracker.advance(state, frame, Parameters())
    return state, shift


def squares(lasting_m, white_m):
    """Of each run: squared error of the shift of the middle, over the claimed variance."""
    made = []
    for seed in SEEDS:
        state, shift = run(seed, lasting_m, white_m)
        registry = state.registry
        best = best_known(registry)
        at = slice(best * ERRORS, (best + 1) * ERRORS)
        lever = -registry.units["site_x_m"][best], -registry.units["site_y_m"][best]
        H = np.array([[0.0, 1.0, 0.0, -lever[1], lever[0]], [0.0, 0.0, 1.0, *lever]])
        psi, grown = registry.bias[best, 3:]
        turned = grown * lever[0] - psi * lever[1], psi * lever[0] + grown * lever[1]
        left = registry.bias[best, TX : TY + 1] + turned - shift
        own = H @ registry.covariance[at, at] @ H.T
        claimed = own + carried_variance(state.sources) * np.eye(2)
        made.append((left @ np.linalg.solve(claimed, left), left @ np.linalg.solve(own, left)))
    return np.array(made).mean(axis=0) / 2.0


def test_what_is_claimed_of_the_ground_is_true():
    nees, without = squares(LASTING_M, WHITE_M)
    assert 0.5 < nees < 1.7
    assert without > 3.0  # what the filter claims by itself is not


def test_noise_of_probes_is_not_taken_for_more():
    nees, _ = squares(0.0, 0.7)
    assert 0.1 < nees < 1.7
