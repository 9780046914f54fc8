"""`station formats`: the message formats that the station reads."""

from rich.table import Table

from infra.cli.errors import console
from operators.decode.registry import FORMATS
from operators.frame import SourceKind

_EVIDENCE = {
    "recorded": "recorded messages of real senders",
    "authored": "samples that others wrote",
    "standard": "the standard's text only",
}


def formats() -> None:
    """List the formats that `decode` and `replay` know, and what each was checked against."""
    table = Table("format", "topic", "source", "checked against")
    for info in FORMATS.values():
        kind = SourceKind(info.kind).name.lower()
        table.add_row(info.name, info.topic, kind, _EVIDENCE.get(info.evidence, info.evidence))
    console.print(table)
