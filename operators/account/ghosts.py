"""Observations of tracks that nobody has confirmed: of ghosts, if the track dies as it is."""

from collections.abc import Iterator

import msgspec
import numpy as np

from operators._typing import RecordArray
from operators.jit import KeyArray
from operators.key_sets import among
from operators.reasons import Use
from operators.report import Report
from operators.track import TRACK_ROW

# A track that got nothing for so long will not be confirmed: a source of 1 Hz missed it twice.
PATIENCE_US = 2_000_000
_USED, _BIRTH = int(Use.USED), int(Use.BIRTH)


class Doubtful(msgspec.Struct, array_like=True):
    """One track: tick of its last observation, and observations by source."""

    tick_us: int
    observations: dict[str, int]


class Ghosts(msgspec.Struct, array_like=True):
    """Tracks in doubt, by the cell's own id."""

    doubtful: dict[int, Doubtful] = {}

    def take(self, report: Report, links: RecordArray, published: KeyArray) -> None:
        """Note the observations of one tick.

        Parameters
        ----------
        report
            What the cell said.
        links : structured array, dtype `operators.report.LINK_ROW`
            Its links.
        published : ndarray, uint64
            Tracks that were in a picture, ascending.
        """
        linked = (links["use"] == _USED) | (links["use"] == _BIRTH)
        unsure = links.compress(linked & ~among(links["track_id"], published))
        if not len(unsure):
            return
        rows = np.frombuffer(report.rows, TRACK_ROW)
        sure = np.sort(rows["track_id"][rows["confirmed"] == 1])
        unsure = unsure.compress(~among(unsure["track_id"], sure))
        for track_id, index in zip(
            unsure["track_id"].tolist(), unsure["source_index"].tolist(), strict=True
        ):
            held = self.doubtful.setdefault(track_id, Doubtful(0, {}))
            held.tick_us = report.tick_us
            source = report.link_sources[index]
            held.observations[source] = held.observations.get(source, 0) + 1

    def settle(self, report: Report) -> Iterator[tuple[str, int]]:
        """Take out who is confirmed by now or gone; source and observations of the latter."""
        rows = np.frombuffer(report.rows, TRACK_ROW)
        for track_id in rows["track_id"][rows["confirmed"] == 1].tolist():
            self.doubtful.pop(track_id, None)
        late_us = report.tick_us - PATIENCE_US
        for track_id in [t for t, held in self.doubtful.items() if held.tick_us < late_us]:
            yield from self.doubtful.pop(track_id).observations.items()
