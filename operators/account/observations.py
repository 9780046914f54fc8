"""The observation ledger of a cell: what became of each observation, by source and second."""

import msgspec
import numpy as np

from operators._typing import IntArray, RecordArray
from operators.account.records import SECOND_US, second_of
from operators.parameters import Parameters
from operators.reasons import Use

_USES = max(Use) + 1


def uses_of(links: RecordArray, n_sources: int) -> IntArray:
    """Number of observations by source and use, shape (n_sources, 1 + the last `Use`).

    Parameters
    ----------
    links : structured array of shape (n,), dtype `operators.report.LINK_ROW`
    n_sources
        Sources that they may be of.
    """
    codes = links["source_index"] * np.int64(_USES) + links["use"]
    return np.bincount(codes, minlength=n_sources * _USES).reshape(n_sources, _USES)


class ObservationLedger(msgspec.Struct, array_like=True):
    """The open second of one cell.

    Parameters
    ----------
    second_us
        The ledger covers ticks in ``(second_us, second_us + 1 s]``.
    counts
        Observations by source and use.
    """

    second_us: int = 0
    counts: dict[tuple[str, int], int] = {}

    def add(self, links: RecordArray, sources: list[str], tick_us: int) -> None:
        """Count the links of one tick, dtype `operators.report.LINK_ROW`."""
        if not self.counts:
            self.second_us = second_of(tick_us)
        counted = uses_of(links, len(sources))
        for at, use in np.argwhere(counted).tolist():
            key = (sources[at], use)
            self.counts[key] = self.counts.get(key, 0) + int(counted[at, use])

    def is_over(self, tick_us: int) -> bool:
        """True if there is something to tell and its second has passed."""
        return bool(self.counts) and tick_us >= self.second_us + SECOND_US

    def record(self, cell: int, cell_key: str, parameters: Parameters) -> dict[str, object]:
        """The ledger as a record of ``ledger.observations``."""
        return {
            "cell": cell,
            "cell_key": cell_key,
            "second_us": self.second_us,
            "station_id": parameters.station_id,
            "run_id": parameters.run_id,
            "entries": [
                {"source_id": source, "use": Use(use).name, "observations": count}
                for (source, use), count in sorted(self.counts.items())
            ],
        }
