"""`station network`: bring a road network of one's own to the station."""

import math
import re
from pathlib import Path
from typing import Annotated, BinaryIO, get_args

import msgspec
import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn
from rich.table import Table

from infra.cli.errors import CommandError, console, errors
from infra.cli.options import Config, addresses
from infra.cli.replay import shown, tell
from infra.replay.log import read_log
from infra.replay.outbox import SendError, producer_of
from infra.replay.send import send_live
from infra.roads.imported import Account, Imported, ImportFileError
from infra.roads.pieces import entry_of, messages_of, pieces_of, with_withdrawn, write_pieces
from infra.roads.read import KINDS, Choices, read_network
from jobs.runtime.clock import now_us
from jobs.sections import Kafka
from operators.decode.decoded import Datum
from operators.road.network import RoadPart
from operators.routes import NETWORK
from operators.sources import SourceEntry

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")

network = typer.Typer(help="Road networks of one's own.", no_args_is_help=True)


@network.callback()
def _group() -> None:
    """Road networks of one's own."""


@network.command("import")
def import_network(
    file: Annotated[
        Path,
        typer.Argument(
            help="SUMO .net.xml, GeoJSON, OpenStreetMap .osm, MAP messages; gzipped too."
        ),
    ],
    format_name: Annotated[
        str | None,
        typer.Option("--format", help=f"{', '.join(KINDS)}; guessed if not given."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            help="What the network is called; else as the file. An import replaces "
            "what was known under its name.",
        ),
    ] = None,
    origin: Annotated[
        str | None,
        typer.Option(
            "--origin",
            metavar="LAT,LON",
            help="Where the point 0,0 lies, for a network in metres without a projection.",
        ),
    ] = None,
    intersections: Annotated[
        list[str] | None,
        typer.Option(
            "--intersection",
            metavar="LIGHT=REGION/ID",
            help="What signal messages call a traffic light of the file; may be repeated.",
        ),
    ] = None,
    left_hand: Annotated[
        bool, typer.Option("--left-hand", help="Traffic keeps to the left (OpenStreetMap).")
    ] = False,
    datum: Annotated[
        str, typer.Option("--datum", help=f"Of its degrees: {', '.join(get_args(Datum))}.")
    ] = "WGS-84",
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder to write to, for `station replay`; nothing is sent."),
    ] = None,
    config: Config = None,
) -> None:
    """Read the lanes and signals of a network and send them to the station.

    The same content again changes nothing. Says what was read and what was left out, and why.
    """
    chosen = _checked(name or _stem(file), format_name, datum)
    lights = dict(_pair(one) for one in intersections or ())
    try:
        choices = Choices(chosen, format_name, _place(origin), lights, left_hand)
        imported = _read(file, choices)
        with console.status("cutting it into pieces"):
            pieces = pieces_of(imported, chosen)
        _tell_account(imported.account, chosen, len(pieces))
        if not pieces:
            msg = f"{file}: no lane of it can be imported"
            raise ImportFileError(msg)
        entry = entry_of(chosen, msgspec.convert(datum, Datum))
        if out is None:
            _send(pieces, chosen, entry, addresses(config).kafka)
        else:
            _write(pieces, entry, out)
    except (ImportFileError, SendError) as error:
        raise CommandError(str(error)) from error


def _read(file: Path, choices: Choices) -> Imported:
    """Read a network and show how much of the file is read."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    watched = Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal)
    with watched as progress:

        def opened(path: Path) -> BinaryIO:
            return progress.open(path, "rb", description=f"reading {path.name}")

        return read_network(file, choices, opened)


def _write(pieces: list[RoadPart], entry: SourceEntry, folder: Path) -> None:
    try:
        path = write_pieces(messages_of(pieces, entry.source_id, now_us()), entry, folder)
    except OSError as error:
        msg = f"{folder}: cannot be written ({error.strerror})"
        raise CommandError(msg) from error
    console.print(
        f"{len(pieces)} pieces in {path}; to send them: station replay {path}",
        markup=False, highlight=False, soft_wrap=True,
    )  # fmt: skip


def _send(pieces: list[RoadPart], name: str, entry: SourceEntry, kafka: Kafka) -> None:
    told = read_log(kafka.client(), (NETWORK,))
    known = {one.record.key for one in told if one.record.body is not None}
    messages = messages_of(with_withdrawn(pieces, name, known), entry.source_id, now_us())
    with shown() as watch:
        counts = send_live(messages, [msgspec.to_builtins(entry)], producer_of(kafka), watch=watch)
    tell(counts)
    if len(messages) > len(pieces):
        console.print(f"{len(messages) - len(pieces)} pieces that it had before are withdrawn")


def _tell_account(account: Account, name: str, pieces: int) -> None:
    table = Table("read", "found", "imported", title=f"{name}: {pieces} pieces", title_style="")
    for kind, found in sorted(account.read.items()):
        table.add_row(kind, f"{found:,}", f"{account.kept(kind):,}")
    console.print(table)
    for (kind, reason), count in sorted(account.skipped.items()):
        console.print(
            f"{count:,} {kind} left out: {reason}", markup=False, highlight=False, soft_wrap=True
        )


def _stem(file: Path) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", file.name.split(".", 1)[0]).strip("-") or "network"


def _checked(name: str, format_name: str | None, datum: str) -> str:
    if not _NAME.fullmatch(name):
        msg = f"--name {name}: letters, digits, and . _ - after the first; 64 at most"
        raise CommandError(msg, 2)
    for option, given, known in (
        ("--format", format_name, KINDS),
        ("--datum", datum, get_args(Datum)),
    ):
        if given is not None and given not in known:
            msg = f"{option} {given}: not known; known are {', '.join(known)}"
            raise CommandError(msg, 2)
    return name


def _pair(text: str) -> tuple[str, str]:
    light, sign, intersection = text.rpartition("=")
    if not (light and sign and intersection):
        msg = f"--intersection {text}: give it as LIGHT=REGION/ID"
        raise CommandError(msg, 2)
    return light, intersection


def _place(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        lat_deg, lon_deg = map(float, text.split(","))
    except ValueError:
        lat_deg = lon_deg = math.nan
    if not (abs(lat_deg) <= 90.0 and abs(lon_deg) <= 180.0):
        msg = f"--origin {text}: give it as LAT,LON in degrees"
        raise CommandError(msg, 2)
    return lat_deg, lon_deg
