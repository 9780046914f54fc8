"""`station fuse`: a Recording to fused tracks, in memory, without any server."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec
import numpy as np
import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from infra.cli.errors import CommandError, errors
from operators._typing import FloatArray
from operators.decode.guard import LIMITS
from operators.frame import ObjectClass
from operators.offline import Instant, OfflineFusion, Summary, Unused
from operators.reasons import SENTENCES, Disposition, Use

_PIPE = "-"
_LONGEST = LIMITS.max_bytes + 2  # a line of the largest admitted size, with its end
_SHOW_EVERY = 50  # lines between two looks at the progress

_ENCODER = msgspec.json.Encoder()
_CLASSES = {int(one): one.name.lower() for one in ObjectClass}
_REST = (
    *("heading_rad", "length_m", "width_m", "height_m", "score"),
    *("class", "vx", "vy", "position_cov", "sources"),
)
_KEYS = {
    True: ("event_time_us", "track_id", "x", "y", "z", *_REST),
    False: ("event_time_us", "track_id", "lat_deg", "lon_deg", "alt_m", *_REST),
}
# Digits behind the point: finer than any sensor, without the noise of float32.
_REST_DIGITS = (4, 3, 3, 3, 4, 3, 3, 6, 6, 6, 6)
_DIGITS = {True: (3, 3, 3, *_REST_DIGITS), False: (8, 8, 3, *_REST_DIGITS)}


def fused_lines(instant: Instant) -> bytes:
    """Give the lines of an instant, each with its end.

    The frame is that of the recording: metres with the heading counter-clockwise from +x, or
    degrees with the heading clockwise from north and velocity and covariance along east and
    north. A number that is not known is null.
    """
    local, rows = instant.frame is None, instant.rows
    keys, scale = _KEYS[local], 10.0 ** np.array(_DIGITS[local])
    # Adding 0.0 makes -0.0 plain.
    table = np.rint(_columns(instant) * scale) / scale + 0.0
    masks = rows["sources"].tolist()
    sources = {mask: _names(mask, instant.sources) for mask in set(masks)}
    tracks, classes = rows["track_id"].tolist(), rows["object_class"].tolist()
    made = []
    for track, one, mask, line in zip(tracks, classes, masks, table.tolist(), strict=True):
        rest = (_CLASSES.get(one, "unknown"), *line[8:10], line[10:], sources[mask])
        made.append(dict(zip(keys, (instant.at_us, track, *line[:8], *rest), strict=True)))
    return _ENCODER.encode_lines(made)


def _columns(instant: Instant) -> FloatArray:
    """Numbers of the rows, float64, a line each: place, heading, size, score, velocity, cov."""
    rows = instant.rows
    names = (
        *("length_m", "width_m", "height_m", "existence", "vx_mps", "vy_mps"),
        *("cov_xx_m2", "cov_xy_m2", "cov_xy_m2", "cov_yy_m2"),
    )
    heading, first, second = rows["heading_rad"].astype(float), rows["x_m"], rows["y_m"]
    if instant.frame is not None:
        second, first = instant.frame.to_geographic(first, second)
        heading = (np.pi / 2 - heading) % (2 * np.pi)
    rest = (rows[name].astype(float) for name in names)
    return np.column_stack([first, second, rows["z_m"].astype(float), heading, *rest])


def _names(mask: int, sources: list[str]) -> list[str]:
    return [name for slot, name in enumerate(sources) if mask >> slot & 1]


def fuse(
    recording: Annotated[
        str, typer.Argument(metavar="IN", help="Recording (JSON lines); - is standard input.")
    ],
    fused: Annotated[
        str, typer.Argument(metavar="OUT", help="Fused tracks; - is standard output.")
    ],
    tick: Annotated[
        str,
        typer.Option(
            "--tick",
            metavar="frames|MS",
            help="Publish at the frames' own event times, or every MS milliseconds.",
        ),
    ] = "frames",
) -> None:
    """Fuse a recording offline: no servers, all in memory, frames in the order of event time.

    Lines that cannot be used are named on standard error with number and reason. The exit status
    is 0 if at least one line could be read.
    """
    fusion = OfflineFusion(_tick_us(tick))
    with ExitStack() as stack:
        source = _opened(recording, stack)
        sink = _created(fused, recording, stack)
        try:
            _run(fusion, source, sink, _size(recording), live=fused == _PIPE)
        finally:
            errors.print(told(fusion.summary), markup=False, highlight=False, soft_wrap=True)
    if not fusion.summary.read:
        msg = f"no line of {recording} could be read; `station decode` turns messages into one"
        raise CommandError(msg)


def _tick_us(text: str) -> int | None:
    if text == "frames":
        return None
    if not text.isdecimal() or not 1 <= int(text) <= 3_600_000:
        msg = f"--tick {text}: write frames, or whole milliseconds such as 100"
        raise CommandError(msg, 2)
    return int(text) * 1000


def _opened(name: str, stack: ExitStack) -> BinaryIO:
    if name == _PIPE:
        return sys.stdin.buffer
    try:
        return stack.enter_context(Path(name).open("rb"))
    except OSError as error:
        msg = f"{name}: cannot be read ({error.strerror})"
        raise CommandError(msg) from error


def _created(name: str, recording: str, stack: ExitStack) -> BinaryIO:
    if name == _PIPE:
        return sys.stdout.buffer
    path = Path(name)
    try:
        if recording != _PIPE and path.exists() and path.samefile(recording):
            msg = f"{name}: IN and OUT are one file; name another"
            raise CommandError(msg)
        return stack.enter_context(path.open("wb"))
    except OSError as error:
        msg = f"{name}: cannot be written ({error.strerror})"
        raise CommandError(msg) from error


def _size(name: str) -> int | None:
    """Bytes to read; None for a pipe, which may have no end."""
    return Path(name).stat().st_size if name != _PIPE and Path(name).is_file() else None


def _run(
    fusion: OfflineFusion, source: BinaryIO, sink: BinaryIO, size: int | None, *, live: bool
) -> None:
    with _progress() as progress:
        task = progress.add_task("fusing", total=size)
        read = 0

        def counted() -> Iterator[bytes]:
            nonlocal read
            for number, line in enumerate(lines(source)):
                read += len(line)
                if number % _SHOW_EVERY == 0:
                    text = f"{number:,} lines, {fusion.summary.rows:,} rows"
                    progress.update(task, completed=read, description=text)
                yield line
            progress.update(task, completed=read)

        for found in fusion.run(counted()):
            if isinstance(found, Unused):
                errors.print(_said(found), markup=False, highlight=False, soft_wrap=True)
                continue
            sink.write(fused_lines(found))
            if live:  # who reads at the other end need not wait for a full buffer
                sink.flush()


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(),
        BarColumn(),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
        console=errors,
        disable=not errors.is_terminal,
        transient=True,
    )


def lines(source: BinaryIO) -> Iterator[bytes]:
    """Yield lines; of one longer than any decoder admits only the beginning is kept."""
    while line := source.readline(_LONGEST):
        yield line
        while not line.endswith(b"\n") and len(line) == _LONGEST:
            line = source.readline(_LONGEST)


def _said(unused: Unused) -> str:
    why = unused.detail or SENTENCES[unused.reason]
    return f"line {unused.line}: {unused.disposition.name} {unused.reason.value}: {why}"


def told(summary: Summary) -> str:
    """Give the counts of a run in one line."""
    uses = ", ".join(
        f"{summary.uses[use]:,} {use.name.lower()}" for use in Use if summary.uses[use]
    )
    refused = f", {summary.refused:,} objects without position" if summary.refused else ""
    fates = (Disposition.LATE, Disposition.DUPLICATE, Disposition.REJECTED)
    unused = ", ".join(f"{summary.unused[fate]:,} {fate.name.lower()}" for fate in fates)
    return (
        f"{summary.frames:,} frames, {summary.uses.total():,} observations ({uses or 'none'})"
        f"{refused}, {summary.tracks:,} tracks, {summary.rows:,} rows; lines not used: {unused}"
    )
