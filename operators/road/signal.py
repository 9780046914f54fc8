"""What a signal controller says: the phase of each signal group, and when it may change.

The codes of the phases are those of SAE J2735 DE_MovementPhaseState, which ETSI shares; one more
stands for the flashing green of T/CSAE 53, which still lets traffic go.
"""

from enum import IntEnum
from typing import Any

import msgspec


class Phase(IntEnum):
    """What a signal group shows."""

    UNAVAILABLE = 0
    DARK = 1
    STOP_THEN_PROCEED = 2
    STOP_AND_REMAIN = 3
    PRE_MOVEMENT = 4
    PERMISSIVE_MOVEMENT_ALLOWED = 5
    PROTECTED_MOVEMENT_ALLOWED = 6
    PERMISSIVE_CLEARANCE = 7
    PROTECTED_CLEARANCE = 8
    CAUTION_CONFLICTING_TRAFFIC = 9
    FLASHING_GREEN = 10


class SignalState(msgspec.Struct, frozen=True, array_like=True):
    """The phase that one signal group is in. Instants are UTC microseconds, None if unknown.

    Parameters
    ----------
    group
        Number of the signal group at its intersection; T/CSAE 53 calls it phase id.
    phase
        A `Phase`.
    start_us
        When the phase began.
    min_end_us, max_end_us, likely_end_us
        Between when and when it ends, and when most likely.
    next_us
        When the phase comes next.
    confidence
        Probability that the likely end is right, 0 to 1; None if unknown.
    """

    group: int
    phase: int
    start_us: int | None = None
    min_end_us: int | None = None
    max_end_us: int | None = None
    likely_end_us: int | None = None
    next_us: int | None = None
    confidence: float | None = None


class IntersectionState(msgspec.Struct, frozen=True, array_like=True):
    """The signal groups of one intersection at one instant.

    Parameters
    ----------
    intersection
        ``region/id``, or ``id`` where there is no region (0 counts as none).
    event_time_us
        When it was so; None if the message carries no usable time.
    revision
        Of the map that the groups belong to; None if the message names none.
    status
        Bits of SAE J2735 DE_IntersectionStatusObject, bit 0 is ``manualControlIsEnabled``.
    states
        One for each signal group.
    """

    intersection: str
    event_time_us: int | None
    revision: int | None
    status: int
    states: tuple[SignalState, ...]

    def shifted(self, by_us: int) -> "IntersectionState":
        """The same, all instants moved by `by_us` microseconds."""
        if not by_us:
            return self
        event = self.event_time_us
        return msgspec.structs.replace(
            self,
            event_time_us=None if event is None else event + by_us,
            states=tuple(_moved(state, by_us) for state in self.states),
        )

    def named(self) -> dict[str, Any]:
        """Return all of it by name, for readers of texts."""
        groups = [msgspec.structs.asdict(one) for one in self.states]
        return msgspec.structs.asdict(self) | {"states": groups}


_INSTANTS = ("start_us", "min_end_us", "max_end_us", "likely_end_us", "next_us")


def _moved(state: SignalState, by_us: int) -> SignalState:
    known = {name: getattr(state, name) for name in _INSTANTS}
    moved = {name: at + by_us for name, at in known.items() if at is not None}
    return msgspec.structs.replace(state, **moved)


def intersection_name(region: int | None, number: int) -> str:
    """Name of an intersection, as maps and signal messages both give it."""
    return f"{region}/{number}" if region else str(number)
