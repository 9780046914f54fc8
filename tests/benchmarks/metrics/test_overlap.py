"""Shared areas against geometry that can be said without polygons."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.metrics.boxes import iou_3d, iou_bev, pairs
from benchmarks.metrics.overlap import corners, overlaps
from tests.benchmarks.metrics.sequences import boxes

sizes = st.tuples(st.floats(0.3, 12), st.floats(0.3, 4))
turns = st.floats(-7, 7)
offsets = st.tuples(st.floats(-8, 8), st.floats(-8, 8))


def shared(size, turn, offset, other, other_turn):
    one = (np.array([[3.0, -2.0]]), np.array([size]), np.array([turn]))
    two = (one[0] + np.array([offset]), np.array([other]), np.array([other_turn]))
    return overlaps(*one, *two)[0]


@given(sizes, turns, offsets, sizes, turns)
def test_shared_area_is_what_points_on_a_grid_say(size, turn, offset, other, other_turn):
    cells = (np.arange(120) + 0.5) / 120 - 0.5
    along, across = np.meshgrid(cells * size[0], cells * size[1])
    cos, sin = np.cos(turn), np.sin(turn)
    x, y = along * cos - across * sin - offset[0], along * sin + across * cos - offset[1]
    cos, sin = np.cos(other_turn), np.sin(other_turn)
    inside = (np.abs(x * cos + y * sin) < other[0] / 2) & (np.abs(y * cos - x * sin) < other[1] / 2)
    expected = inside.mean() * size[0] * size[1]
    # a border crosses at most some 4 cells of each of 120 rows
    assert shared(size, turn, offset, other, other_turn) == pytest.approx(
        expected, abs=4 / 120 * size[0] * size[1]
    )


@given(sizes, turns, offsets, sizes, turns, turns)
def test_shared_area_is_symmetric_and_does_not_depend_on_the_axes(
    size, turn, offset, other, other_turn, axes
):
    area = shared(size, turn, offset, other, other_turn)
    back = shared(other, other_turn, (-offset[0], -offset[1]), size, turn)
    cos, sin = np.cos(axes), np.sin(axes)
    turned = (offset[0] * cos - offset[1] * sin, offset[0] * sin + offset[1] * cos)
    assert back == pytest.approx(area, abs=1e-6)
    assert shared(size, turn + axes, turned, other, other_turn + axes) == pytest.approx(
        area, abs=1e-6
    )
    assert area <= min(size[0] * size[1], other[0] * other[1]) + 1e-6


def test_a_box_shares_all_of_itself_and_a_square_turned_by_45_degrees_an_octagon():
    assert shared((4, 2), 0.3, (0, 0), (4, 2), 0.3) == pytest.approx(8.0)
    assert shared((4, 2), 0.3, (0, 0), (4, 2), 0.3 + np.pi) == pytest.approx(8.0)
    octagon = 8 * (np.sqrt(2) - 1)  # regular, of inradius 1
    assert shared((2, 2), 0.0, (0, 0), (2, 2), np.pi / 4) == pytest.approx(octagon)


def test_corners_go_round_counter_clockwise():
    found = corners(np.array([[1.0, 2.0]]), np.array([[4.0, 2.0]]), np.array([np.pi / 2]))[0]
    np.testing.assert_allclose(found, [[0, 4], [0, 0], [2, 0], [2, 4]], atol=1e-12)


def test_iou_of_boxes_shifted_by_half_is_a_third_and_by_half_the_height_a_third_again():
    truth = boxes([0], [0], [[0, 0, 1]], size_m=(4, 2, 2))
    ahead = boxes([0], [0], [[2, 0, 1]], size_m=(4, 2, 2))
    assert pairs(truth, ahead, iou_bev).similarity == pytest.approx([1 / 3])
    higher = boxes([0], [0], [[2, 0, 2]], size_m=(4, 2, 2))
    assert pairs(truth, higher, iou_3d).similarity == pytest.approx([4 / 28])
    assert pairs(truth, higher, iou_bev).similarity == pytest.approx([1 / 3])


def test_boxes_of_unlike_instants_or_unknown_size_are_no_pair():
    truth = boxes([0, 1], [0, 0], [[0, 0, 1], [0, 0, 1]])
    late = boxes([2], [0], [[0, 0, 1]])
    point = boxes([1], [0], [[0, 0, 1]], size_m=(np.nan, np.nan, np.nan), heading_rad=np.nan)
    assert not len(pairs(truth, late, iou_3d).truth)
    assert not len(pairs(truth, point, iou_3d).truth)
