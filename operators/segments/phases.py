"""What the signals of an intersection showed at each tick."""

import msgspec

from operators.road.intake import CellSignals, Origin
from operators.road.signal import Phase, SignalState

GREEN = (
    Phase.PERMISSIVE_MOVEMENT_ALLOWED,
    Phase.PROTECTED_MOVEMENT_ALLOWED,
    Phase.FLASHING_GREEN,
)
KEPT_US = 60_000_000  # of what pictures may still come for, also while none do
STALE_US = 5_000_000  # a phase that nobody repeated for so long is not known any more


class Shown(msgspec.Struct, frozen=True, array_like=True):
    """A state of a signal group from an instant on."""

    event_time_us: int
    origin: Origin
    state: SignalState


class Phases(msgspec.Struct, array_like=True):
    """States of the signal groups of an intersection, each in the order of their times."""

    groups: dict[int, list[Shown]] = {}

    def take(self, told: list[CellSignals]) -> None:
        """Add what was told."""
        for one in told:
            for state in one.state.states:
                held = self.groups.setdefault(state.group, [])
                held.append(Shown(one.event_time_us, one.origin, state))
        for held in self.groups.values():
            held.sort(key=lambda shown: (shown.event_time_us, shown.origin))
        newest_us = max((held[-1].event_time_us for held in self.groups.values()), default=0)
        self.forget(newest_us - KEPT_US)

    def at(self, group: int, tick_us: int) -> SignalState | None:
        """State of a group at a tick; None if it is not known."""
        found = None
        for shown in self.groups.get(group, ()):
            if shown.event_time_us > tick_us:
                break
            found = shown
        if found is None or tick_us - found.event_time_us > STALE_US:
            return None
        return found.state

    def forget(self, before_us: int) -> None:
        """Drop what does not hold any more at an instant."""
        for group, held in self.groups.items():
            past = sum(1 for shown in held if shown.event_time_us <= before_us)
            self.groups[group] = held[max(past - 1, 0) :]


def is_green(state: SignalState | None) -> bool:
    """Whether a state lets traffic go."""
    return state is not None and state.phase in GREEN


def until_green_s(state: SignalState | None, tick_us: int) -> float:
    """Seconds until a group lets traffic go: most likely, or at the earliest; NaN if unknown."""
    if state is None:
        return float("nan")
    if is_green(state):
        return 0.0
    end_us = state.min_end_us if state.likely_end_us is None else state.likely_end_us
    if state.phase not in (Phase.STOP_AND_REMAIN, Phase.PRE_MOVEMENT) or end_us is None:
        end_us = state.next_us
    return float("nan") if end_us is None else max(0.0, (end_us - tick_us) / 1e6)
