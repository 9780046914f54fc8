"""The versions of a feature that are kept, and when each of them can be seen.

What is visible at a tick is a function of the records received by then: of all versions of a
feature the one issued last (of two issued at once, the one received last), within its validity,
unless it is a cancellation. So a report that comes again, or late, does not undo its update.
"""

import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from operators.shared import Changes

KEPT_US = 600_000_000  # ticks in work are never this far behind the newest record
SETTLED_US = 60_000_000  # what comes of one feature is never this much out of order
OPEN_US = 2**62  # an end that is not known
_SWEEP = 256  # each so many features, those that ended are looked for

_LAYOUT = 1
_HEAD = struct.Struct("<Bq")  # layout, instant after which nothing of the feature is visible
_LIST = msgspec.msgpack.Decoder(list[dict[str, Any]])
_ONE = msgspec.msgpack.Decoder(dict[str, Any])
_ENCODER = msgspec.msgpack.Encoder()

Version = dict[str, Any]  # a record of `context.features`


class Span(NamedTuple):
    """A version and the ticks at which it is visible, from `start_us` to before `end_us`."""

    start_us: int
    end_us: int
    version: Version


def share_feature(shared: Mapping[str, bytes], event: bytes) -> Changes:
    """What a record of `context.features` changes: the packed versions of its feature.

    A version goes only when nothing can ask for it any more. Features that have ended are
    forgotten whenever the number of features has grown by 256.
    """
    feature = _ONE.decode(event)
    name, received = feature["feature_id"], feature["receive_time_us"]
    packed = shared.get(name)
    versions = unpack(packed) if packed else []
    if versions and _again(versions[-1], feature):
        return {}
    versions.append(feature)
    versions.sort(key=lambda v: (v["receive_time_us"], v["topic"], v["partition"], v["offset"]))
    past_us = versions[-1]["receive_time_us"] - KEPT_US
    changes: dict[str, bytes | None] = {name: _packed(versions, past_us)}
    if packed is None and len(shared) % _SWEEP == _SWEEP - 1:
        changes.update(dict.fromkeys(_ended(shared, received - KEPT_US)))
    return changes


def unpack(packed: bytes) -> list[Version]:
    """Versions of a feature in the order of their receipt."""
    # Before the head was there, the list stood alone: its first byte is that of an array.
    return _LIST.decode(packed[_HEAD.size :] if packed[0] == _LAYOUT else packed)


def spans(versions: list[Version]) -> list[Span]:
    """When each version is visible; versions that never are have no span.

    Versions that only prolong the one before, as messages that are repeated do, share its span.

    Parameters
    ----------
    versions
        In the order of their receipt.
    """
    found: list[Span] = []
    in_force = _reigns(versions)
    ends = [version["receive_time_us"] for version in in_force[1:]]
    for version, replaced_us in zip(in_force, [*ends, OPEN_US], strict=True):
        start, end = _validity(version)
        span = Span(max(version["receive_time_us"], start), min(replaced_us, end), version)
        if span.start_us >= span.end_us or version["cancelled"]:
            continue
        if found and found[-1].end_us == span.start_us and _alike(found[-1].version, version):
            span = found.pop()._replace(end_us=span.end_us)
        found.append(span)
    return found


def _reigns(versions: list[Version]) -> list[Version]:
    """Versions that replace those before them."""
    found: list[Version] = []
    for version in versions:
        if not found or _issued_us(version) >= _issued_us(found[-1]):
            found.append(version)
    return found


def _issued_us(version: Version) -> int:
    given = version.get("issued_us")
    return int(version["receive_time_us"] if given is None else given)


def _validity(version: Version) -> tuple[int, int]:
    start, end = version["valid_from_us"], version["valid_to_us"]
    return (0 if start is None else start), (OPEN_US if end is None else end)


def _packed(versions: list[Version], past_us: int) -> bytes:
    """Head and list of the versions that a tick after `past_us` can ask for."""
    in_force = _reigns(versions)
    old = sum(version["receive_time_us"] <= past_us for version in in_force[1:])
    first = in_force[old]
    kept = [v for v in versions if v is first or v["receive_time_us"] > past_us]
    kept = _condensed(kept, kept[-1]["receive_time_us"] - SETTLED_US)
    last = in_force[-1]
    end_us = last["receive_time_us"] if last["cancelled"] else _validity(last)[1]
    return _HEAD.pack(_LAYOUT, end_us) + _ENCODER.encode(kept)


_OF_ONE_RECORD = ("receive_time_us", "partition", "offset")
_SAID = ("kind", "area", "radius_m", "cancelled", "properties")


def _again(last: Version, version: Version) -> bool:
    """Whether a version is the last one, received once more."""
    return last["receive_time_us"] <= version["receive_time_us"] and all(
        last.get(name) == value for name, value in version.items() if name not in _OF_ONE_RECORD
    )


def _alike(one: Version, other: Version) -> bool:
    """Whether two versions say the same. Of weather reports it matters which is the newest."""
    return one["kind"] != "weather" and all(one[name] == other[name] for name in _SAID)


def _condensed(versions: list[Version], settled_us: int) -> list[Version]:
    """Versions without those before `settled_us` that only prolong the one before them.

    What is visible at any tick stays the same.
    """
    found: list[Version] = []
    for version in versions:
        received = version["receive_time_us"]
        last = found[-1] if found else None
        if last is not None and received <= settled_us and _prolongs(last, version):
            end_us = version["valid_to_us"]
            found[-1] = last | {"issued_us": _issued_us(version), "valid_to_us": end_us}
        else:
            found.append(version)
    return found


def _prolongs(last: Version, version: Version) -> bool:
    received = version["receive_time_us"]
    return (
        _issued_us(version) >= _issued_us(last)
        and _validity(last)[1] >= received >= _validity(version)[0]
        and _alike(last, version)
    )


def _ended(shared: Mapping[str, bytes], past_us: int) -> list[str]:
    return [
        name
        for name, packed in shared.items()
        if packed[0] == _LAYOUT and _HEAD.unpack_from(packed)[1] <= past_us
    ]
