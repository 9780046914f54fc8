"""What ours must beat: a plain constant-velocity Kalman filter with one assignment a frame.

Boxes in, confirmed tracks out at every instant of the recording. Each source's frame is predicted
to, gated by distance, assigned (Kuhn-Munkres on distance) and used; a track is confirmed by its
third box and ends after a second without one. Heading and size are running means, the score is the
mean of the boxes' scores. Nothing is learned of the sources.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple

import msgspec
import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from benchmarks.metrics.boxes import Boxes
from operators._typing import FloatArray

GATE_M = 3.0
SIGMA_M = 0.5
PUSH_M2PS3 = 4.0  # white noise acceleration of a vehicle in traffic
SPEED_SIGMA_MPS = 8.0
CONFIRMED_BY = 3
LOST_S = 1.0
SHOWN_S = 0.35


class Told(NamedTuple):
    """A frame as the recording tells it: its instant and rows of x, y, z, size, heading, score."""

    at_us: int
    rows: FloatArray


@dataclass(slots=True)
class _Track:
    number: int
    state: FloatArray  # x, y, vx, vy
    covariance: FloatArray
    box: FloatArray  # z, l, w, h
    heading: complex
    at_us: int
    seen_us: int
    boxes: int = 1
    scores: float = 0.0


@dataclass(slots=True)
class Baseline:
    """The tracker; `run` gives its confirmed tracks at the instants of the frames, or at ticks."""

    tick_us: int | None = None
    tracks: list[_Track] = field(default_factory=list)
    born: int = 0

    def run(self, lines: Iterable[bytes]) -> Iterator[tuple[int, Boxes]]:
        """Instants with the boxes of confirmed tracks seen lately, `frame` being 0."""
        told = sorted(map(_told, lines), key=lambda one: one.at_us)
        tick_us = self.tick_us or 1
        for at_us, group in groupby(told, key=lambda one: -(-one.at_us // tick_us) * tick_us):
            for one in group:
                self._take(one)
            for track in self.tracks:
                _predict(track, at_us)
            shown = [
                track
                for track in self.tracks
                if track.boxes >= CONFIRMED_BY and at_us - track.seen_us <= SHOWN_S * 1e6
            ]
            yield at_us, _boxes(shown)

    def _take(self, told: Told) -> None:
        for track in self.tracks:
            _predict(track, told.at_us)
        free = np.ones(len(told.rows), np.bool_)
        if self.tracks and len(told.rows):
            places = np.array([track.state[:2] for track in self.tracks])
            away = cdist(places, told.rows[:, :2])
            i, j = linear_sum_assignment(np.minimum(away, GATE_M))
            for number, row in zip(i, j, strict=True):
                if away[number, row] < GATE_M:
                    _update(self.tracks[number], told.rows[row], told.at_us)
                    free[row] = False
        for row in told.rows[free]:
            self._begin(row, told.at_us)
        self.tracks = [t for t in self.tracks if told.at_us - t.seen_us <= LOST_S * 1e6]

    def _begin(self, row: FloatArray, at_us: int) -> None:
        state = np.array([row[0], row[1], 0.0, 0.0])
        spread = np.diag([SIGMA_M**2, SIGMA_M**2, SPEED_SIGMA_MPS**2, SPEED_SIGMA_MPS**2])
        turn = np.exp(1j * row[6])
        self.tracks.append(
            _Track(self.born, state, spread, row[2:6].copy(), turn, at_us, at_us, 1, row[7])
        )
        self.born += 1


def _predict(track: _Track, at_us: int) -> None:
    dt = (at_us - track.at_us) / 1e6
    F = np.eye(4)
    F[0, 2] = F[1, 3] = dt
    Q = np.kron([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]], np.eye(2)) * PUSH_M2PS3
    track.state, track.covariance = F @ track.state, F @ track.covariance @ F.T + Q
    track.at_us = at_us


def _update(track: _Track, row: FloatArray, at_us: int) -> None:
    P = track.covariance
    gain = P[:, :2] @ np.linalg.inv(P[:2, :2] + SIGMA_M**2 * np.eye(2))
    track.state = track.state + gain @ (row[:2] - track.state[:2])
    track.covariance = P - gain @ P[:2]
    track.boxes += 1
    weight = max(0.1, 1.0 / track.boxes)
    track.box = track.box + weight * (row[2:6] - track.box)
    turn = np.exp(1j * row[6])
    if (turn * track.heading.conjugate()).real < 0.0:  # half a turn off is the same box
        turn = -turn
    track.heading = track.heading + weight * (turn - track.heading)
    track.scores += row[7]
    track.seen_us = at_us


def _boxes(tracks: list[_Track]) -> Boxes:
    n = len(tracks)
    states = np.array([track.state for track in tracks]).reshape(n, 4)
    box = np.array([track.box for track in tracks]).reshape(n, 4)
    covariance = np.array([track.covariance[:2, :2] for track in tracks]).reshape(n, 2, 2)
    return Boxes(
        np.zeros(n, np.int64),
        np.array([track.number for track in tracks], np.int64),
        np.column_stack((states[:, :2], box[:, 0])),
        box[:, 1:],
        np.angle(np.array([track.heading for track in tracks])),
        np.array([track.scores / track.boxes for track in tracks]),
        states[:, 2:],
        covariance,
    )


def _told(line: bytes) -> Told:
    frame = msgspec.json.decode(line)
    keys = ("x", "y", "z", "length_m", "width_m", "height_m", "heading_rad", "score")
    return Told(frame["event_time_us"], np.array([_row(one, keys) for one in frame["objects"]])
                .reshape(-1, len(keys)))  # fmt: skip


def _row(one: dict[str, Any], keys: tuple[str, ...]) -> list[float]:
    return [np.nan if one[key] is None else float(one[key]) for key in keys]
