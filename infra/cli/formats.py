"""`station formats`: the message formats that the station reads."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table

from infra.cli.errors import console
from infra.cli.options import Config, formats_of
from operators.decode.datasheet import datasheet, title
from operators.decode.registry import FORMATS, FormatInfo
from operators.frame import SourceKind

EVIDENCE = {
    "recorded": "real recording",
    "authored": "foreign sample",
    "schema": "schema only",
    "standard": "documentation only",
    "declared": "this station's mapping",
}
MADE = "## All formats"  # the heading behind which a page is made by this command


def formats(
    page: Annotated[
        Path | None,
        typer.Option("--write", metavar="PAGE", help=f"Renew a page behind its '{MADE}'."),
    ] = None,
    config: Config = None,
) -> None:
    """List the formats that `decode` and `replay` know, and what each was checked against."""
    if page is not None:
        written = page.read_text("utf-8").partition(MADE)[0]
        page.write_text(written + made_part(), "utf-8")
        return
    # A name that is cut cannot be given to --format.
    name = Column("format", overflow="fold")
    table = Table(name, "topic", "source", "evidence", "standard and version")
    known = formats_of(config)
    for info in known.values():
        said = known.title(info.name) or title(info)
        table.add_row(info.name, info.topic, _kind(info), EVIDENCE[info.evidence], said)
    console.print(table)


def made_part(known: Mapping[str, FormatInfo] = FORMATS) -> str:
    """The part of docs/formats.md that is made of the adapters themselves."""
    return "\n".join((MADE, "", *_rows(known), "", "## Datasheets", "", *_sheets(known)))


def _kind(info: FormatInfo) -> str:
    return SourceKind(info.kind).name.lower()


def _rows(known: Mapping[str, FormatInfo]) -> Iterator[str]:
    yield "| format | topic | source | evidence | standard and version |"
    yield "|---|---|---|---|---|"
    for info in known.values():
        cells = (f"`{info.name}`", info.topic, _kind(info), EVIDENCE[info.evidence], title(info))
        yield f"| {' | '.join(cells)} |"


def _sheets(known: Mapping[str, FormatInfo]) -> Iterator[str]:
    """Each datasheet once, under the names of its formats."""
    names: dict[str, list[str]] = {}
    for info in known.values():
        names.setdefault(datasheet(info), []).append(f"`{info.name}`")
    for text, of in names.items():
        yield from (f"### {', '.join(of)}", "", text, "")
