"""Which pictures of a cell can be judged: those whose neighbours' strips of the tick are there.

Pictures of several cells come interleaved, each cell's in tick order. Each picture waits until the
newest tick that the cell has heard of is some ticks beyond: any neighbour may have something near
the border. One that had within the last second is waited for until a tick a second beyond. So what
is seen over a border depends on the pictures alone, unless a cell falls farther behind.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

SETTLES_US, WAIT_US = 300_000, 1_000_000  # for any neighbour; for one that is expected
_FIELDS = msgspec.msgpack.Decoder(dict[str, Any])


class _Head(msgspec.Struct):
    """What is asked of a picture or a strip that waits; its columns are passed over."""

    tick_us: int
    cell_key: str


_HEAD = msgspec.msgpack.Decoder(_Head)


class Waiting(msgspec.Struct, array_like=True):
    """What waits at a cell.

    Parameters
    ----------
    pictures
        Packed, by tick.
    strips
        Packed, by tick and neighbour.
    told
        Newest tick of the strips of each neighbour.
    """

    pictures: dict[int, bytes] = {}
    strips: dict[int, dict[str, bytes]] = {}
    told: dict[str, int] = {}


Fields = dict[str, Any]


def take(
    waiting: Waiting, pictures: Sequence[bytes], strips: Sequence[bytes], judged_us: int
) -> None:
    """Let pictures and strips wait; those of ticks that are judged, and repeats, are left out."""
    for (tick_us, key), packed in _in_order(strips):
        waiting.told[key] = max(tick_us, waiting.told.get(key, 0))
        if tick_us > judged_us:
            waiting.strips.setdefault(tick_us, {})[key] = packed
    for (tick_us, _), packed in _in_order(pictures):
        if tick_us > max([judged_us, *waiting.pictures]):
            waiting.pictures[tick_us] = packed


def _in_order(packed: Sequence[bytes]) -> list[tuple[tuple[int, str], bytes]]:
    heads = (_HEAD.decode(one) for one in packed)
    return sorted(((h.tick_us, h.cell_key), one) for h, one in zip(heads, packed, strict=True))


def complete(waiting: Waiting, *, all_of_them: bool) -> Iterator[tuple[Fields, list[Fields]]]:
    """Pictures that can be judged, in the order of ticks, each with the strips of its neighbours.

    `waiting` is changed in place. With `all_of_them` nothing is waited for any more.
    """
    newest_us = max([*waiting.pictures, *waiting.told.values()], default=0)
    for tick_us in sorted(waiting.pictures):
        if not (all_of_them or _is_complete(waiting, tick_us, newest_us)):
            break
        strips = waiting.strips.get(tick_us, {})
        picture = _FIELDS.decode(waiting.pictures.pop(tick_us))
        _forget(waiting, tick_us)
        yield picture, [_FIELDS.decode(strips[key]) for key in sorted(strips)]
    if not waiting.pictures:
        _forget(waiting, newest_us - WAIT_US)
    recent = (one for one in waiting.told.items() if one[1] >= newest_us - 2 * WAIT_US)
    waiting.told = dict(sorted(recent))


def _is_complete(waiting: Waiting, tick_us: int, newest_us: int) -> bool:
    if newest_us >= tick_us + WAIT_US:
        return True
    expected = any(last < tick_us <= last + WAIT_US for last in waiting.told.values())
    return newest_us >= tick_us + SETTLES_US and not expected


def _forget(waiting: Waiting, until_us: int) -> None:
    for tick_us in [one for one in waiting.strips if one <= until_us]:
        del waiting.strips[tick_us]
