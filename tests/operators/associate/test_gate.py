import numpy as np
import pytest

from operators import gaussian as g
from operators.associate.gate import FARTHEST_M, GATE, MOST_PAIRS, SAME_LOCAL_ID, gate


def some_tracks(rng, n):
    tracks = np.zeros((n, g.PREDICTED))
    tracks[:, [g.X, g.Y]] = rng.uniform(-60, 60, (n, 2))
    tracks[:, [g.VX, g.VY]] = rng.uniform(-15, 15, (n, 2))
    roots = rng.normal(size=(n, 4, 4))
    full = roots @ roots.transpose(0, 2, 1)
    tracks[:, g.PXX], tracks[:, g.PXY] = full[:, 0, 0], full[:, 0, 1]
    tracks[:, g.PYY] = full[:, 1, 1]
    tracks[:, g.CXX], tracks[:, g.CYY] = 2 * full[:, 0, 2], 2 * full[:, 1, 3]
    tracks[:, g.CXY] = full[:, 0, 3] + full[:, 1, 2]
    tracks[:, g.VXX], tracks[:, g.VXY] = full[:, 2, 2], full[:, 2, 3]
    tracks[:, g.VYY], tracks[:, g.NOISE] = full[:, 3, 3], 1.0
    return tracks, full


def some_observations(rng, m):
    seen = np.zeros((m, g.PREPARED))
    seen[:, [g.OX, g.OY]] = rng.uniform(-60, 60, (m, 2))
    seen[:, g.AFTER] = rng.uniform(-0.2, 0.2, m)
    seen[:, g.RXX], seen[:, g.RYY], seen[:, g.RV] = 0.5, 0.8, -1.0
    return seen


def plain_distance(track, covariance, seen):
    """Squared distance by matrices, and metres."""
    dt = seen[g.AFTER]
    H = np.hstack((np.eye(2), dt * np.eye(2)))
    noise = np.diag((seen[g.RXX], seen[g.RYY])) + np.eye(2) * abs(dt) ** 3 / 3
    S = H @ covariance @ H.T + noise
    off = seen[[g.OX, g.OY]] - H @ track[[g.X, g.Y, g.VX, g.VY]]
    return off @ np.linalg.solve(S, off), np.linalg.det(S), np.hypot(*off)


def keys(n):
    return np.zeros(n, np.uint64)


def run(tracks, seen, track_keys=None, seen_keys=None):
    order = np.argsort(seen[:, g.OX], kind="stable")
    a = keys(len(tracks)) if track_keys is None else track_keys
    b = keys(len(seen)) if seen_keys is None else seen_keys
    return gate(tracks, a, seen, b, order)


def test_pairs_are_those_of_a_brute_force_search():
    rng = np.random.default_rng(5)
    tracks, full = some_tracks(rng, 60)
    seen = some_observations(rng, 80)
    degree, target, cost = run(tracks, seen)
    for i in range(60):
        exact = {}
        for j in range(80):
            d2, determinant, metres = plain_distance(tracks[i], full[i], seen[j])
            if d2 < GATE and metres < FARTHEST_M:
                exact[j] = d2 + np.log(determinant)
        found = dict(zip(target[i, : degree[i]].tolist(), cost[i].tolist(), strict=False))
        best = sorted(exact, key=exact.get)[:MOST_PAIRS]
        assert sorted(found) == sorted(best)
        assert all(np.isclose(found[j], exact[j]) for j in best)


def test_same_local_id_makes_a_pair_cheaper():
    tracks, _ = some_tracks(np.random.default_rng(1), 1)
    seen = np.zeros((1, g.PREPARED))
    seen[0, [g.OX, g.OY]] = tracks[0, [g.X, g.Y]]
    seen[0, [g.RXX, g.RYY]], seen[0, g.RV] = 0.5, -1.0
    one, two = np.array([7], np.uint64), np.array([8], np.uint64)
    other = run(tracks, seen, one, two)[2][0, 0]
    same = run(tracks, seen, one, one)[2][0, 0]
    assert same == pytest.approx(other + SAME_LOCAL_ID)


def test_a_wrong_velocity_costs_but_does_not_forbid():
    tracks, _ = some_tracks(np.random.default_rng(1), 1)
    seen = np.zeros((2, g.PREPARED))
    seen[:, [g.OX, g.OY]] = tracks[0, [g.X, g.Y]]
    seen[:, g.RXX] = seen[:, g.RYY] = seen[:, g.RV] = 0.5
    seen[0, [g.OVX, g.OVY]] = tracks[0, [g.VX, g.VY]]
    seen[1, [g.OVX, g.OVY]] = tracks[0, [g.VX, g.VY]] + 60.0
    degree, target, cost = run(tracks, seen)
    assert degree[0] == 2
    assert target[0, 0] == 0
    assert cost[0, 1] == pytest.approx(cost[0, 0] + 16.0)


def test_no_observations_give_no_pairs():
    tracks, _ = some_tracks(np.random.default_rng(1), 3)
    assert run(tracks, np.zeros((0, g.PREPARED)))[0].tolist() == [0, 0, 0]
