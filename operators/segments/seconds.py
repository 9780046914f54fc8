"""Which seconds are over: scenes of several cells come interleaved, and each cell's in tick order.

A cell whose last picture held something, or that somebody looked at, publishes the next tick too:
a second is closed when all such cells have shown its last tick and the newest tick of any cell is
a margin beyond it. The margin is for a cell that wakes, of which nobody knows that a picture is
due. When all cells sleep, what waits is closed a while after the last picture.

So what a second holds depends on the pictures alone, unless a cell is silent for longer than
`PATIENCE_US` or wakes later than the margin. What comes behind its closed second is counted.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from operators.account.records import SECOND_US
from operators.segments.scene import ENCODER, SCENES, Scene

MARGIN_US = 1_000_000
PATIENCE_US = 30_000_000  # of ticks; a cell that is so far behind holds nobody up
QUIET_US = 5_000_000  # of append time
_PREFIX = "scenes/"


class Progress(msgspec.Struct, array_like=True):
    """How far the cells of a key are.

    Parameters
    ----------
    cells
        Newest tick of each cell, and whether it is awake.
    closed_us
        End of the last closed second.
    heard_us
        When something was heard last, append time.
    late
        Objects that came behind their closed second and are not told yet.
    """

    cells: dict[str, tuple[int, bool]] = {}
    closed_us: int = 0
    heard_us: int = 0
    late: int = 0


class Seconds:
    """Seconds of one key at one wake.

    Parameters
    ----------
    progress
        Changed in place.
    entries
        Parts of the state; scenes that wait are in those that begin with ``scenes/``.
    tick_us
        Distance of ticks.
    row_size
        Bytes of a row of a scene.
    """

    def __init__(
        self, progress: Progress, entries: Mapping[str, bytes], tick_us: int, row_size: int
    ) -> None:
        self._progress = progress
        self._entries = entries
        self._tick_us = tick_us
        self._row_size = row_size
        self._waiting = sorted(name for name in entries if name.startswith(_PREFIX))
        self.changes: dict[str, bytes | None] = {}

    def take(self, told: Sequence[Scene], at_us: int) -> None:
        """Let scenes wait for the end of their second; repeats of a cell's tick are left out."""
        by_second: dict[int, list[Scene]] = {}
        for scene in sorted(told, key=lambda one: (one.tick_us, one.cell)):
            newest_us, _ = self._progress.cells.get(scene.cell, (-1, False))
            if scene.tick_us <= newest_us:
                continue
            self._progress.cells[scene.cell] = (scene.tick_us, scene.awake)
            if scene.tick_us < self._progress.closed_us:
                self._progress.late += len(scene.rows) // self._row_size
                continue
            second_us = scene.tick_us // SECOND_US * SECOND_US
            by_second.setdefault(second_us, []).append(scene)
        for second_us, scenes in by_second.items():
            name = f"{_PREFIX}{second_us:020d}/{at_us}"
            self.changes[name] = ENCODER.encode(scenes)
            self._waiting.append(name)
        if told:
            self._progress.heard_us = at_us

    def closed(self, at_us: int) -> Iterator[tuple[int, list[Scene]]]:
        """Seconds that are over, in their order, each with its scenes by tick and cell."""
        waiting: dict[int, list[str]] = {}
        for name in sorted(self._waiting):
            waiting.setdefault(int(name.split("/")[1]), []).append(name)
        for second_us, names in waiting.items():
            if not self._is_over(second_us + SECOND_US, at_us):
                return
            packed = [self.changes.get(name) or self._entries[name] for name in names]
            self.changes |= dict.fromkeys(names)
            self._progress.closed_us = second_us + SECOND_US
            scenes = [scene for one in packed for scene in SCENES.decode(one)]
            yield second_us, sorted(scenes, key=lambda one: (one.tick_us, one.cell))

    def over(self, at_us: int) -> bool:
        """Whether nothing is left to tell: all cells sleep, no scene waits, nothing was late."""
        waiting = any(self.changes.get(name, b"") is not None for name in self._waiting)
        return self.quiet(at_us) and not waiting and not self._progress.late

    def _is_over(self, end_us: int, at_us: int) -> bool:
        cells = self._progress.cells
        newest_us = max((tick_us for tick_us, _ in cells.values()), default=0)
        awake = [tick_us for tick_us, is_awake in cells.values() if is_awake]
        if not awake:
            return newest_us >= end_us + MARGIN_US or self.quiet(at_us)
        behind = min((t for t in awake if t >= newest_us - PATIENCE_US), default=newest_us)
        return newest_us >= end_us + MARGIN_US and behind >= end_us - self._tick_us

    def quiet(self, at_us: int) -> bool:
        """Whether all cells sleep and nothing has come for a while."""
        if any(is_awake for _, is_awake in self._progress.cells.values()):
            return False
        return at_us >= self._progress.heard_us + QUIET_US
