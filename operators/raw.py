"""A raw record as the front gets it: the sender's bytes with what the broker knows about them.

Layout: text fields joined by the unit separator (0x1F), the body last and untouched, so that a
streaming runtime can build it from metadata columns without touching the body:
offset, receive time in ms, shift in us, format, source, key, has body (0|1), body.
"""

from typing import NamedTuple

from operators.errors import LayoutError

SEPARATOR = b"\x1f"
_FIELDS = 7
_SHIFT_LIMIT_US = 1_500_000_000_000_000  # 47 years: an anchor shifted by it is still a date


class RawRecord(NamedTuple):
    """One record of a raw topic.

    Parameters
    ----------
    offset
        In its partition.
    receive_time_us
        When the broker appended it, UTC microseconds (whole milliseconds).
    shift_us
        What a replay adds to the times of the message, microseconds.
    format, source, key
        From the headers and the record key; empty if absent.
    body
        The sender's bytes; None for a pulse.
    """

    offset: int
    receive_time_us: int
    shift_us: int
    format: str
    source: str
    key: str
    body: bytes | None


def pack_raw(record: RawRecord) -> bytes:
    """Bytes of one raw record."""
    head = (
        record.offset,
        record.receive_time_us // 1000,
        record.shift_us,
        *(t.replace("\x1f", "_") for t in (record.format, record.source, record.key)),
        0 if record.body is None else 1,
    )
    return SEPARATOR.join((*(str(f).encode() for f in head), record.body or b""))


def unpack_raw(data: bytes) -> RawRecord:
    """One raw record from its bytes.

    Raises
    ------
    LayoutError
        If fields are missing.
    """
    parts = data.split(SEPARATOR, _FIELDS)
    if len(parts) != _FIELDS + 1:
        msg = f"raw record with {len(parts)} of {_FIELDS + 1} fields"
        raise LayoutError(msg)
    offset, receive_ms, shift, form, source, key, has_body, body = parts
    return RawRecord(
        int(offset),
        int(receive_ms) * 1000,
        _shift(shift),
        form.decode(errors="replace"),
        source.decode(errors="replace"),
        key.decode(errors="replace"),
        body if has_body == b"1" else None,
    )


def receive_time_us(data: bytes) -> int:
    """Receive time of a packed raw record, microseconds, without unpacking the rest."""
    first = data.index(SEPARATOR) + 1  # a split would copy the body
    return int(data[first : data.index(SEPARATOR, first)]) * 1000


def place_raw(partition: int, data: bytes) -> bytes:
    """Packed raw record with the partition that it stands in before it."""
    return str(partition).encode() + SEPARATOR + data


def take_place(data: bytes) -> tuple[int, bytes]:
    """Partition and packed raw record of what `place_raw` made."""
    partition, _, record = data.partition(SEPARATOR)
    return int(partition), record


def _shift(text: bytes) -> int:
    # A header is the sender's word: what is no number, or leads out of the age, shifts nothing.
    digits = text[1:] if text[:1] == b"-" else text
    shift_us = int(text) if digits.isdigit() and len(digits) <= 18 else 0
    return shift_us if abs(shift_us) <= _SHIFT_LIMIT_US else 0
