"""Keys that load all parallel subtasks alike.

Flink hashes keys to subtasks; with a handful of keys one subtask may get nearly all of them, and a
rate would say more about luck than about the station. So cells and partitions are chosen.
"""

from collections.abc import Iterable
from itertools import chain

_MAX_PARALLELISM = 128  # Flink's default for a parallelism of up to 85
_WORD = 0xFFFFFFFF


def subtask_of(key: str, parallelism: int) -> int:
    """Subtask of a key of `jobs.runtime.graph.by_key`, for the default maximum parallelism."""
    text = 0
    for letter in key:
        text = (31 * text + ord(letter)) & _WORD
    # The key is a row of one field, whose hash adds 62 to that of the text.
    group = _murmur((text + 62) & _WORD) % _MAX_PARALLELISM
    return group * parallelism // _MAX_PARALLELISM


def evenly(keys: Iterable[str], parallelism: int, most: int) -> list[str]:
    """At most `most` of the keys, as many of each subtask, in turns."""
    groups: list[list[str]] = [[] for _ in range(parallelism)]
    for key in keys:
        groups[subtask_of(key, parallelism)].append(key)
    each = min(most // parallelism, *(len(group) for group in groups))
    return list(chain.from_iterable(zip(*(group[:each] for group in groups), strict=True)))


def _murmur(code: int) -> int:
    """Flink's hash of a hash: one round of MurmurHash3 with seed 0, made positive."""
    code = _turned(code * 0xCC9E2D51 & _WORD, 15) * 0x1B873593 & _WORD
    code = (_turned(code, 13) * 5 + 0xE6546B64) & _WORD
    code ^= 4
    code = (code ^ code >> 16) * 0x85EBCA6B & _WORD
    code = (code ^ code >> 13) * 0xC2B2AE35 & _WORD
    code ^= code >> 16
    return code if code < 1 << 31 else (1 << 32) - code


def _turned(word: int, bits: int) -> int:
    return (word << bits | word >> (32 - bits)) & _WORD
