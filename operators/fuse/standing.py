"""What a cell knows of each of its sources, for their quality records and their credit."""

import numpy as np

from operators._typing import FloatArray, RecordArray
from operators.fuse.state import N_SOURCES, TrackerState
from operators.register.anchors import carried_variance
from operators.register.quality import QUALITY_ROW, quality_rows

# One source of a cell: what the registration says of it, and what its innovations do.
STANDING = np.dtype(
    [
        *((name, QUALITY_ROW[name].str) for name in QUALITY_ROW.names or ()),
        ("detection", "<f8"),  # probability that a frame contains what it saw lately
        ("noise_factor", "<f8"),  # its squared errors over those that it declares
        ("noise_m2", "<f8"),  # variance an axis of its errors from frame to frame, as found
        ("lasting_m2", "<f8"),  # variance an axis of errors that last
        ("declares", "u1"),  # it says how accurate it is
    ]
)
# Errors that last only others see, and who claims too much makes others seem to have them: a box's
# middle is taken to be off by so much, and by more if the differences between sources say so.
LEAST_LASTING_M2 = 0.2**2
FEWEST_DIFFERENCES = 20.0


def standings(state: TrackerState) -> RecordArray:
    """One row for each source slot in use.

    Returns
    -------
    structured array of shape (n_sources,), dtype `STANDING`
    """
    n = int(state.counts[N_SOURCES])
    sources = state.sources[:n]
    told = quality_rows(state.registry, n, carried_variance(sources))
    made = np.zeros(n, STANDING)
    for name in QUALITY_ROW.names or ():
        made[name] = told[name]
    for name in ("detection", "lasting_m2"):
        made[name] = sources[name]
    seen_often = sources["white_count"] >= FEWEST_DIFFERENCES
    found = np.maximum(np.where(seen_often, sources["white_m2"], sources["noise_found"]), 0.0)
    claimed = np.where(seen_often, sources["white_claimed_m2"], sources["noise_claimed"])
    made["noise_m2"], made["noise_factor"] = 0.5 * found, found / claimed
    made["declares"] = sources["least_lasting_m2"] == 0.0
    return made


def found_variance_m2(standing: RecordArray) -> FloatArray:
    """Variance an axis of each source's observations as its own data tell it.

    Parameters
    ----------
    standing : structured array of shape (n,), dtype `STANDING`

    Returns
    -------
    ndarray of shape (n,)
        What a source declares is not in it.
    """
    lasting = np.maximum(standing["lasting_m2"], LEAST_LASTING_M2)
    found: FloatArray = standing["noise_m2"] + lasting
    return found
