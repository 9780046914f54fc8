"""A picture of one street: speed over space and time, the signals, and the events on it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from infra.demo.happened import ToldEvent
from infra.demo.rows import Rows
from infra.simulator.scenario import Simulated
from operators._typing import FloatArray
from operators.road.signal import Phase

_WEST_M, _EAST_M = 0.0, 9.0  # the northward half of the middle street, local metres
_STOPPING_RAD = np.radians(45.0)
_REACH_M = 310.0
_RED = Phase.STOP_AND_REMAIN


def draw(
    rows: Rows, simulated: Simulated, events: Sequence[ToldEvent], shift_us: int, file: Path
) -> None:
    """Draw what was published of the street northward through the middle, SVG or PNG by the name.

    Parameters
    ----------
    rows
        Of the pictures.
    simulated
        The district.
    events
        In the scenario's time, as `infra.demo.happened.told_events` gives them.
    shift_us
        How much later than in the scenario its messages were sent.
    file
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    start_us = int(simulated.truth.time_us[0])
    figure, axis = plt.subplots(figsize=(11, 6), layout="constrained")
    seconds, along_m, speed_mps = _street(rows, simulated, shift_us + start_us)
    drawn = axis.scatter(
        seconds, along_m, c=speed_mps, s=2, cmap="RdYlGn", vmin=0, vmax=14, rasterized=True
    )
    figure.colorbar(drawn, label="speed, m/s")
    _signals(axis, simulated)
    for number, event in enumerate(_on_street(events)):
        until_us = event.until_us or int(simulated.truth.time_us[-1])
        begin, end = (event.from_us - start_us) / 1e6, (until_us - start_us) / 1e6
        axis.plot([begin, end], [event.y_m] * 2, "k-", linewidth=1.2)
        axis.plot(begin, event.y_m, "k>", markersize=5)
        axis.annotate(event.kind.replace("_", " "), (begin, event.y_m), fontsize=7,
                      xytext=(4, 4 + 8 * (number % 2)), textcoords="offset points")  # fmt: skip
    axis.set(
        title="Northward through the middle: speeds, red signals, events from their opening on"
    )
    axis.set(xlabel="seconds of the district", ylabel="northward, m", ylim=(-_REACH_M, _REACH_M))
    figure.savefig(file, dpi=150)
    plt.close(figure)


def _street(
    rows: Rows, simulated: Simulated, zero_us: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Seconds, places and speeds of the rows on the street that do not cross it."""
    lat, lon = rows.column("lat_e7") / 1e7, rows.column("lon_e7") / 1e7
    x, y, _ = simulated.truth.placement.wgs84_to_local(lat, lon, np.zeros(len(lat)))
    east, north = rows.column("velocity_east_mps"), rows.column("velocity_north_mps")
    speed = np.hypot(east, north)
    crosses = (speed > 1.0) & (np.abs(np.arctan2(east, north)) > _STOPPING_RAD)
    walks = np.isin(rows.column("object_class"), (6, 7))
    here = (x > _WEST_M) & (x < _EAST_M) & (np.abs(y) < _REACH_M) & ~crosses & ~walks
    return (rows.column("tick_us")[here] - zero_us) / 1e6, y[here], speed[here]


def _on_street(events: Sequence[ToldEvent]) -> list[ToldEvent]:
    return [e for e in events if _WEST_M - 2 < e.x_m < _EAST_M + 2 and abs(e.y_m) < _REACH_M]


def _signals(axis: Any, simulated: Simulated) -> None:
    """Red at the stop lines of the street, as it truly was."""
    times = simulated.truth.time_us[::5]
    start_us = int(times[0])
    for junction in simulated.junctions:
        ways = [
            lane for lane in junction.lanes
            if lane.inward and not lane.outward and lane.kind == "vehicle"
            and _WEST_M < lane.points[-1, 0] < _EAST_M
            and lane.points[-1, 1] > lane.points[0, 1]
        ]  # fmt: skip
        for lane in ways[:1]:
            groups = {group.number: group for group in junction.groups}
            shown = [groups[lane.ways[0].group].shown(int(t)).phase == _RED for t in times]
            line_m = np.where(shown, lane.points[-1, 1], np.nan)
            axis.plot((times - start_us) / 1e6, line_m, "r-", linewidth=2)
