"""What the station says of a source's clock and pose, for the scenarios that must name a fault.

Registration (`operators.register`) keeps it in the tracker's state.
"""

from typing import NamedTuple

import numpy as np

from operators import tracker
from operators._typing import RecordArray
from operators.register.quality import mixup_name, quality_rows


class Told(NamedTuple):
    """Of one source; NaN and empty where nothing is said."""

    clock_s: float
    yaw_deg: float
    shift_m: float
    stretch: float
    steps: float
    step_s: float  # of event time, UTC
    mixup: str
    text: str


NOTHING = Told(*(float("nan"),) * 6, "", "unknown source")


def told(state: tracker.TrackerState, source_id: str) -> Told:
    """What is said of a source at the end of a run."""
    names = tracker.sources_of(state)
    if source_id not in names:
        return NOTHING
    row = quality_rows(state.registry, len(names))[names.index(source_id)]
    return _read(row, mixup_name(row))


def _read(row: RecordArray, mixup: str) -> Told:
    yaw_deg = float(np.degrees(row["yaw_rad"]))
    shift_m = float(np.hypot(row["tx_m"], row["ty_m"]))
    if mixup:
        text = mixup
    elif not row["met"]:
        text = "not registered" if not row["registered"] else "not met"
    else:
        text = f"clock {row['clock_s'] * 1e3:+.0f} ms, yaw {yaw_deg:+.2f} deg, {shift_m:.2f} m off"
        text += f", {int(row['steps'])} steps" if row["steps"] else ""
    return Told(
        float(row["clock_s"]),
        yaw_deg,
        shift_m,
        float(row["stretch"]),
        float(row["steps"]),
        float(row["step_us"]) / 1e6,
        mixup,
        text,
    )
