"""Which of a third party's incidents an event is a duplicate of.

The two are one thing if the incident holds at the tick where the event is, if its cause can look
like the event, and if all that is drawn of it lies near: an area of kilometres says whom an
incident concerns, not where it is. What drivers do in a moment, and queues, which follow from
incidents, are duplicates of none. Work zones, warnings and weather are no incidents.
"""

import re
from collections.abc import Mapping

import numpy as np

from operators.enrich.shapes import parts_of
from operators.enrich.versions import Version
from operators.events.kinds import EventKind
from operators.events.scene import Scene
from operators.transform.cells import cell

# To the farthest corner of what is drawn, a report's point or the place of a crash: reports name
# the nearest of posts that stand each 100 m, and a crash covers some lengths of a truck.
SAME_PLACE_M = 150.0
_STANDS = frozenset({EventKind.STOPPED_VEHICLE})
_CRASH = _STANDS | {EventKind.GROUP_STOP}
_WRONG_WAY = frozenset({EventKind.WRONG_WAY})
_ON_FOOT = frozenset({EventKind.VULNERABLE_ON_CARRIAGEWAY})
# Causes of ETSI TS 103 831 that are incidents: accident, surface, obstacle, animal, wrong way,
# breakdown, post-crash, human problem, stationary vehicle. We see neither surfaces nor things.
_OF_CAUSE: dict[str, frozenset[EventKind]] = {
    "2": _CRASH, "9": frozenset(), "10": frozenset(), "11": _ON_FOOT, "14": _WRONG_WAY,
    "91": _STANDS, "92": _CRASH, "93": _STANDS, "94": _STANDS,
}  # fmt: skip
# Categories of ITIS codes (SAE J2540): accidents, and obstructions, with people and animals.
_CODE = re.compile("[0-9]{1,5}")
_OF_CATEGORY = {2: _CRASH, 5: _ON_FOOT}
_UNNAMED = _CRASH | _WRONG_WAY  # of an incident without a cause


def duplicate_of(scene: Scene, kind: EventKind, row: int) -> str | None:
    """The first by name of the incidents that an event is a duplicate of, None without one.

    Parameters
    ----------
    scene
        The tick.
    kind
        Of the event.
    row
        Of its first track.
    """
    same = (
        name
        for name, version in scene.applied.incidents_at(row)
        if kind in may_be(version["properties"]) and _is_near(scene, row, version)
    )
    return min(same, default=None)


def may_be(properties: Mapping[str, str]) -> frozenset[EventKind]:
    """Kinds of events that an incident with such properties can look like."""
    cause = _OF_CAUSE.get(properties.get("cause", ""))
    if cause is not None:
        return cause
    if "event_type" in properties:  # GB/T 29100, of which only accidents are incidents
        return _CRASH
    codes = [one for one in properties.get("itis_codes", "").split() if _CODE.fullmatch(one)]
    named = [_OF_CATEGORY[int(one) >> 8] for one in codes if int(one) >> 8 in _OF_CATEGORY]
    return frozenset().union(*named) if named else _UNNAMED


def _is_near(scene: Scene, row: int, version: Version) -> bool:
    """Whether no corner of what is drawn of a feature is far from an object."""
    parts = parts_of(version["area"], version["radius_m"])
    if not parts:
        return False
    corners = np.concatenate([part.edges.reshape(-1, 2) for part in parts])
    x, y = cell(scene.key).frame.to_local(corners[:, 0].copy(), corners[:, 1].copy())
    at = scene.rows[row]
    return bool((np.hypot(x - at["x_m"], y - at["y_m"]) <= SAME_PLACE_M).all())
