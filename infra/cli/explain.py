"""What `station decode --explain` shows: raw field to canonical field of one message."""

from collections.abc import Iterator
from typing import Any

from infra.cli.errors import console
from infra.replay.messages import RecordedMessage
from operators.decode.decoded import Decoded
from operators.decode.explain import Explained, explain
from operators.decode.formats import Formats

_WIDEST = 48
_Row = tuple[str, str, str, str, str]
_TITLES = ("raw field", "value", "canonical field", "value", "unit")


def show(message: RecordedMessage, formats: Formats) -> None:
    """Show a line for each raw field and canonical field that depends on it.

    Raises
    ------
    DecodeError
        If the message cannot be read.
    """

    def read(payload: bytes) -> Decoded:
        return formats.decode(message.format, payload, message.receive_time_us)

    rows = [_TITLES, *(row for one in explain(message.payload, read) for row in _rows(one))]
    widths = [max(len(row[k]) for row in rows) for k in range(len(_TITLES))]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        console.print(line.rstrip(), markup=False, highlight=False, soft_wrap=True)


def _rows(one: Explained) -> Iterator[_Row]:
    raw, value = one.path, _short(one.value)
    for effect in one.effects:
        yield raw, value, effect.field, _short(effect.value), effect.unit
        raw = value = ""
    if not one.effects:
        yield raw, value, "(rejected without it)" if one.needed else "(not used)", "", ""


def _short(value: Any) -> str:
    text = f"{value:.9g}" if isinstance(value, float) else str(value)
    text = text.replace("\n", " ")
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
