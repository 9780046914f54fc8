"""`station replay`: send a recorded file to the station, as if it came now or as a backfill."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from infra.cli.errors import CommandError, console, errors
from infra.cli.options import Config, addresses, formats_of
from infra.replay.backfill import create_backfill, send_backfill
from infra.replay.messages import RecordedMessage, read_messages
from infra.replay.outbox import SendError, Watcher, producer_of
from infra.replay.send import send_live
from infra.replay.sources import source_entries_for
from jobs.settings import Settings
from operators.decode.formats import Formats
from operators.errors import DecodeError
from operators.reasons import SENTENCES
from operators.sources import parse_entry

BESIDE = "sources.jsonl"  # as `station simulate` writes it

_BUILT_IN = Formats()
_TEXTS = {
    "entries": "sending source entries",
    "notice": "waiting until they are in force",
    "messages": "sending messages",
}


def replay(
    file: Annotated[Path, typer.Argument(help="Message file, Recording or log; see `decode`.")],
    format_name: Annotated[
        str | None,
        typer.Option("--format", help="One of `station formats`; guessed if not given."),
    ] = None,
    speed: Annotated[
        float,
        typer.Option(
            "--speed",
            min=0.01,
            max=1000.0,
            help="Recorded seconds in one second. Other than 1, it also speeds up what moves: "
            "at 2 a car of 50 km/h drives 100.",
        ),
    ] = 1.0,
    backfill: Annotated[
        str | None,
        typer.Option(
            "--backfill",
            metavar="NAME",
            help="Send with the recorded times to topics of its own, for a bounded run.",
        ),
    ] = None,
    sources: Annotated[
        Path | None,
        typer.Option(
            "--sources",
            help=f"Entries of the sources, JSON lines; else {BESIDE} beside FILE; "
            "else made from the messages.",
        ),
    ] = None,
    config: Config = None,
) -> None:
    """Send a file's messages to their raw topics at the recorded pace, with all times moved to now.

    The entries of its sources go first and are in force after 5 s.
    """
    if backfill is not None and speed != 1.0:
        msg = "--backfill has the recorded times; leave --speed out"
        raise CommandError(msg, 2)
    given = addresses(config)
    formats = formats_of(config, format_name)
    messages = read(file, format_name, formats)
    entries = entries_of(file, messages, sources, formats)
    try:
        if backfill is None:
            _live(messages, entries, given, speed)
        else:
            _backfill(messages, entries, given, backfill)
    except SendError as error:
        raise CommandError(str(error)) from error


def read(
    file: Path, format_name: str | None, formats: Formats = _BUILT_IN
) -> list[RecordedMessage]:
    """Read all messages of a file.

    Raises
    ------
    CommandError
        If it cannot be read, has none, or is of no known format.
    """
    try:
        messages = list(read_messages(file, format_name, formats))
    except OSError as error:
        msg = f"{file}: cannot be read ({error.strerror})"
        raise CommandError(msg) from error
    except DecodeError as error:
        msg = f"{file}: {SENTENCES[error.reason]} Say which format it is by --format."
        raise CommandError(msg) from error
    if not messages:
        msg = f"{file}: no messages"
        raise CommandError(msg)
    return messages


def entries_of(
    file: Path,
    messages: Sequence[RecordedMessage],
    sources: Path | None,
    formats: Formats = _BUILT_IN,
) -> list[Mapping[str, Any]]:
    """Give the entries of the sources of a file, from where the user says or they are found.

    Raises
    ------
    CommandError
        If the file of entries cannot be read; the text names the line.
    """
    beside = file.with_name(BESIDE)
    chosen = sources or (beside if beside.is_file() and beside != file else None)
    if chosen is None:
        # What has no known format has no entry either; the station will say so.
        known = [message for message in messages if message.format in formats]
        return list(source_entries_for(known, formats))
    errors.print(f"source entries of {chosen}", markup=False, highlight=False, soft_wrap=True)
    try:
        lines = chosen.read_bytes().splitlines()
    except OSError as error:
        msg = f"{chosen}: cannot be read ({error.strerror})"
        raise CommandError(msg) from error
    made = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            parse_entry(line)
        except DecodeError as error:
            msg = f"{chosen}:{number}: {error.detail}"
            raise CommandError(msg) from error
        made.append(msgspec.json.decode(line))
    return made


def _live(
    messages: list[RecordedMessage],
    entries: list[Mapping[str, Any]],
    given: Settings,
    speed: float,
) -> None:
    with shown() as watch:
        counts = send_live(messages, entries, producer_of(given.kafka), speed=speed, watch=watch)
    tell(counts)


def _backfill(
    messages: list[RecordedMessage],
    entries: list[Mapping[str, Any]],
    given: Settings,
    name: str,
) -> None:
    create_backfill(given.kafka, name, given.partitions)
    acceptance_us = given.run.acceptance_us
    with shown() as watch:
        counts = send_backfill(
            messages,
            entries,
            producer_of(given.kafka),
            name,
            acceptance_us=acceptance_us,
            watch=watch,
        )
    tell(counts)
    console.print(
        f"Now run jobs/fusion.py --backfill {name}; its rows will have run_id {name}.",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


@contextmanager
def shown() -> Iterator[Watcher]:
    """Show the stages of sending; hands out the function to tell them to."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=errors, transient=True, disable=not errors.is_terminal
    ) as progress:
        tasks: dict[str, TaskID] = {}

        def watch(stage: str, done: float, total: float) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(_TEXTS[stage], total=total)
            progress.update(tasks[stage], completed=done)

        yield watch


def tell(counts: Mapping[str, int]) -> None:
    """Say how many records went where."""
    for topic, count in sorted(counts.items()):
        console.print(f"{count:,} records to {topic}", highlight=False, soft_wrap=True)
