"""What the station found out about its roadside units, beside what the simulator made them."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from infra.simulator.frames import CLUTTER, SensorFrame
from infra.simulator.roadside import RoadsideUnit
from infra.simulator.scenario import Simulated
from infra.simulator.truth import Truth
from operators._typing import FloatArray

_MS = 1e3


@dataclass(frozen=True, slots=True)
class Registration:
    """A unit's clock, pose and errors: as they are, and as the station thinks they are.

    Parameters
    ----------
    source_id
    clock_s, east_m, north_m, yaw_rad
        (true, estimated, standard deviation of the estimate).
    before_m, after_m
        Distances of its observations from the truth, as it sent them and corrected by the
        estimate; ndarrays of equal length.
    """

    source_id: str
    clock_s: tuple[float, float, float]
    east_m: tuple[float, float, float]
    north_m: tuple[float, float, float]
    yaw_rad: tuple[float, float, float]
    before_m: FloatArray
    after_m: FloatArray


def registrations(
    simulated: Simulated, records: Iterable[tuple[str, Mapping[str, Any]]]
) -> list[Registration]:
    """Registration of each simulated unit by its last entry of `source.quality`.

    Parameters
    ----------
    simulated
        The district.
    records
        (topic, record) pairs as committed.
    """
    last: dict[str, tuple[int, int, Mapping[str, Any]]] = {}
    for topic, record in records:
        if topic != "source.quality":
            continue
        for entry in record["entries"]:
            found = record["minute_us"], entry["instants"], entry
            if entry["registered"] and found[:2] >= last.get(entry["source_id"], found)[:2]:
                last[entry["source_id"]] = found
    units = {unit.source_id: unit for unit in simulated.units}
    return [
        _registration(unit, last[name][2], simulated.truth, simulated.frames)
        for name, unit in sorted(units.items())
        if name in last
    ]


def _registration(
    unit: RoadsideUnit, entry: Mapping[str, Any], truth: Truth, frames: Iterable[SensorFrame]
) -> Registration:
    own = [frame for frame in frames if frame.source_id == unit.source_id]
    estimate = replace(
        unit,
        clock_offset_ms=round(entry["clock_s"] * _MS),
        bias_x_m=entry["bias_east_m"],
        bias_y_m=entry["bias_north_m"],
        yaw_bias_deg=math.degrees(entry["yaw_rad"]),
    )
    sent = replace(unit, clock_offset_ms=0, bias_x_m=0.0, bias_y_m=0.0, yaw_bias_deg=0.0)
    return Registration(
        unit.source_id,
        (unit.clock_offset_ms / _MS, entry["clock_s"], entry["clock_sigma_s"]),
        (unit.bias_x_m, entry["bias_east_m"], entry["bias_east_sigma_m"]),
        (unit.bias_y_m, entry["bias_north_m"], entry["bias_north_sigma_m"]),
        (math.radians(unit.yaw_bias_deg), entry["yaw_rad"], entry["yaw_sigma_rad"]),
        _errors_m(own, truth, sent),
        _errors_m(own, truth, estimate),
    )


def _errors_m(frames: Iterable[SensorFrame], truth: Truth, off: RoadsideUnit) -> FloatArray:
    """Distances to the truth after taking away the clock's and the pose's errors that `off` has."""
    c, s = math.cos(math.radians(off.yaw_bias_deg)), math.sin(math.radians(off.yaw_bias_deg))
    found = []
    for frame in frames:
        real = frame.object_index != CLUTTER
        x = frame.x_m[real] - off.bias_x_m - off.x_m
        y = frame.y_m[real] - off.bias_y_m - off.y_m
        at_us = frame.claimed_time_us - off.clock_offset_ms * 1000
        at = truth.at(np.array([at_us]), frame.object_index[real])
        found.append(
            np.hypot(off.x_m + c * x + s * y - at.x_m[0], off.y_m - s * x + c * y - at.y_m[0])
        )
    distances: FloatArray = np.concatenate(found) if found else np.zeros(0)
    known: FloatArray = distances[np.isfinite(distances)]
    return known


def table(found: Iterable[Registration]) -> Table:
    """One row for each unit."""
    made = Table(title="Roadside units: true error, and what the station estimates of it")
    made.add_column("unit")
    for name in ("clock ms", "east m", "north m", "yaw deg", "RMSE sent m", "corrected m"):
        made.add_column(name, justify="right")
    for one in found:
        made.add_row(
            one.source_id,
            _pair(one.clock_s, _MS, 0),
            _pair(one.east_m, 1.0, 2),
            _pair(one.north_m, 1.0, 2),
            _pair(one.yaw_rad, math.degrees(1.0), 2),
            f"{_rms(one.before_m):.2f}",
            f"{_rms(one.after_m):.2f}",
        )
    return made


def _pair(value: tuple[float, float, float], scale: float, digits: int) -> str:
    true, found, sigma = (part * scale for part in value)
    return f"{true:.{digits}f} / {found:.{digits}f} ± {sigma:.{digits}f}"


def _rms(values: FloatArray) -> float:
    return float(np.sqrt(np.mean(values**2))) if len(values) else math.nan


def draw(found: list[Registration], file: Path) -> None:
    """Draw estimates beside the truth, and errors before and after, as SVG or PNG by the name."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 4, figsize=(15, 3.8), layout="constrained")
    panels = (
        ("clock, ms", "clock_s", _MS),
        ("east (o) and north (x), m", "east_m", 1.0),
        ("yaw, degrees", "yaw_rad", math.degrees(1.0)),
    )
    for axis, (title, name, scale) in zip(axes, panels, strict=False):
        for k, one in enumerate(found):
            _mark(axis, k, getattr(one, name), scale, "o", one.source_id)
            if name == "east_m":
                _mark(axis, k, one.north_m, scale, "x", None)
        axis.axline((0, 0), slope=1, color="grey", linewidth=0.8)
        axis.set(title=title, xlabel="true", ylabel="estimated, ± 2 sigma")
    axes[0].legend(fontsize="small")
    for k, one in enumerate(found):
        for distances, style in ((one.before_m, ":"), (one.after_m, "-")):
            ordered = np.sort(distances)
            share = np.arange(1, len(ordered) + 1) / max(len(ordered), 1)
            axes[3].plot(ordered, share, style, color=f"C{k}")
    axes[3].set(title="errors: sent (dotted), corrected", xlabel="m", ylabel="share", xlim=(0, 3))
    figure.savefig(file)
    plt.close(figure)


def _mark(
    axis: Any, k: int, value: tuple[float, float, float], scale: float, mark: str, label: str | None
) -> None:
    true, found, sigma = (part * scale for part in value)
    axis.errorbar(true, found, 2.0 * sigma, fmt=mark, color=f"C{k}", label=label)
