"""Fuse a Recording offline: lines in, the fused tracks of each instant out, in bounded memory.

A recording is one place (`operators.site`). Frames are taken in the order of `Frame.order`, with
hindsight: a line waits until no acceptable line can come before it in event time. So rows do not
depend on when a frame was received, if that was within the acceptance bound.

With ticks the rows are those of `operators.pipeline` over the same `local` frames, if each frame
was received at its event time. They differ where

* frames were received later: a picture is closed at its cut, here it waits for all its frames;
* the front corrects a source's clock, limits its rate, or has its entry (kind, coverage); here
  event times are taken as the recording tells them, and nothing else is known of a source;
* a source tells velocities of zero alone, which are taken here as unknown;
* frames are `wgs84`: the pipeline fuses in H3 cells, each in a local frame of its own;
* receive times have parts of a millisecond, which the broker cuts off (lateness only).
"""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from itertools import groupby
from typing import Annotated

import msgspec
import numpy as np

from operators import tracker as default_tracker
from operators._typing import RecordArray
from operators.cell import Tracker
from operators.decode.json_text import read_json
from operators.decode.registry import FORMATS, RAW_ROADSIDE, decode
from operators.errors import DecodeError
from operators.frame import Frame
from operators.parameters import Parameters
from operators.reasons import Disposition, Reason, Use
from operators.site import Site
from operators.sources import SourceEntry
from operators.transform.cells import LocalFrame
from operators.transform.place import Stamp, place

FORMAT = "recording.json"
FOREVER_US = 2**62
_FORGOTTEN_US = 600_000_000  # no track is hidden for so long and comes back
_Order = tuple[int, str, int, str, int, int]  # as `Frame.order`
# Every line is placed in the one frame of the recording, whoever sent it.
_ENTRY = SourceEntry(source_id="recording", kind="roadside", frame="local")


class _Head(msgspec.Struct):
    receive_time_us: Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999_999)] | None = None


_HEAD = msgspec.json.Decoder(_Head)


@dataclass(frozen=True, slots=True)
class Instant:
    """What a picture would show at one instant.

    Parameters
    ----------
    at_us
        UTC microseconds.
    rows : structured array of shape (n,), dtype `operators.track.TRACK_ROW`
        Confirmed tracks, in order of birth; n > 0.
    sources
        Source id of each slot of ``rows["sources"]``.
    frame
        What x and y are relative to; None for those of a local recording.
    """

    at_us: int
    rows: RecordArray
    sources: list[str]
    frame: LocalFrame | None


@dataclass(frozen=True, slots=True)
class Unused:
    """A line that was not taken: its number (from 1), fate, reason and what was found."""

    line: int
    disposition: Disposition
    reason: Reason
    detail: str


@dataclass(slots=True)
class Summary:
    """Counts of a run; ``lines = frames + sum(unused)`` at its end.

    Parameters
    ----------
    lines, frames
        Lines with content; source frames taken.
    unused
        Lines not taken, by fate.
    uses
        Observations of the frames, by use.
    refused
        Objects without a position in frames that were taken.
    tracks, rows
        Distinct tracks and rows published.
    """

    lines: int = 0
    frames: int = 0
    unused: Counter[Disposition] = field(default_factory=Counter)
    uses: Counter[Use] = field(default_factory=Counter)
    refused: int = 0
    tracks: int = 0
    rows: int = 0

    @property
    def read(self) -> int:
        """Lines that could be read, used or not."""
        return self.lines - self.unused[Disposition.REJECTED]


