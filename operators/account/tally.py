"""What one source did in one minute, in numbers that only need adding."""

import math
from collections.abc import Iterable

import msgspec
import numpy as np

from operators.account.facts import Declared
from operators.frame import FrameFlag
from operators.fuse.standing import STANDING

BIN_US = 10_000  # of delays
NEVER = -(2**62)
LOOKS_US = 350_000  # three periods of a sensor of 10 Hz
Q = tuple[float, float, float, float]


class SourceTally(msgspec.Struct, array_like=True):
    """One source in the open minute of one cell.

    Parameters
    ----------
    since_us
        Tick at which the cell first heard it, this minute or before.
    last_event_us
        Event time of its last frame.
    steps
        How often its clock or pose had jumped when the minute began.
    declared
        What its entry says; None if nothing was told.
    standing
        Packed row of `operators.fuse.standing.STANDING`; empty if nothing was told.
    echo
        It sends back what was published.
    usual_hz
        Most instants a second that it sent in a minute lately; 0 in its first.
    frames, instants, corrected, observations
        Frames, distinct event times, frames whose clock the front set right, owned observations.
    delays
        Frames by receive time minus event time, in bins of 10 ms.
    uses
        Owned observations by `operators.reasons.Use`.
    ghosts
        Used observations of tracks that died without being confirmed.
    residuals, residual_sum
        Number and sum of the squared distances of used observations.
    looks, hits
        Tracks in its view that others saw, sampled once a second; those that it saw too.
    seen_s, share_s, exclusive_s
        Track-seconds: of tracks that it saw, its information share of them, its share of those
        that nobody else saw.
    """

    since_us: int
    last_event_us: int = NEVER
    steps: int = 0
    declared: Declared | None = None
    standing: bytes = b""
    echo: bool = False
    usual_hz: float = 0.0
    frames: int = 0
    instants: int = 0
    corrected: int = 0
    observations: int = 0
    delays: dict[int, int] = {}
    uses: dict[int, int] = {}
    ghosts: int = 0
    residuals: int = 0
    residual_sum: float = 0.0
    looks: int = 0
    hits: int = 0
    seen_s: float = 0.0
    share_s: float = 0.0
    exclusive_s: float = 0.0

    def take_frame(self, flags: int, event_us: int, receive_us: int, observations: int) -> None:
        """Count one frame; those of one tick in the order of their event times."""
        self.frames += 1
        self.instants += event_us != self.last_event_us
        self.last_event_us = event_us
        self.corrected += flags & FrameFlag.CLOCK_CORRECTED != 0
        self.observations += observations
        place = (receive_us - event_us) // BIN_US
        self.delays[place] = self.delays.get(place, 0) + 1

    def take_links(self, uses: Iterable[int], residuals: int, residual_sum: float) -> None:
        """Count the links of one tick: observations by use, known residuals and their sum."""
        for use, count in enumerate(uses):
            if count:
                self.uses[use] = self.uses.get(use, 0) + count
        self.residuals += residuals
        self.residual_sum += residual_sum

    def delay_s(self) -> Q:
        """Mean, median, 95th percentile and standard deviation of the delays; NaN if none."""
        if not self.delays:
            return math.nan, math.nan, math.nan, math.nan
        places = np.array(sorted(self.delays))
        counts = np.array([self.delays[place] for place in places.tolist()])
        middle_s = (places + 0.5) * BIN_US / 1e6
        mean_s = float(np.average(middle_s, weights=counts))
        spread_s = math.sqrt(float(np.average((middle_s - mean_s) ** 2, weights=counts)))
        until = np.cumsum(counts)
        median_s, late_s = (
            float(middle_s[int(np.searchsorted(until, share * until[-1]))]) for share in (0.5, 0.95)
        )
        return mean_s, median_s, late_s, spread_s

    @property
    def has_something(self) -> bool:
        """False for a source that only has a slot from long ago."""
        return bool(self.frames or self.seen_s or self.last_event_us > NEVER)

    def looks_at(self, tick_us: int) -> bool:
        """Whether the source looks at a tick: not if more than a frame of it is missing."""
        rate_hz = self.declared.nominal_rate_hz if self.declared else math.nan
        period_us = 1.5e6 / rate_hz if rate_hz > 0.0 else 0.0
        return tick_us - self.last_event_us <= max(LOOKS_US, period_us)

    def known(self) -> np.void | None:
        """What its cell knows of it, dtype `STANDING`; None if nothing."""
        return np.frombuffer(self.standing, STANDING)[0] if self.standing else None

    def next_minute(self, lasted_s: float) -> "SourceTally":
        """What goes on into the next minute, when this one had it for so long."""
        known = self.known()
        return SourceTally(
            self.since_us,
            self.last_event_us,
            0 if known is None else int(known["steps"]),
            self.declared,
            self.standing,
            self.echo,
            max(self.instants / max(lasted_s, 1e-6), 0.9 * self.usual_hz),
        )
