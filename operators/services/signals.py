"""What signals show now, from `signals.state`; what nobody confirmed for a while is not shown."""

from collections.abc import Mapping
from typing import Any

SILENT_US = 5_000_000  # every group is told once a second
PHASES = (
    "unavailable",
    "dark",
    "stop_then_proceed",
    "stop_and_remain",
    "pre_movement",
    "permissive_movement",
    "protected_movement",
    "permissive_clearance",
    "protected_clearance",
    "caution",
    "flashing_green",
)
_ENDS = {"least_s": "min_end_us", "most_s": "max_end_us", "likely_s": "likely_end_us"}
_Group = tuple[int, Mapping[str, Any]]


class Signals:
    """Newest state of each signal group of each intersection."""

    def __init__(self) -> None:
        self._groups: dict[str, dict[int, _Group]] = {}

    def take(self, record: Mapping[str, Any]) -> None:
        """Take a record of `signals.state`; an older one than is known changes nothing."""
        known = self._groups.setdefault(record["intersection"], {})
        at_us = record["event_time_us"]
        for entry in record["entries"]:
            number = entry["signal_group"]
            if number not in known or known[number][0] <= at_us:
                known[number] = at_us, entry

    def state(self, intersection: str, group: int, at_us: int) -> Mapping[str, Any] | None:
        """Entry of a group, None if nobody told of it in the last seconds."""
        told_us, entry = self._groups.get(intersection, {}).get(group, (0, None))
        return entry if at_us - told_us <= SILENT_US else None

    def listed(self, intersection: str | None, at_us: int) -> list[dict[str, Any]]:
        """Groups that were told of in the last seconds, by intersection.

        Parameters
        ----------
        intersection
            That one only; None for all.
        at_us
            Now; what is left of a phase is counted from here.
        """
        names = sorted(self._groups) if intersection is None else [intersection]
        found = []
        for name in names:
            fresh = [
                described(entry, at_us) | {"told_us": told_us}
                for _, (told_us, entry) in sorted(self._groups.get(name, {}).items())
                if at_us - told_us <= SILENT_US
            ]
            if fresh:
                found.append({"intersection": name, "groups": fresh})
        return found


def described(entry: Mapping[str, Any], at_us: int) -> dict[str, Any]:
    """A group's phase and the seconds that it lasts, for readers."""
    left = {
        name: None if entry[field] is None else max(0.0, (entry[field] - at_us) / 1e6)
        for name, field in _ENDS.items()
    }
    phase = entry["phase"]
    return {
        "signal_group": entry["signal_group"],
        "phase": PHASES[phase] if 0 <= phase < len(PHASES) else "unavailable",
        **left,
        "confidence": entry["confidence"],
    }
