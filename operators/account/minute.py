"""The accounts of a cell's sources, minute by minute: quality and contribution.

They close by ticks and hold what was published, so a frame that comes late and rolls a cell back
is counted in the minute of the tick that took it, once.
"""

from collections.abc import Sequence

import msgspec
import numpy as np

from operators._typing import BoolArray, FloatArray, RecordArray
from operators.account.contribution import UNPROVEN, seen_by, shares_of, sums_of
from operators.account.facts import FRAME_ROW, Declared, Facts, facts_decoder
from operators.account.ghosts import Ghosts
from operators.account.observations import uses_of
from operators.account.quality import entry_of
from operators.account.tally import SourceTally
from operators.fuse.standing import STANDING, found_variance_m2
from operators.jit import KeyArray
from operators.parameters import Parameters
from operators.report import LINK_ROW, Report

MINUTE_US = 60_000_000
NOBODY = ""  # has the share of tracks that are only predicted
PROVEN_US = 10_000_000  # a source gets credit when its cell has known it for so long
_UNTOLD = bytes(STANDING.itemsize)
CERTAIN_PART = 0.95  # of a circle: at its rim nothing can be said about what is missed


class Minute(msgspec.Struct, array_like=True):
    """The open minute of one cell.

    Parameters
    ----------
    minute_us
        It covers ticks in ``(minute_us, minute_us + 1 min]``; 0 if nothing was counted yet.
    tallies
        By source; that of nobody has the share of tracks which nobody saw lately.
    ghosts
        Observations of tracks that are not confirmed yet.
    """

    minute_us: int = 0
    tallies: dict[str, SourceTally] = {}
    ghosts: Ghosts = msgspec.field(default_factory=Ghosts)

    def add(self, report: Report, shown: RecordArray, published: KeyArray, step_us: int) -> None:
        """Count one tick.

        Parameters
        ----------
        report
            What the cell said.
        shown : structured array of shape (n,), dtype `operators.track.TRACK_ROW`
            Tracks of which the cell published a row.
        published : ndarray, uint64
            Tracks that were in any picture so far.
        step_us
            Distance of ticks, microseconds.
        """
        tick_us = report.tick_us
        if not self.minute_us:
            self.minute_us = minute_of(tick_us)
        for source in (*report.live, *report.missing, *report.link_sources, *report.slots):
            if source not in self.tallies:
                self.tallies[source] = SourceTally(tick_us)
        if report.facts:
            self._take_facts(facts_decoder.decode(report.facts))
        self._take_frames(report)
        links = np.frombuffer(report.links, LINK_ROW)
        self._take_links(report.link_sources, links)
        self._share_out(report, shown, step_us / 1e6)
        self.ghosts.take(report, links, published)
        if report.facts:
            self._look(report, shown)
            for source, count in self.ghosts.settle(report):
                if source in self.tallies:
                    self.tallies[source].ghosts += count

    def _take_facts(self, facts: Facts) -> None:
        for source, row in zip(facts.slots, np.frombuffer(facts.standing, STANDING), strict=True):
            self.tallies[source].standing = row.tobytes()
        for source, declared in facts.declared.items():
            self.tallies[source].declared = declared
            self.tallies[source].echo = source in facts.echoes

    def _take_frames(self, report: Report) -> None:
        for k, *frame in np.frombuffer(report.frames, FRAME_ROW).tolist():
            self.tallies[report.link_sources[k]].take_frame(*frame)

    def _take_links(self, sources: Sequence[str], links: RecordArray) -> None:
        n, of = len(sources), links["source_index"].astype(np.int64)
        uses = uses_of(links, n)
        known = np.isfinite(links["residual"])
        numbers = np.bincount(of[known], minlength=n)
        sums = np.bincount(of[known], links["residual"][known], minlength=n)
        told = zip(sources, uses.tolist(), numbers.tolist(), sums.tolist(), strict=True)
        for source, *counts in told:
            self.tallies[source].take_links(*counts)

    def _share_out(self, report: Report, shown: RecordArray, step_s: float) -> None:
        """Share the track-seconds of one tick out among the sources."""
        if not len(shown):
            return
        tallies = [self.tallies[source] for source in report.slots]
        seen = seen_by(shown["sources"], len(tallies))
        information = information_of(tallies, report.tick_us)
        shares, exclusive = shares_of(seen, information, owners_of(report.slots, tallies))
        *sums, unseen = sums_of(seen, shares, exclusive)
        told = zip(tallies, *(made.tolist() for made in sums), strict=True)
        for tally, seen_n, share, alone in told:
            tally.seen_s += step_s * seen_n
            tally.share_s += step_s * share
            tally.exclusive_s += step_s * alone
        if unseen:
            nobody = self.tallies.setdefault(NOBODY, SourceTally(report.tick_us))
            nobody.seen_s += step_s * unseen
            nobody.share_s += step_s * unseen

    def _look(self, report: Report, shown: RecordArray) -> None:
        """Sample what sources see of the tracks in their views that others see."""
        for slot, source in enumerate(report.slots):
            tally = self.tallies[source]
            declared = tally.declared
            if declared is None or not declared.looks or not tally.looks_at(report.tick_us):
                continue
            bit = np.uint64(1) << np.uint64(slot)
            others = (shown["sources"] & ~bit) != 0
            known = others & is_inside(declared, shown)
            tally.looks += int(np.count_nonzero(known))
            tally.hits += int(np.count_nonzero(known & ((shown["sources"] & bit) != 0)))

    def is_over(self, tick_us: int) -> bool:
        """True if there is something to tell and its minute has passed."""
        return bool(self.tallies) and tick_us >= self.minute_us + MINUTE_US

    def record(self, cell: int, cell_key: str, parameters: Parameters) -> dict[str, object]:
        """The minute as a record of ``source.quality``."""
        return {
            "cell": cell,
            "cell_key": cell_key,
            "minute_us": self.minute_us,
            "station_id": parameters.station_id,
            "run_id": parameters.run_id,
            "entries": [
                entry_of(source, tally, self._lasted_s(tally))
                for source, tally in sorted(self.tallies.items())
                if tally.has_something
            ],
        }

    def _lasted_s(self, tally: SourceTally) -> float:
        """How long the cell knew a source in this minute, seconds."""
        return (self.minute_us + MINUTE_US - max(self.minute_us, tally.since_us)) / 1e6

    def following(self, report: Report | None) -> "Minute":
        """The next minute, with what goes on: nothing without a report, in a cell asleep."""
        if report is None:
            return Minute()
        tallies = {
            source: self.tallies[source].next_minute(self._lasted_s(self.tallies[source]))
            for source in (*report.live, *report.missing)
        }
        return Minute(self.minute_us + MINUTE_US, tallies, self.ghosts)


