"""What became of a tick's observations, as rows of a report."""

import numpy as np

from operators._typing import RecordArray
from operators.continuity import Done
from operators.jit import compiled
from operators.report import LINK_ROW


def link_rows(taken: Done) -> tuple[RecordArray, list[str], list[str]]:
    """Links of the observations that the cell owns, with tables of their sources and topics.

    Parameters
    ----------
    taken
        Frames, each with one `operators.track.LINK` for each observation.

    Returns
    -------
    links : structured array of shape (n,), dtype `LINK_ROW`
        In the order of the frames.
    sources, topics
        Tables that the links point to.
    """
    sources = sorted({frame.source_id for frame, _ in taken})
    topics = sorted({frame.topic for frame, _ in taken})
    made, size = np.zeros(sum(len(links) for _, links in taken), LINK_ROW), 0
    for frame, links in taken:
        where = sources.index(frame.source_id), topics.index(frame.topic)
        record = frame.partition, frame.offset, frame.event_time_us
        size = _fill(made, size, frame.observations, links, where, record)
    return made[:size], sources, topics


@compiled
def _fill(
    made: RecordArray,
    size: int,
    observations: RecordArray,
    links: RecordArray,
    where: tuple[int, int],
    record: tuple[int, int, int],
) -> int:
    """Write the rows of one frame behind the first `size`; the new size."""
    for k in range(len(links)):
        seen, link = observations[k], links[k]
        if seen.owned != 1:
            continue
        row = made[size]
        row.track_id, row.use = link.track_id, link.use
        row.residual, row.weight = link.residual, link.weight
        row.source_index, row.topic_index = where
        row.partition, row.offset = record[0], record[1]
        row.index = seen.index
        row.event_time_us = record[2] + seen.time_offset_us
        size += 1
    return size
