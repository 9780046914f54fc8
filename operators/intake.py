"""How much a cell takes at one tick, so that nothing sent to it makes it grow without bound.

A cell keeps the frames of the acceptance bound to be able to roll back. What exceeds the bound of a
tick is not kept and not fused; its observations end as OVERFLOW and are counted.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from operators._typing import RecordArray
from operators.frame import Frame
from operators.reasons import Use
from operators.track import LINK

Refused = list[tuple[Frame, RecordArray]]


def admit(frames: Sequence[Frame], most: int) -> tuple[list[Frame], Refused]:
    """Frames of one tick as far as a cell takes them.

    Who sends little comes first: frames are admitted by how much their source has sent up to and
    with them, so that a source that floods a cell crowds out itself.

    Parameters
    ----------
    frames
        In the order in which they are taken.
    most
        Observations that are taken at the most.

    Returns
    -------
    admitted
        In the order given.
    refused
        The other frames with a `operators.track.LINK` for each observation.
    """
    if sum(len(frame.observations) for frame in frames) <= most:
        return list(frames), []
    sent: Counter[str] = Counter()
    ranked = []
    for number, frame in enumerate(frames):
        sent[frame.source_id] += len(frame.observations)
        ranked.append((sent[frame.source_id], number))
    room, taken = most, set()
    for _, number in sorted(ranked):
        size = len(frames[number].observations)
        if size <= room:
            room -= size
            taken.add(number)
    admitted = [frame for number, frame in enumerate(frames) if number in taken]
    refused = [frame for number, frame in enumerate(frames) if number not in taken]
    return admitted, refused_as(Use.OVERFLOW, refused)


def refused_as(use: Use, frames: Sequence[Frame]) -> Refused:
    """Frames that are not fused, with links of one use."""
    refused = []
    for frame in frames:
        links = np.zeros(len(frame.observations), LINK)
        links["use"], links["residual"] = use, np.nan
        refused.append((frame, links))
    return refused