def information_of(tallies: Sequence[SourceTally], tick_us: int) -> FloatArray:
    """Information of an observation of each source, 1/m², next to none until it is proven."""
    packed = b"".join(tally.standing or _UNTOLD for tally in tallies)
    standing = np.frombuffer(packed, STANDING)
    made: FloatArray = 1.0 / found_variance_m2(standing)
    made[[tally.echo or tick_us - tally.since_us < PROVEN_US for tally in tallies]] *= UNPROVEN
    return made


def owners_of(slots: Sequence[str], tallies: Sequence[SourceTally]) -> list[str]:
    """Owner of each slot's source; one without is its own."""
    owners = (tally.declared.owner if tally.declared else "" for tally in tallies)
    return [f"owner {o}" if o else f"source {s}" for s, o in zip(slots, owners, strict=True)]


def is_inside(declared: Declared, rows: RecordArray) -> BoolArray:
    """Which tracks are certainly in a source's view; shape of `rows`."""
    dx, dy = rows["x_m"] - declared.x_m, rows["y_m"] - declared.y_m
    inside: BoolArray = dx * dx + dy * dy < (CERTAIN_PART * declared.radius_m) ** 2
    return inside


def minute_of(tick_us: int) -> int:
    """Start of the minute ``(m, m + 1 min]`` that contains a tick, microseconds."""
    return (tick_us - 1) // MINUTE_US * MINUTE_US
