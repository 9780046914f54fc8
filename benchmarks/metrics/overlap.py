"""Shared area of rotated rectangles, for many pairs at once."""

import numpy as np

from operators._typing import BoolArray, FloatArray

_SIGNS = np.array([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]]) / 2.0
_SLACK_M = 1e-9


def corners(centre_m: FloatArray, size_m: FloatArray, heading_rad: FloatArray) -> FloatArray:
    """Corners counter-clockwise, shape (n, 4, 2); centres and sizes have shape (n, 2)."""
    cos, sin = np.cos(heading_rad)[:, None], np.sin(heading_rad)[:, None]
    along, across = (_SIGNS[None] * size_m[:, None, :]).transpose(2, 0, 1)
    turned = np.stack((along * cos - across * sin, along * sin + across * cos), -1)
    placed: FloatArray = turned + centre_m[:, None, :]
    return placed


def overlaps(
    centre_m: FloatArray,
    size_m: FloatArray,
    heading_rad: FloatArray,
    other_centre_m: FloatArray,
    other_size_m: FloatArray,
    other_heading_rad: FloatArray,
) -> FloatArray:
    """Area (m²) that each of n rectangles shares with its other, shape (n,).

    The corners of the common polygon are the corners of either that lie in the other, and the
    crossings of their sides; in order of bearing from their mean they span it, being convex.
    """
    # about the first centre, so that no digits are lost far from the origin
    shift = other_centre_m - centre_m
    a = corners(np.zeros_like(centre_m), size_m, heading_rad)
    b = corners(shift, other_size_m, other_heading_rad)
    crossing, crosses = _crossings(a, b)
    points = np.concatenate((a, b, crossing), axis=1)
    valid = np.concatenate(
        (
            _inside(a, shift, other_size_m, other_heading_rad),
            _inside(b, np.zeros_like(shift), size_m, heading_rad),
            crosses,
        ),
        axis=1,
    )
    return _spanned(points, valid)


def _inside(
    points: FloatArray, centre_m: FloatArray, size_m: FloatArray, heading_rad: FloatArray
) -> BoolArray:
    away = points - centre_m[:, None, :]
    cos, sin = np.cos(heading_rad)[:, None], np.sin(heading_rad)[:, None]
    along = away[..., 0] * cos + away[..., 1] * sin
    across = away[..., 1] * cos - away[..., 0] * sin
    half = size_m[:, None, :] / 2.0 + _SLACK_M
    inside: BoolArray = (np.abs(along) <= half[..., 0]) & (np.abs(across) <= half[..., 1])
    return inside


def _crossings(a: FloatArray, b: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Where each side of a meets each of b, shape (n, 16, 2), and whether within both."""
    side = (np.roll(a, -1, axis=1) - a)[:, :, None]
    other = (np.roll(b, -1, axis=1) - b)[:, None]
    between = b[:, None] - a[:, :, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        turn = _cross(side, other)
        along = _cross(between, other) / turn
        along_other = _cross(between, side) / turn
    meets = (along >= 0) & (along <= 1) & (along_other >= 0) & (along_other <= 1)
    at = a[:, :, None] + np.where(meets, along, 0.0)[..., None] * side
    return at.reshape(len(a), 16, 2), meets.reshape(len(a), 16)


def _cross(one: FloatArray, other: FloatArray) -> FloatArray:
    product: FloatArray = one[..., 0] * other[..., 1] - one[..., 1] * other[..., 0]
    return product


def _spanned(points: FloatArray, valid: BoolArray) -> FloatArray:
    """Area of the convex polygon of the valid points, shape (n,)."""
    count = np.maximum(valid.sum(axis=1), 1)[:, None]
    away = points - (points * valid[..., None]).sum(axis=1)[:, None] / count[..., None]
    # points that do not count go to the end and there repeat the first, which adds no area
    bearing = np.where(valid, np.arctan2(away[..., 1], away[..., 0]), np.inf)
    order = np.argsort(bearing, axis=1)
    ring = np.take_along_axis(away, order[..., None], axis=1)
    counts = np.take_along_axis(valid, order, axis=1)[..., None]
    ring = np.where(counts, ring, ring[:, :1])
    area: FloatArray = _cross(ring, np.roll(ring, -1, axis=1)).sum(axis=1) / 2.0
    return np.where(valid.any(axis=1), np.abs(area), 0.0)
