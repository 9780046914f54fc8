"""Sources that send the station's own output back to it: they repeat what was published.

What comes back under the station's name is refused when it is read. Stripped of that, its places
still are those of pictures, to the rounding of a message. No sensor hits them so: what it says of
something that moves is off by its noise, and a place published before is one that the thing has
left. What a source repeats is no evidence, so it is held back as long as it does.
"""

from collections.abc import Sequence

import msgspec
import numpy as np

from operators._typing import RecordArray
from operators.frame import Frame
from operators.intake import Refused, refused_as
from operators.jit import compiled
from operators.reasons import Use

KEPT_US = 3_000_000  # pictures that come back are looked for: the acceptance bound and a second
MOST_PLACES = 64  # of one picture; a source that sends pictures back sends all of it
MOST_TESTED = 16  # observations of a frame
LEAST_SPEED_MPS = 1.0
EQUAL_M = 0.02  # 1e-7 degrees are 11 mm
NEAR_M = 5.0  # an observation with nothing published about it tells nothing
FEWEST, MOST = 12.0, 200.0  # tested observations that make a case, and that are remembered
REPEATS, CLEARED = 0.5, 0.25  # shares of them
# Where a track was shown at a tick, and which slots had seen it.
PLACE = np.dtype([("tick_us", "<i8"), ("x_m", "<f4"), ("y_m", "<f4"), ("sources", "<u8")])


class Suspect(msgspec.Struct, array_like=True):
    """How many observations of a source were tested and found published; whether it repeats."""

    tested: float = 0.0
    found: float = 0.0
    repeats: bool = False


class Echoes(msgspec.Struct, array_like=True):
    """What a cell showed lately, packed `PLACE`, and who may be sending it back."""

    shown: bytes = b""
    suspects: dict[str, Suspect] = {}

    def named(self) -> list[str]:
        """Sources that repeat what was published."""
        return sorted(source for source, one in self.suspects.items() if one.repeats)

    def hold_back(self, frames: Sequence[Frame]) -> tuple[list[Frame], Refused]:
        """Frames of those who do not, and the others with their links."""
        named = self.named()
        held = [frame for frame in frames if frame.source_id in named]
        kept = [frame for frame in frames if frame.source_id not in named] if held else [*frames]
        return kept, refused_as(Use.QUARANTINED, held)

    def judge(self, frames: Sequence[Frame], slots: Sequence[str], cut_us: int) -> None:
        """Compare one frame of each source with what was shown before it was received."""
        places = np.frombuffer(self.shown, PLACE)
        for source_id, frame in {frame.source_id: frame for frame in frames}.items():
            own = np.uint64(1 << slots.index(source_id)) if source_id in slots else np.uint64(0)
            until_us = frame.receive_time_us - cut_us
            near, equal = _compared(frame.observations, places, until_us, own)
            if near:
                _learn(self.suspects.setdefault(source_id, Suspect()), near, equal)

    def note(self, tick_us: int, rows: RecordArray, sources: Sequence[str]) -> None:
        """Remember what is shown at a tick, and nobody who is silent.

        Parameters
        ----------
        rows : structured array of shape (n,), dtype `operators.track.TRACK_ROW`
        sources
            Ids of those heard in the last minute.
        """
        moving = np.hypot(rows["vx_mps"], rows["vy_mps"]) > LEAST_SPEED_MPS
        chosen = np.flatnonzero(moving & (rows["confirmed"] == 1))[:MOST_PLACES]
        made = np.zeros(len(chosen), PLACE)
        made["tick_us"] = tick_us
        for name in ("x_m", "y_m", "sources"):
            made[name] = rows[name][chosen]
        places = np.frombuffer(self.shown, PLACE)  # in the order of their ticks
        old = int(np.count_nonzero(places["tick_us"] <= tick_us - KEPT_US))
        self.shown = self.shown[old * PLACE.itemsize :] + made.tobytes()
        if self.suspects:
            self.suspects = {s: one for s, one in self.suspects.items() if s in sources}


@compiled
def _compared(
    observations: RecordArray, places: RecordArray, until_us: int, own: np.uint64
) -> tuple[int, int]:
    """How many observations are near what others were shown at, and how many just there."""
    near, equal = 0, 0
    for k in range(min(len(observations), MOST_TESTED)):
        seen = observations[k]
        least_m2 = np.inf
        for place in places:
            if place.tick_us <= until_us and place.sources & ~own != np.uint64(0):
                dx, dy = seen.x_m - place.x_m, seen.y_m - place.y_m
                least_m2 = min(least_m2, dx * dx + dy * dy)
        near += least_m2 < NEAR_M * NEAR_M
        equal += least_m2 < EQUAL_M * EQUAL_M
    return near, equal


def _learn(one: Suspect, near: int, equal: int) -> None:
    one.tested += near
    one.found += equal
    if one.tested > MOST:
        one.tested, one.found = 0.5 * one.tested, 0.5 * one.found
    if one.tested >= FEWEST:
        least = CLEARED if one.repeats else REPEATS
        one.repeats = one.found > least * one.tested
