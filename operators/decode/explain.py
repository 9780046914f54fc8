"""Which field of a message became which canonical field, found by asking the adapter itself.

Each value of the message is changed a little, and taken out; what the adapter then says otherwise
depends on that value. Nothing is declared anywhere, so nothing can differ from what the adapter
does. A value on which nothing depends was dropped, or only checked.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from operators.decode.decoded import Decoded, DecodedFrame
from operators.errors import DecodeError
from operators.frame import ObjectClass

Read = Callable[[bytes], Decoded]
_WORD = re.compile(rb"(?P<path>)(?P<value>\S+)")  # of a text that is neither JSON nor XML
_ELEMENT = re.compile(rb"<(?P<path>[^\s<>/?!]+)[^<>]*>(?P<value>[^<>]*[^<>\s][^<>]*)<")
_DIGITS = re.compile(r"\d")
_CLOSE = 1e-12  # relative: the same number computed from another
MOST = 5000  # values of one message that are looked at
UNITS = {
    "_us": "us", "_m": "m", "_mps": "m/s", "_rad": "rad", "_deg": "deg", "_m2": "m^2", "_ms": "ms",
    "_celsius": "°C", "_hpa": "hPa", "_mps2": "m/s^2",
}  # fmt: skip

_Flat = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Effect:
    """A canonical field that depends on a raw one: its name, its value here, and its unit."""

    field: str
    value: Any
    unit: str


@dataclass(frozen=True, slots=True)
class Explained:
    """One raw value.

    Parameters
    ----------
    path
        Where it stands: keys and indices, the element, or the number of the word in a text.
    value
        As the message has it.
    effects
        Canonical fields that depend on it.
    needed
        Whether the message is rejected without it.
    """

    path: str
    value: Any
    effects: tuple[Effect, ...]
    needed: bool


def explain(payload: bytes, read: Read) -> list[Explained]:
    """Raw field to canonical field for one message.

    Parameters
    ----------
    payload
        A message that `read` accepts.
    read
        Its adapter behind the guard.

    Raises
    ------
    DecodeError
        If the message itself is rejected.
    """
    told = flat(read(payload))
    made = []
    for path, value, variants, without in _variants(payload):
        others = [other for other in (_read(v, read) for v in variants) if other is not None]
        changed = {name for other in others for name in _differing(told, other)}
        left = _read(without, read)
        if not changed and left is not None:  # such as a name that allows no other
            changed = _differing(told, left) & told.keys() & left.keys()
        effects = tuple(Effect(name, told.get(name), unit_of(name)) for name in sorted(changed))
        made.append(Explained(path, value, effects, left is None))
        if len(made) == MOST:
            break
    return made


def unit_of(name: str) -> str:
    """Unit of a canonical field by the end of its name; empty for numbers without one."""
    last = name.rpartition(".")[2]
    if last.endswith("e7"):
        return "1e-7 deg"
    return UNITS.get("_" + last.rpartition("_")[2], "") if "_" in last else ""


def flat(decoded: Decoded) -> _Flat:
    """Every canonical field of what a message says, by its path."""
    made: _Flat = {}
    for number, frame in enumerate(decoded.frames):
        _add_frame(made, f"frames.{number}", frame)
    rest = {
        name: getattr(decoded, name)
        for name in decoded.__dataclass_fields__
        if name not in ("frames", "signals") and getattr(decoded, name)
    }
    rest["signals"] = [state.named() for state in decoded.signals]
    _add(made, "", msgspec.to_builtins(rest, enc_hook=str))
    return made


def _add_frame(made: _Flat, path: str, frame: DecodedFrame) -> None:
    for name in ("source_id", "event_time_us", "flags", "refused"):
        made[f"{path}.{name}"] = getattr(frame, name)
    axes = ("x_m", "y_m") if frame.space.value == "local" else ("lon_deg", "lat_deg")
    rows = zip(frame.position.tolist(), frame.observations, strict=True)
    for position, seen in rows:
        # By its place in the message, so that an object that goes takes nothing along.
        where = f"{path}.objects.{int(seen['index'])}"
        made |= {f"{where}.{axis}": value for axis, value in zip(axes, position, strict=True)}
        for name in seen.dtype.names or ():
            if name not in ("index", "x_m", "y_m", "owned"):
                made[f"{where}.{name}"] = seen[name].item()
        made[f"{where}.object_class"] = ObjectClass(int(seen["object_class"])).name.lower()


def _add(made: _Flat, path: str, value: Any) -> None:
    if isinstance(value, dict | list | tuple):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            _add(made, f"{path}.{key}" if path else str(key), inner)
    else:
        made[path] = value


def _read(payload: bytes, read: Read) -> _Flat | None:
    try:
        return flat(read(payload))
    except DecodeError:
        return None


def _differing(one: _Flat, other: _Flat) -> set[str]:
    return {name for name in one.keys() | other.keys() if not _same(one.get(name), other.get(name))}


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return bool(np.isclose(one, other, rtol=_CLOSE, atol=0.0, equal_nan=True))
    return bool(one == other)


_Variants = Iterator[tuple[str, Any, list[bytes], bytes]]


def _variants(payload: bytes) -> _Variants:
    try:
        whole = json.loads(payload)
    except ValueError:
        return _text_variants(payload)
    return _json_variants(whole)


def _json_variants(whole: Any) -> _Variants:
    for container, key, path in _leaves(whole, ""):
        value = container[key]
        variants = []
        for other in _others(value):
            container[key] = other
            variants.append(json.dumps(whole).encode())
        container[key] = None
        without = json.dumps(whole).encode()
        if isinstance(container, dict):
            order = list(container.items())
            del container[key]
            without = json.dumps(whole).encode()
            container.clear()
            container.update(order)
        container[key] = value
        yield path, value, variants, without


def _leaves(value: Any, path: str) -> Iterator[tuple[Any, Any, str]]:
    if not isinstance(value, dict | list):
        return
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        where = f"{path}.{key}" if path else str(key)
        if isinstance(value[key], dict | list) and value[key]:
            yield from _leaves(value[key], where)
        else:
            yield value, key, where


def _others(value: Any) -> list[Any]:
    """Values near a value of JSON that mean something else, most of them still valid."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1, value + 10, value + 1000]
    if isinstance(value, float):
        return [value + 0.01, value * 1.01, value - 0.5]
    if not isinstance(value, str):
        return [0, "x"]
    texts = [_DIGITS.sub(lambda m: str((int(m[0]) + 1) % 10), value, count=n) for n in (1, 0)]
    tail = value[:-1] + _DIGITS.sub(lambda m: str((int(m[0]) + 1) % 10), value[-1:])
    return [text for text in (*texts, tail, value + "x") if text != value]


def _text_variants(payload: bytes) -> _Variants:
    pattern = _ELEMENT if payload.lstrip().startswith(b"<") else _WORD
    for number, found in enumerate(pattern.finditer(payload), 1):
        start, end = found.span("value")
        path = found["path"].decode(errors="replace") or f"word {number}"
        text = found["value"].decode(errors="replace")
        variants = [payload[:start] + o.encode() + payload[end:] for o in _others(text)]
        yield path, text, variants, payload[:start] + payload[end:]
