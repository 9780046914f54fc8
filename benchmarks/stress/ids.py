"""Troubles with the local ids that a source gives; 0 is no id and stays."""

from collections.abc import Callable

import numpy as np

from benchmarks.stress.faults import Frames, changed, only, places, seconds_of
from operators._typing import IntArray
from operators.frame import Frame

REBOOT_RUN = 100_003  # a prime: numbers after a reboot have nothing to do with those before


def renamed(frames: Frames, source: str, names: Callable[[Frame, IntArray], IntArray]) -> Frames:
    """Other ids for the objects of a source's frames."""

    def fault(frame: Frame) -> Frame:
        given = frame.observations["local_id"].astype(np.int64)
        told = np.where(given > 0, names(frame, given), 0)
        return changed(frame, local_id=told.astype(np.uint64))

    return only(frames, source, fault)


def swapping(frames: Frames, source: str, share: float, seed: int) -> Frames:
    """In a share of the frames an object and its nearest neighbour exchange their ids for good."""
    rng = np.random.default_rng([seed, 31])
    held: dict[int, int] = {}

    def names(frame: Frame, given: IntArray) -> IntArray:
        there = np.flatnonzero(given > 0)
        if len(there) > 1 and rng.random() < share:
            chosen = int(rng.integers(len(there)))
            at = places(frame.observations)[there]
            away = np.hypot(*(at - at[chosen]).T)
            away[chosen] = np.inf
            one, other = int(given[there[chosen]]), int(given[there[away.argmin()]])
            held[one], held[other] = held.get(other, other), held.get(one, one)
        return np.array([held.get(one, one) for one in given.tolist()], np.int64)

    return renamed(frames, source, names)


def rebooting(frames: Frames, source: str, every_s: float) -> Frames:
    """Ids begin anew at each reboot, in another order."""

    def names(frame: Frame, given: IntArray) -> IntArray:
        run = int(seconds_of(frame) // every_s)
        return (given * (2 * run + 1)) % REBOOT_RUN

    return renamed(frames, source, names)


def few(frames: Frames, source: str, idle_s: float, most: int) -> Frames:
    """At most `most` ids; one that was idle for `idle_s` is given to the next new object.

    When none is idle long enough the longest idle one is taken, as a counter of few bits does.
    """
    of_object: dict[int, int] = {}
    used_s: dict[int, float] = {}

    def names(frame: Frame, given: IntArray) -> IntArray:
        now_s = seconds_of(frame)
        for one in given[given > 0].tolist():
            if one not in of_object:
                number = _next_number(used_s, now_s, idle_s, most)
                for former in [k for k, held in of_object.items() if held == number]:
                    del of_object[former]
                of_object[one] = number
            used_s[of_object[one]] = now_s
        return np.array([of_object.get(one, 0) for one in given.tolist()], np.int64)

    return renamed(frames, source, names)


def _next_number(used_s: dict[int, float], now_s: float, idle_s: float, most: int) -> int:
    idle = [k for k, at_s in used_s.items() if now_s - at_s >= idle_s]
    if idle:
        return min(idle)
    if len(used_s) < most:
        return len(used_s) + 1
    return min(used_s, key=lambda k: used_s[k])
