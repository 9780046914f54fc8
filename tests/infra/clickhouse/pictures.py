"""Pictures for the tests of tables and views: objects at ticks, everything else by default."""

import numpy as np

import schemas
from tests.schemas.packing import packed_example

ELEMENTS = {f["name"]: f["element"] for f in schemas.load("picture")["fields"] if "element" in f}
START_US = 1_790_000_040_000_000  # the start of a minute
CELL, NEXT_CELL = "873099592ffffff", "873099596ffffff"  # at 31.2 N, 121.4 E, and beside it


def picture(tick_us, objects, *, cell=CELL, run="run-1", sources=("rsu-1",), **fields):
    """A picture of one cell; `objects` are maps of columns, of which track_id must be there."""
    record = packed_example("picture", "two-objects-of-two-sources")
    base = dict.fromkeys(ELEMENTS, 0) | {
        "lat_e7": 312_000_000,
        "lon_e7": 1_214_000_000,
        "object_class": 1,
        "existence": 1.0,
        "cov_ee_m2": 0.25,
        "cov_nn_m2": 0.25,
        "source_count": 1,
        "source_index": 0,
    }
    columns = {
        name: np.array([(base | one)[name] for one in objects], element).tobytes()
        for name, element in ELEMENTS.items()
        if name not in ("x_m", "y_m")
    }
    return (
        record
        | columns
        | {
            "x_m": b"",
            "y_m": b"",
            "tick_us": tick_us,
            "count": len(objects),
            "cell_key": cell,
            "cell": int(cell, 16),
            "run_id": run,
            "sources": list(sources),
            "live_sources": list(sources),
            "missing_sources": [],
        }
        | fields
    )


def drive(track_id, seconds, *, speed_mps=10.0, start_us=START_US, hertz=10, **columns):
    """Pictures of one object that drives north."""
    step_e7 = speed_mps / hertz / 0.011_087  # metres of 1e-7 degree of latitude at 31 degrees
    return [
        (
            start_us + k * 1_000_000 // hertz,
            {
                "track_id": track_id,
                "lat_e7": 312_000_000 + round(k * step_e7),
                "velocity_north_mps": speed_mps,
            }
            | columns,
        )
        for k in range(round(seconds * hertz))
    ]


def pictures(*drives, **fields):
    """One picture for each tick of some drives, in the order of ticks."""
    ticks = sorted({tick for drive in drives for tick, _ in drive})
    at = {tick: [one for drive in drives for t, one in drive if t == tick] for tick in ticks}
    return [picture(tick, objects, **fields) for tick, objects in at.items()]


def event(track_id, other, tick_us=START_US, kind="alias", run="run-1"):
    """A record of track.events."""
    return packed_example("track_event", "alias-across-a-border") | {
        "kind": kind,
        "track_id": track_id,
        "other_track_id": other,
        "tick_us": tick_us,
        "run_id": run,
    }
