"""Mutations of a message, from mild ones that reach validation to hostile ones."""

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

TOKENS = [
    b"null", b"NaN", b"-Infinity", b"1e400", b"-1", b"99999999999999999999999", b'""', b"[]", b"{}",
    b"true", b"0", b"65535", b"8191", b"900000001", b'"\\ud800"',
    b"\x00", b"\xff", b"\\", b'"', b"[",
    b"}", b",", b"<", b"&x;", b"1.5", b"-0.0", b"1e308", b"/", b" ",
]  # fmt: skip
VALUES: list[Any] = [
    None, True, 0, 1, -1, 7, 127, 255, 8191, 28_800, 65_535, 65_536, 900_000_001, -900_000_000,
    1_800_000_001, 2**63, 2**64, -(2**70), 10**30, 0.5, -0.0, 1e-320, 1e308, float("nan"),
    float("inf"), "", "0", "motor", "rsu", "unavailable", "a1cm", "\u0000", "x" * 300, [], {},
    [1.0], [[]], [{}], {"a": 1}, {"pos": 16}, {"lat": 1, "lon": 1},
    {"position-LL1": {"lat": 1, "lon": 1}},
]  # fmt: skip
_BRACKETS = ((b"[", b"]"), (b'{"a":', b"}"), (b"<a>", b"</a>"))

Change = Callable[[bytes, Random], bytes]


def mutated(sample: bytes, random_source: Random) -> bytes:
    """One to four changes of bytes: set, taken out, a token put in or in place, doubled."""
    data = bytearray(sample)
    for _ in range(random_source.randint(1, 4)):
        at = random_source.randrange(len(data))
        action = random_source.randrange(5)
        if action == 0:
            data[at] = random_source.randrange(256)
        elif action == 1:
            del data[at : at + random_source.randint(1, 12)]
        elif action == 2:
            data[at:at] = random_source.choice(TOKENS)
        elif action == 3:
            end = next((k for k in range(at, len(data)) if data[k : k + 1] in b",}] "), at)
            data[at:end] = random_source.choice(TOKENS)
        else:
            data[at:at] = data[at : at + random_source.randint(1, 40)]
        if not data:
            return b""
    return bytes(data)


def with_wrong_value(sample: bytes, random_source: Random) -> bytes:
    """Well-formed JSON with one value replaced or taken out: reaches validation."""
    whole = json.loads(sample)
    container, key = whole, random_source.choice(_keys(whole))
    while _keys(container[key]) and random_source.random() < 0.9:
        container = container[key]
        key = random_source.choice(_keys(container))
    if random_source.random() < 0.1:
        del container[key]
    else:
        container[key] = random_source.choice(VALUES)
    return json.dumps(whole).encode()


def _keys(value: Any) -> list[Any]:
    """Where a JSON value holds others."""
    if isinstance(value, dict):
        return list(value)
    return list(range(len(value))) if isinstance(value, list) else []


def nested(sample: bytes, random_source: Random) -> bytes:
    """Deep brackets, closed or not, somewhere in the message."""
    opening, closing = random_source.choice(_BRACKETS)
    depth = random_source.choice((60, 63, 64, 65, 1000, 50_000))
    left_open = random_source.random() < 0.5
    inner = opening * depth + (b"1" if left_open else b"1" + closing * depth)
    at = random_source.randrange(len(sample) + 1)
    return sample[:at] + inner + sample[at:]


def repeated(sample: bytes, random_source: Random) -> bytes:
    """A part of the message many times over: long lists, long texts, many elements."""
    start = random_source.randrange(len(sample))
    part = sample[start : start + random_source.randint(1, 400)]
    times = random_source.choice((10, 100, 1000, 20_000))
    return sample[:start] + part * min(times, 200_000 // len(part)) + sample[start:]


def huge(sample: bytes, random_source: Random) -> bytes:
    """Around the size limit."""
    filling = random_source.choice((b" ", b"x", b"[", b"{}", b"1,", b"\xe2\x82\xac"))
    size = random_source.choice((1_000_000, 9_999_000, 12_000_000))
    at = random_source.randrange(len(sample) + 1)
    return sample[:at] + filling * (size // len(filling)) + sample[at:]


def recoded(sample: bytes, random_source: Random) -> bytes:
    """In another encoding, or as bytes without any."""
    text = sample.decode(errors="replace")
    choice = random_source.randrange(4)
    if choice == 3:
        return random_source.randbytes(random_source.randint(0, 600))
    return text.encode(("utf-16", "utf-32", "latin-1")[choice], errors="replace") + b"\xff"


def spliced(sample: bytes, other: bytes, random_source: Random) -> bytes:
    """The beginning of one message and the end of another."""
    cut, end = random_source.randrange(len(sample)), random_source.randrange(len(other))
    return sample[:cut] + other[end:]


def wild(samples: Sequence[bytes], is_json: bool, random_source: Random) -> bytes:
    """One message of any kind of mutation.

    Parameters
    ----------
    samples
        Messages of the format; one is changed.
    is_json
        Whether they are JSON.
    random_source
        Decides everything.
    """
    sample = random_source.choice(samples)
    dice = random_source.random()
    if dice < 0.0002:
        return huge(sample, random_source)
    if dice < 0.02:
        rare: Sequence[Change] = (nested, repeated, recoded)
        return random_source.choice(rare)(sample, random_source)
    if dice < 0.06:
        return spliced(sample, random_source.choice(samples), random_source)
    change = with_wrong_value if is_json and dice < 0.5 else mutated
    return change(sample, random_source)
