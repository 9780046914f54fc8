"""The kinds of events, and when each is sure enough to be told.

A claim has a chance, given the covariances, at each tick. It *holds* while the chance is at least
`SURE`; a kind opens when its claim has held for the claim's own time (`hold_s`, which depends on
what else may explain it), and closes when the chance has been below `UNSURE` for the kind's
release time. Between the two nothing changes: that is the hysteresis.
"""

from enum import IntEnum
from typing import NamedTuple

SURE, UNSURE = 0.9, 0.4


class EventKind(IntEnum):
    """What happens."""

    STOPPED_VEHICLE = 1
    WRONG_WAY = 2
    HARD_BRAKING = 3
    CONFLICT = 4
    VULNERABLE_ON_CARRIAGEWAY = 5
    QUEUE_END = 6
    GROUP_STOP = 7
    RED_LIGHT_RUNNING = 8
    EMERGENCY_VEHICLE = 9
    WORK_ZONE_INTRUSION = 10

    @property
    def text(self) -> str:
        """Name in records."""
        return self.name.lower()


class Rule(NamedTuple):
    """How a kind is told.

    Parameters
    ----------
    release_s
        How long the claim has to be unlikely before the event closes. Deeds of a moment stay
        open for some seconds, so that a reader of ten-second-old news still meets them.
    doubt_s
        How long a claim that has not opened may be unlikely and still count on.
    measure
        Name of the number that it is told by.
    """

    release_s: float
    doubt_s: float
    measure: str


RULES = {
    EventKind.STOPPED_VEHICLE: Rule(2.0, 0.5, "standing_s"),
    EventKind.WRONG_WAY: Rule(3.0, 0.5, "against_m"),
    EventKind.HARD_BRAKING: Rule(3.0, 0.2, "deceleration_mps2"),
    EventKind.CONFLICT: Rule(3.0, 0.2, "time_to_collision_s"),
    EventKind.VULNERABLE_ON_CARRIAGEWAY: Rule(2.0, 0.3, "edge_m"),
    EventKind.QUEUE_END: Rule(5.0, 2.0, "queue_m"),
    EventKind.GROUP_STOP: Rule(5.0, 1.0, "vehicles"),
    EventKind.RED_LIGHT_RUNNING: Rule(3.0, 0.3, "red_s"),
    EventKind.EMERGENCY_VEHICLE: Rule(4.0, 1.0, "others"),
    EventKind.WORK_ZONE_INTRUSION: Rule(2.0, 0.3, "speed_mps"),
}
