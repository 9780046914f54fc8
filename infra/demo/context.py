"""What third parties said of the district beside what its objects' rows show of it."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np
from rich.table import Table

from infra.demo.rows import Rows
from infra.simulator.placement import Placement
from infra.simulator.scenario import Scenario
from operators._typing import BoolArray, FloatArray, IntArray
from operators.enrich.told import ContextFlag

_EDGE_M = 0.5  # rows nearer to an area's edge count neither way
_FOREVER_US = 2**62


class Applied(msgspec.Struct, frozen=True):
    """Rows of objects by whether something applied at their place and tick, and what they show.

    Parameters
    ----------
    due, missed
        Rows in the area while it held, and those of them without the flag.
    others, wrong
        Rows elsewhere or at another time, and those of them with the flag.
    from_us, until_us
        First and last tick of a row with the flag, 0 without any.
    """

    due: int
    missed: int
    others: int
    wrong: int
    from_us: int
    until_us: int

    def faults(self, kind: str) -> list[str]:
        """What is not as it was said."""
        found = []
        if self.missed or self.wrong:
            found.append(f"{kind}: {self.missed} of {self.due} rows in its area are not marked, "
                         f"{self.wrong} of {self.others} others are")  # fmt: skip
        if not self.due:
            found.append(f"{kind}: no object was in its area")
        return found


def applied(
    scenario: Scenario, rows: Rows, records: Iterable[tuple[str, Mapping[str, Any]]]
) -> dict[str, Applied]:
    """What the fog report and the ambulance's alert of a district did to its rows.

    Parameters
    ----------
    scenario
        Of the district: it knows the areas.
    rows
        Committed.
    records
        (topic, record) pairs, of which those of `context.features` say when the station received
        each report: it holds from the first tick after that on.

    Returns
    -------
    dict
        By kind of feature.
    """
    told = [record for topic, record in records if topic == "context.features"]
    x, y, tick = _places(rows, scenario.placement)
    flags = rows.column("context_flags")
    inside_m = {
        "weather": scenario.fog_radius_m - np.hypot(x, y),
        "emergency": _inside_m(scenario.alert_area_m, x, y),
    }
    return {
        kind: _applied(inside, _held(told, kind, tick), _flagged(flags, kind), tick)
        for kind, inside in inside_m.items()
    }


def _places(rows: Rows, placement: Placement) -> tuple[FloatArray, FloatArray, IntArray]:
    """Local metres of all rows, far away for those of other places on the Earth, and ticks."""
    lat, lon = rows.column("lat_e7") / 1e7, rows.column("lon_e7") / 1e7
    x, y, _ = placement.wgs84_to_local(lat, lon, np.zeros(len(lat)))
    return np.nan_to_num(x, nan=1e9), np.nan_to_num(y, nan=1e9), rows.column("tick_us")


def _inside_m(corners: tuple[tuple[float, float], ...], x: FloatArray, y: FloatArray) -> FloatArray:
    """How far places are inside a convex polygon, whose corners go counter-clockwise; metres."""
    ends = np.array(corners, np.float64)
    along = np.roll(ends, -1, axis=0) - ends
    along /= np.hypot(*along.T)[:, None]
    to_left = [
        ux * (y - y0) - uy * (x - x0) for (x0, y0), (ux, uy) in zip(ends, along, strict=True)
    ]
    found: FloatArray = np.minimum.reduce(to_left)
    return found


def _held(told: list[Mapping[str, Any]], kind: str, tick: IntArray) -> BoolArray:
    """Whether the last that was received of a kind's features by each tick is no cancellation.

    A cancellation names its feature, not its kind.
    """
    names = {record["feature_id"] for record in told if record["kind"] == kind}
    own = sorted((r["receive_time_us"], r["cancelled"]) for r in told if r["feature_id"] in names)
    held = np.zeros(len(tick), bool)
    for at_us, cancelled in own:
        held[tick >= at_us] = not cancelled
    return held


def _flagged(flags: IntArray, kind: str) -> BoolArray:
    found: BoolArray = flags & int(ContextFlag[kind.upper()]) != 0
    return found


def _applied(inside_m: FloatArray, held: BoolArray, flagged: BoolArray, tick: IntArray) -> Applied:
    clear = np.abs(inside_m) > _EDGE_M
    due = clear & held & (inside_m > 0)
    others = clear & ~(held & (inside_m > 0))
    marked = tick[flagged]
    return Applied(
        due=int(due.sum()),
        missed=int((due & ~flagged).sum()),
        others=int(others.sum()),
        wrong=int((others & flagged).sum()),
        from_us=int(marked.min(initial=_FOREVER_US)) if len(marked) else 0,
        until_us=int(marked.max(initial=0)),
    )


def table(found: Mapping[str, Applied]) -> Table:
    """What applied where objects were, from when to when."""
    made = Table(title="What third parties said, and the rows of objects")
    made.add_column("kind")
    for name in ("in its area", "not marked", "elsewhere", "marked", "first tick", "last tick"):
        made.add_column(name, justify="right")
    for kind, one in found.items():
        counts = (one.due, one.missed, one.others, one.wrong)
        made.add_row(kind, *map(str, counts), _clock(one.from_us), _clock(one.until_us))
    return made


def _clock(at_us: int) -> str:
    at = datetime.fromtimestamp(at_us / 1e6, UTC)
    return f"{at:%H:%M:%S}.{at.microsecond // 100_000}" if at_us else "-"
