"""What the station says of a source's clock and pose, for the scenarios that must name a fault.

Registration (`operators.register`) writes it into the tracker's state; where the tracker has none,
nothing is said and the figures that need it are NaN.
"""

from importlib.util import find_spec
from typing import NamedTuple

import numpy as np

from operators import tracker
from operators._typing import RecordArray

NOT_BUILT = "not built"


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


NOTHING = Told(*(float("nan"),) * 6, "", NOT_BUILT)


def told(state: tracker.TrackerState, source_id: str) -> Told:
    """What is said of a source at the end of a run."""
    names = tracker.sources_of(state)
    registry = getattr(state, "registry", None)
    if registry is None or find_spec("operators.register.quality") is None:
        return NOTHING
    if source_id not in names:
        return NOTHING._replace(text="unknown source")
    from operators.register import quality

    rows = quality.quality_rows(registry, len(names))
    return _read(rows[names.index(source_id)], quality.mixup_name(rows[names.index(source_id)]))


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
