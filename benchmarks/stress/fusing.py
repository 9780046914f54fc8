"""Frames through the tracker, taken in their order; what is shown at some instants comes back."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.metrics.boxes import Boxes
from benchmarks.scoring import nothing
from benchmarks.stress.faults import Frames
from benchmarks.stress.sensing import START_US
from benchmarks.stress.traffic import Traffic
from operators import tracker
from operators._typing import FloatArray, IntArray, RecordArray
from operators.account.echo import Echoes
from operators.frame import Frame
from operators.parameters import Parameters

EVERY_US = 400_000  # of what is scored
Echo = Callable[[int, RecordArray], Sequence[Frame]]


class Fused(NamedTuple):
    """What was shown, the age of each shown track, the state at the end, and who sends echoes."""

    tracks: Boxes
    unseen_s: FloatArray
    state: tracker.TrackerState
    echoes: list[str]


def instants(from_s: float, until_s: float) -> IntArray:
    """Instants that are scored, UTC microseconds."""
    first = START_US + round(from_s * 1e6)
    return np.arange(first, START_US + round(until_s * 1e6), EVERY_US)


def fuse(
    frames: Frames,
    times_us: IntArray,
    echo: Echo | None = None,
    datums_m: FloatArray | None = None,
) -> Fused:
    """Take frames in order of `Frame.order` and look at each of `times_us`.

    Parameters
    ----------
    echo
        Makes frames of what is shown (a feed that re-publishes); they are taken at once, unless
        the guard of a cell (`operators.account.echo`) holds them back.
    datums_m
        What GCJ-02 and BD-09 add to a place here, if it is known.
    """
    state, parameters = tracker.empty(), Parameters()
    if datums_m is not None:
        state.registry.offsets[:] = datums_m
    waiting = iter(sorted(frames, key=lambda frame: frame.order))
    frame = next(waiting, None)
    shown, guard = [], Echoes()
    for at_us in times_us.tolist():
        while frame is not None and frame.event_time_us <= at_us:
            tracker.advance(state, frame, parameters)
            frame = next(waiting, None)
        rows = tracker.rows(state, at_us)
        shown.append(rows[rows["confirmed"] == 1].copy())
        if echo is not None:
            sources = tracker.sources_of(state)
            guard.note(at_us, rows, sources)
            sent_back = echo(at_us, shown[-1])
            for fed_back in guard.hold_back(sent_back)[0]:
                tracker.advance(state, fed_back, parameters)
            guard.judge(sent_back, sources, parameters.cut_us)
    together = np.concatenate(shown)
    index = np.repeat(np.arange(len(shown)), [len(rows) for rows in shown])
    unseen_s = (times_us[index] - together["last_us"]) / 1e6
    return Fused(boxes_of(together, index), unseen_s, state, guard.named())


def boxes_of(rows: RecordArray, index: IntArray) -> Boxes:
    """Rows (`operators.track.TRACK_ROW`) as boxes, in the order given; `index`: of the instants."""
    if not len(rows):
        return nothing()
    columns = {name: rows[name].astype(float) for name in rows.dtype.names or ()}
    crossed = columns["cov_xy_m2"]
    covariance = np.stack((columns["cov_xx_m2"], crossed, crossed, columns["cov_yy_m2"]), -1)
    return Boxes(
        index,
        np.unique(rows["track_id"], return_inverse=True)[1],
        np.column_stack((columns["x_m"], columns["y_m"], np.zeros(len(rows)))),
        np.column_stack((columns["length_m"], columns["width_m"], columns["height_m"])),
        columns["heading_rad"],
        columns["existence"],
        np.column_stack((columns["vx_mps"], columns["vy_mps"])),
        covariance.reshape(-1, 2, 2),
    )


def truth_at(traffic: Traffic, times_us: IntArray) -> Boxes:
    """All objects that are there at the instants."""
    view = traffic.at((times_us - START_US) / 1e6)
    index, number = np.nonzero(~np.isnan(view.place_m[..., 0]))
    n = len(index)
    return Boxes(
        index,
        number,
        np.column_stack((view.place_m[index, number], np.zeros(n))),
        traffic.size_m[number],
        view.heading_rad[index, number],
        np.ones(n),
        view.velocity_mps[index, number],
        np.tile(np.eye(2), (n, 1, 1)),
    )
