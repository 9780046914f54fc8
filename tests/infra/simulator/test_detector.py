"""What a detector makes of points: misses, errors, scores, false boxes."""

from dataclasses import replace

import numpy as np
import pytest

from infra.simulator.detector import detect
from infra.simulator.false_boxes import hedge_places
from infra.simulator.lidar import BOX, FALSE, Lidar
from infra.simulator.network import District
from infra.simulator.sight import houses
from tests.infra.simulator.roads import EXACT, NO_WALLS, ring, truth_of

NO_HEDGES = np.zeros(0, BOX)


def found(lidar, truth, *, walls=NO_WALLS, hedges=NO_HEDGES, seed=1):
    rng = np.random.default_rng(seed)
    return detect(lidar, truth, truth.states, 0, walls, hedges, rng).boxes


def off(truth, boxes):
    """Errors along and across the line of sight from the origin."""
    at, of = boxes["step"], boxes["object"]
    bearing = np.arctan2(truth.states.y_m[at, of], truth.states.x_m[at, of])
    dx, dy = boxes["x_m"] - truth.states.x_m[at, of], boxes["y_m"] - truth.states.y_m[at, of]
    cos, sin = np.cos(bearing), np.sin(bearing)
    return dx * cos + dy * sin, dy * cos - dx * sin


def test_an_exact_lidar_tells_every_box_but_its_own_as_it_is():
    truth = ring(20, 30.0)
    boxes = found(EXACT, truth)
    first = boxes[(boxes["object"] != FALSE)]
    assert len(first) == 20 * 12
    assert set(first["object"]) == set(range(1, 13))
    np.testing.assert_allclose(np.column_stack(off(truth, first)), 0.0, atol=1e-9)
    np.testing.assert_allclose(first["length_m"], 4.6)


def test_far_boxes_are_missed_more_often_score_lower_and_lie_worse():
    shares, scores, spreads = [], [], []
    for distance in (15.0, 50.0, 95.0):
        truth = ring(300, distance)
        boxes = found(replace(Lidar(), least_score=1e-6), truth)
        true = boxes[boxes["object"] != FALSE]
        shares.append(len(true) / (300 * 12))
        scores.append(np.median(true["logit"]))
        spreads.append(off(truth, true)[0].std())
    assert shares[0] > 0.95
    assert shares[0] >= shares[1] > shares[2] + 0.1
    assert shares[2] > 0.2
    assert scores == sorted(scores, reverse=True)
    assert spreads == sorted(spreads)
    assert 0.1 < spreads[0] < 0.35
    assert spreads[2] < 1.2


def test_errors_are_larger_along_the_line_of_sight():
    truth = ring(300, 60.0)
    boxes = found(Lidar(), truth)
    along, across = off(truth, boxes[boxes["object"] != FALSE])
    assert along.std() > 1.5 * across.std()


def test_what_is_missed_stays_missed_for_some_frames():
    truth = ring(400, 70.0)
    seen = np.zeros((400, 13), bool)
    boxes = found(Lidar(), truth)
    true = boxes[boxes["object"] != FALSE]
    seen[true["step"], true["object"]] = True
    missed = ~seen[:, 1:]
    again = missed[1:][missed[:-1]].mean()
    assert again > missed.mean() + 0.1


def test_the_far_end_is_lost_so_boxes_are_short_and_near():
    # ahead of the sensor and heading away: the far end is the front
    truth = truth_of(np.tile([0.0, 60.0], (300, 1)), 0.0, 0.0)
    true = found(replace(EXACT, short_share=0.25), truth)
    true = true[true["object"] == 1]
    lost = 4.6 - true["length_m"].mean()
    assert 0.2 < lost < 1.2
    assert true["x_m"].mean() == pytest.approx(60.0 - lost / 2, abs=1e-6)


def test_some_boxes_are_turned_by_half_a_turn():
    boxes = found(replace(EXACT, turned_share=0.05), ring(300, 30.0))
    true = boxes[boxes["object"] != FALSE]
    assert (np.cos(true["heading_rad"]) < 0).mean() == pytest.approx(0.05, abs=0.02)


def test_false_boxes_stay_at_fixed_places_come_and_go_and_rank_among_true_ones():
    district = District()
    walls = houses(district)
    hedges = hedge_places((600.0, 600.0), 900.0, walls, np.random.default_rng(3))
    truth = ring(300, 12.0)
    boxes = found(replace(Lidar(), false_per_frame=0.0), truth, walls=walls, hedges=hedges)
    false = boxes[(boxes["object"] == FALSE) & (np.hypot(boxes["x_m"], boxes["y_m"]) > 20.0)]
    assert 0.5 < len(false) / 300 < 12.0
    away = np.hypot(
        false["x_m"][:, None] - hedges["x_m"], false["y_m"][:, None] - hedges["y_m"]
    ).min(axis=1)
    assert np.quantile(away, 0.95) < 1.5
    far = found(Lidar(), ring(300, 80.0))
    true = far["logit"][far["object"] != FALSE]
    assert np.quantile(true, 0.2) < np.quantile(false["logit"], 0.8)
    assert np.median(true) > np.median(false["logit"])


def test_flickering_boxes_are_as_many_as_asked_for():
    alone = truth_of(np.zeros((400, 1)), 0.0, 0.0)
    boxes = found(replace(EXACT, false_per_frame=2.0), alone)
    assert len(boxes) == pytest.approx(800, rel=0.1)
    assert np.hypot(boxes["x_m"], boxes["y_m"]).max() <= 70.0


def test_boxes_below_the_least_score_are_not_told():
    boxes = found(Lidar(), ring(100, 80.0))
    assert boxes["logit"].min() >= np.log(0.2 / 0.8)
    assert found(replace(Lidar(), least_score=0.01), ring(100, 80.0))["logit"].min() < np.log(0.25)