class OfflineFusion:
    """One run over one recording.

    Parameters
    ----------
    tick_us
        Distance of the instants that are published; None for each event time of a frame.
    parameters
        Of the run; `tick_us` takes the place of theirs.
    tracker
        What associates and fuses.
    """

    def __init__(
        self,
        tick_us: int | None = None,
        parameters: Parameters | None = None,
        tracker: Tracker = default_tracker,
    ) -> None:
        chosen = parameters or Parameters()
        if tick_us is not None:
            # There are no slices here; any tick of whole milliseconds will do.
            chosen = replace(chosen, tick_us=tick_us, slice_us=1000)
        self.summary = Summary()
        self._parameters = chosen
        self._tracker = tracker
        self._publish = self._by_frames if tick_us is None else self._by_ticks
        self._state = tracker.empty()
        self._site = Site()
        self._waiting: list[_Order] = []  # a heap
        self._frames: dict[_Order, Frame] = {}
        self._known: set[tuple[int, str, int]] = set()
        self._newest_us = 0  # receive time
        self._taken_us = 0  # frames of an earlier event time have been taken
        self._input_us = 0
        self._next_us: int | None = None  # tick
        self._shown: dict[int, int] = {}

    def run(self, lines: Iterable[bytes]) -> Iterator[Instant | Unused]:
        """Take lines in order of receive time; what they give as soon as it is certain.

        Blank lines are passed over. A line without a receive time was received at its event time.
        """
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            self.summary.lines += 1
            unused = self._admit(number, line)
            if unused is not None:
                self.summary.unused[unused.disposition] += 1
                yield unused
                continue
            yield from self._take_until(self._newest_us - self._parameters.acceptance_us)
        yield from self._take_until(FOREVER_US)

    def _admit(self, number: int, line: bytes) -> Unused | None:
        """Let the frame of a line wait; what is wrong with it if it cannot be used."""
        try:
            frame, refused = self._read(number, line)
        except DecodeError as error:
            return Unused(number, Disposition.REJECTED, error.reason, error.detail)
        event_us, age_us = frame.event_time_us, frame.receive_time_us - frame.event_time_us
        seconds = f"received {age_us / 1e6:+.3f} s after its event time"
        if age_us > self._parameters.acceptance_us:
            return Unused(number, Disposition.LATE, Reason.TOO_OLD, seconds)
        if -age_us > self._parameters.future_us:
            return Unused(number, Disposition.LATE, Reason.FUTURE, seconds)
        if event_us < self._taken_us:
            behind = (self._newest_us - frame.receive_time_us) / 1e6
            detail = f"received {behind:.3f} s before a line above: not in order of receive time"
            return Unused(number, Disposition.LATE, Reason.BEHIND_WATERMARK, detail)
        # Who repeats a line repeats its event time: it meets the first one here, or is late.
        name = frame.order[:3]
        if name in self._known:
            return Unused(number, Disposition.DUPLICATE, Reason.REPEATED, "")
        self._known.add(name)
        self._frames[frame.order] = frame
        heapq.heappush(self._waiting, frame.order)
        self._newest_us = max(self._newest_us, frame.receive_time_us)
        self.summary.refused += refused
        return None

    def _read(self, number: int, line: bytes) -> tuple[Frame, int]:
        """Frame of a line, and the number of its objects without a position."""
        (decoded,) = decode(FORMAT, line, 0).frames
        event_us = decoded.event_time_us
        if event_us is None:
            raise DecodeError(Reason.NO_TIME)
        received_us = read_json(_HEAD, line).receive_time_us
        stamp = Stamp(
            source_id=decoded.source_id or _ENTRY.source_id,
            kind=int(FORMATS[FORMAT].kind),
            event_time_us=event_us,
            receive_time_us=event_us if received_us is None else received_us,
            topic=RAW_ROADSIDE,
            partition=0,
            offset=number,
            payload_hash=int.from_bytes(blake2b(line.strip(), digest_size=8).digest(), "little"),
            flags=decoded.flags,
        )
        ((_, frame),) = place(self._site.take(decoded), stamp, _ENTRY, self._parameters)
        return frame, decoded.refused

    def _take_until(self, bound_us: int) -> Iterator[Instant]:
        """Take the frames before an event time."""
        frames = []
        while self._waiting and self._waiting[0][0] < bound_us:
            order = heapq.heappop(self._waiting)
            self._known.remove(order[:3])
            frames.append(self._frames.pop(order))
        self._taken_us = max(self._taken_us, bound_us)
        yield from self._publish(frames, bound_us)

    def _by_frames(self, frames: list[Frame], bound_us: int) -> Iterator[Instant]:
        for at_us, group in groupby(frames, key=lambda f: f.event_time_us):
            quiet = at_us - self._input_us > self._parameters.quiet_us
            if quiet and not len(self._tracker.rows(self._state, at_us)):
                self._state = self._tracker.empty()
            self._advance(group, at_us)
            yield from self._show(self._tracker.rows(self._state, at_us), at_us)

    def _by_ticks(self, frames: list[Frame], bound_us: int) -> Iterator[Instant]:
        tick_us = self._parameters.tick_us
        for tick, group in groupby(frames, key=lambda f: -(-f.event_time_us // tick_us) * tick_us):
            yield from self._ticks_until(tick)
            self._next_us = tick
            self._advance(group, tick)
        yield from self._ticks_until(bound_us)

    def _ticks_until(self, limit_us: int) -> Iterator[Instant]:
        """Publish the ticks before an instant, until the place is quiet, as a cell does."""
        while self._next_us is not None and self._next_us < limit_us:
            at_us = self._next_us
            rows = self._tracker.rows(self._state, at_us)
            yield from self._show(rows, at_us)
            self._next_us = at_us + self._parameters.tick_us
            if not len(rows) and at_us - self._input_us > self._parameters.quiet_us:
                self._state, self._next_us = self._tracker.empty(), None

    def _advance(self, frames: Iterable[Frame], at_us: int) -> None:
        self._input_us = at_us
        for frame in frames:
            known = self._site.doubt(frame)
            links = self._tracker.advance(self._state, known, self._parameters)
            self.summary.frames += 1
            for use, count in zip(*np.unique(links["use"], return_counts=True), strict=True):
                self.summary.uses[Use(int(use))] += int(count)

    def _show(self, rows: RecordArray, at_us: int) -> Iterator[Instant]:
        shown = rows[rows["confirmed"] == 1]
        if not len(shown):
            return
        shown["x_m"] += self._site.middle_m[0]
        shown["y_m"] += self._site.middle_m[1]
        ids = shown["track_id"].tolist()
        self.summary.tracks += sum(track_id not in self._shown for track_id in ids)
        self.summary.rows += len(ids)
        for track_id in ids:  # the one seen last goes to the end
            self._shown.pop(track_id, None)
            self._shown[track_id] = at_us
        while at_us - next(iter(self._shown.values())) > _FORGOTTEN_US:
            del self._shown[next(iter(self._shown))]
        yield Instant(at_us, shown, self._tracker.sources_of(self._state), self._site.frame)
