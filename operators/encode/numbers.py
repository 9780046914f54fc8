"""Numbers of 16 bits for tracks: the object ids of messages, one for each track of an area.

A track's number follows from its id wherever no other track of the area has it, so that it is the
same after a restart; of two that would share one, the second takes the next that is free. A number
stays with its track until the track was away for ten seconds.
"""

from collections.abc import Mapping, Sequence

HELD_US = 10_000_000
_MOST = 65_535

# Track id -> its number and the last tick that it was told at.
Numbers = Mapping[int, tuple[int, int]]


def assign(
    kept: Numbers, track_ids: Sequence[int], tick_us: int
) -> tuple[list[int], dict[int, tuple[int, int]]]:
    """Numbers of the tracks of one tick, 1 to 65535, and what is to be kept.

    Parameters
    ----------
    kept
        What the call before gave.
    track_ids
        Distinct, at most 65535 with those that are kept.
    tick_us
        The tick.
    """
    held = {track_id: known for track_id, known in kept.items() if tick_us - known[1] <= HELD_US}
    taken = {number for number, _ in held.values()}
    for track_id in sorted(one for one in track_ids if one not in held):
        number = track_id % _MOST + 1
        while number in taken:
            number = number % _MOST + 1
        taken.add(number)
        held[track_id] = (number, tick_us)
    for track_id in track_ids:
        held[track_id] = (held[track_id][0], tick_us)
    return [held[track_id][0] for track_id in track_ids], held
