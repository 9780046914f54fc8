"""What the traffic lights of a SUMO network show: fixed programmes, so a function of the instant.

Turns of one approach that a programme always treats alike are a signal group, whether they have to
give way (SUMO's `g`) or not (`G`); a crossing has a group of its own.
"""

import xml.etree.ElementTree as ET
from collections import defaultdict
from dataclasses import dataclass
from itertools import accumulate, groupby

import numpy as np

from operators._typing import IntArray
from operators.road.signal import Phase

SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Shown:
    """What a signal group shows, since when, until when, and when it shows it again (UTC us)."""

    phase: Phase
    start_us: int
    end_us: int
    next_us: int


@dataclass(frozen=True, slots=True)
class Group:
    """One signal group.

    Parameters
    ----------
    number
        At its junction, from 1.
    begin_us
        When some cycle begins, UTC microseconds.
    cycle_us
    phases
        Of a cycle in their order; the last and the first differ, as do all neighbours.
    starts_us : ndarray of shape (n,)
        When each begins within the cycle.
    """

    number: int
    begin_us: int
    cycle_us: int
    phases: tuple[Phase, ...]
    starts_us: IntArray

    def shown(self, time_us: int) -> Shown:
        """What it shows at an instant."""
        n = len(self.phases)
        within_us = (time_us - self.begin_us) % self.cycle_us
        k = int(np.searchsorted(self.starts_us, within_us, side="right")) - 1
        zero_us = time_us - within_us

        def start_us(number: int) -> int:
            return zero_us + number // n * self.cycle_us + int(self.starts_us[number % n])

        again = next(m for m in range(k + 1, k + n + 1) if self.phases[m % n] == self.phases[k % n])
        return Shown(self.phases[k % n], start_us(k), start_us(k + 1), start_us(again))


def read_groups(root: ET.Element, junction: str, begin_us: int) -> dict[int, Group]:
    """Signal group of each link of a junction, by the link's number.

    Parameters
    ----------
    root
        Of the network file.
    junction
        Its name, which is that of its programme.
    begin_us
        UTC microseconds of SUMO's second 0.
    """
    program = next(one for one in root.iter("tlLogic") if one.get("id") == junction)
    steps = [(float(p.attrib["duration"]), p.attrib["state"]) for p in program.iter("phase")]
    durations_us = [round(seconds * SECOND_US) for seconds, _ in steps]
    alike: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for link in root.iter("connection"):
        if link.get("tl") == junction:
            number = int(link.attrib["linkIndex"])
            pattern = "".join(state[number] for _, state in steps).lower()
            alike[link.attrib["from"], pattern].append(number)
    begin_us += round(float(program.get("offset", "0")) * SECOND_US)
    found: dict[int, Group] = {}
    for k, members in enumerate(sorted(alike.values(), key=min), 1):
        shown = [_phase({state[member] for member in members}) for _, state in steps]
        group = _group(k, shown, durations_us, begin_us)
        found |= dict.fromkeys(members, group)
    return found


def _phase(letters: set[str]) -> Phase:
    if "g" in letters:  # one of its turns has to give way
        return Phase.PERMISSIVE_MOVEMENT_ALLOWED
    if "G" in letters:
        return Phase.PROTECTED_MOVEMENT_ALLOWED
    return Phase.PROTECTED_CLEARANCE if "y" in letters else Phase.STOP_AND_REMAIN


def _group(number: int, shown: list[Phase], durations_us: list[int], begin_us: int) -> Group:
    """Group of what it shows step by step, with equal neighbours as one."""
    begins = [0, *accumulate(durations_us)]
    runs = [next(run) for _, run in groupby(range(len(shown)), key=lambda k: shown[k])]
    if len(runs) > 1 and shown[runs[0]] == shown[runs[-1]]:  # one phase, over the cycle's end
        begin_us += begins[runs[1]] - begins[runs[0]]
        moved_us = begins[runs[1]]
        runs = runs[1:]
    else:
        moved_us = 0
    starts = np.array([begins[k] - moved_us for k in runs], np.int64)
    return Group(number, begin_us, begins[-1], tuple(shown[k] for k in runs), starts)
