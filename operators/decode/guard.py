"""What a raw record must pass before any parser sees it.

Size, text encoding, nesting and the number of elements are bounded here on the bytes alone, so
that no parser recurses deeply or builds more than the limits allow. The usual message costs a
few microseconds: brackets are counted, and the depth is only worked out if there are enough of
them to exceed the limit.
"""

from dataclasses import dataclass

import numpy as np

from operators.errors import DecodeError
from operators.reasons import Reason

_BOM = b"\xef\xbb\xbf"
_PLAIN = bytes(set(range(256)) - set(b'[]{}"'))
_STEP = np.zeros(256, np.int8)
_STEP[list(b"[{")] = 1
_STEP[list(b"]}")] = -1
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_FEW_MARKS, _FEW_LEVELS = 4096, 16
# Widest known object: a participant of an RSM with 10 nested maps and some 40 values.
_OPENERS_PER_OBJECT = 16
_VALUES_PER_OBJECT = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one raw record.

    Parameters
    ----------
    max_bytes
        Size of the record.
    max_depth
        Nesting of arrays, maps or elements.
    max_objects
        Observations or features in one record.
    """

    max_bytes: int = 10_000_000
    max_depth: int = 64
    max_objects: int = 10_000


LIMITS = Limits()


def admit_bytes(payload: bytes, limits: Limits = LIMITS) -> bytes:
    """`payload` if it is not empty and within the size limit.

    Raises
    ------
    DecodeError
        EMPTY_BODY or TOO_LARGE.
    """
    if len(payload) > limits.max_bytes:
        msg = f"{len(payload)} bytes, limit {limits.max_bytes}"
        raise DecodeError(Reason.TOO_LARGE, msg)
    if not payload:
        raise DecodeError(Reason.EMPTY_BODY)
    return payload


def admit_text(payload: bytes, limits: Limits = LIMITS) -> bytes:
    """`payload` if it is UTF-8 text within the size limit, without a byte order mark.

    Raises
    ------
    DecodeError
        EMPTY_BODY, TOO_LARGE or NOT_UTF8.
    """
    payload = admit_bytes(payload, limits).removeprefix(_BOM)
    if not payload or payload.isspace():
        raise DecodeError(Reason.EMPTY_BODY)
    if not payload.isascii():
        try:
            payload.decode()
        except UnicodeDecodeError as error:
            msg = f"invalid sequence at byte {error.start}"
            raise DecodeError(Reason.NOT_UTF8, msg) from error
    return payload


def admit_json(payload: bytes, limits: Limits = LIMITS) -> bytes:
    """`payload` if it is text, not nested too deeply and without too many elements.

    Whether it is well-formed is the parser's to say.

    Raises
    ------
    DecodeError
        EMPTY_BODY, TOO_LARGE, NOT_UTF8, TOO_DEEP or TOO_MANY_OBJECTS.
    """
    payload = admit_text(payload, limits)
    openers = payload.count(b"{") + payload.count(b"[")
    if openers > _OPENERS_PER_OBJECT * limits.max_objects:
        msg = f"{openers} nested values"
        raise DecodeError(Reason.TOO_MANY_OBJECTS, msg)
    if openers > limits.max_depth and (depth := nesting_depth(payload)) > limits.max_depth:
        msg = f"{depth} levels, limit {limits.max_depth}"
        raise DecodeError(Reason.TOO_DEEP, msg)
    if len(payload) > _VALUES_PER_OBJECT * limits.max_objects:
        values = payload.count(b",")
        if values > _VALUES_PER_OBJECT * limits.max_objects:
            msg = f"{values} values"
            raise DecodeError(Reason.TOO_MANY_OBJECTS, msg)
    return payload


def nesting_depth(payload: bytes) -> int:
    """Deepest nesting of brackets outside strings.

    Exact up to the first error of a malformed text, beyond which a parser does not read.
    """
    if b"\\" in payload:
        payload = payload.replace(b"\\\\", b"").replace(b'\\"', b"")
    # Two quotes with nothing between them change nothing about what follows.
    marks = payload.translate(_ONE_KIND, _PLAIN).replace(b'""', b"")
    if b'"' in marks:
        marks = b"".join(marks.split(b'"')[::2])
    if len(marks) <= _FEW_MARKS and (depth := _peeled(marks)) is not None:
        return depth
    brackets = np.frombuffer(marks, np.uint8)
    if not brackets.size:
        return 0
    return int(np.cumsum(_STEP[brackets], dtype=np.int32).max(initial=0))


def _peeled(marks: bytes) -> int | None:
    """Depth of brackets by taking innermost pairs away, None if it is no usual message.

    What a pass leaves is one level less deep, since every innermost pair goes with it. A third of
    the time of the sum, as long as there are few levels.
    """
    for depth in range(_FEW_LEVELS):
        if not marks:
            return depth
        marks = marks.replace(b"[]", b"")
    return None


def check_objects(found: int) -> None:
    """Refuse a record of more than the default number of objects.

    Raises
    ------
    DecodeError
        TOO_MANY_OBJECTS.
    """
    if found > LIMITS.max_objects:
        msg = f"{found} objects, limit {LIMITS.max_objects}"
        raise DecodeError(Reason.TOO_MANY_OBJECTS, msg)
