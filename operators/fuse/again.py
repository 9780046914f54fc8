"""Frames that a source sends again under another stamp.

A link that repeats what it holds, or a unit that freezes, sends the places of an instant once more
as if they were those of now. One place may be told twice by chance, since senders round, and what
stands is where it was. That a whole frame falls on one before, to the last digit, with two
or more moving things in it, is no chance: nothing of it is news. Nobody looked, so it is no miss
either, and what it told when it was new stays as it is.
"""

import numpy as np

from operators._typing import FloatArray, IntArray
from operators.fuse.repeats import MOVING_MPS
from operators.fuse.state import FRAMES
from operators.gaussian import OX, OY, VX, VY
from operators.jit import Record, compiled

FEWEST_MOVERS = 2
# An odd number without a pattern: 2^64 over the golden ratio (Knuth, volume 3, 6.4).
_MIX = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)


@compiled
def forget_frames(source: Record) -> None:
    """Let a source have sent nothing yet."""
    for k in range(FRAMES):
        source.frame_digest[k] = np.uint64(0)
        source.frame_movers[k] = 0


@compiled
def digest_of(raw: FloatArray) -> np.uint64:
    """What tells the places of a frame from those of any other; in the order in which they came.

    Parameters
    ----------
    raw : ndarray of shape (m, PREPARED)
        Prepared observations as the source told them.
    """
    made = np.uint64(raw.shape[0])
    places = np.empty(2 * raw.shape[0])
    for j in range(raw.shape[0]):
        places[2 * j], places[2 * j + 1] = raw[j, OX], raw[j, OY]
    for bits in places.view(np.uint64):
        made = (made ^ bits) * _MIX
        made ^= made >> _HALF
    return made


@compiled
def is_again(source: Record, digest: np.uint64, since_us: int) -> bool:
    """Whether a source sends one of its last frames again; it was not heard anew then.

    Parameters
    ----------
    digest
        Of the frame.
    since_us
        Microseconds since the source's previous frame, -1 if this is its first.
    """
    for k in range(FRAMES):
        if source.frame_digest[k] == digest and source.frame_movers[k] >= FEWEST_MOVERS:
            source.heard_us -= max(since_us, 0)
            return True
    return False


@compiled
def note_frame(source: Record, digest: np.uint64, news: IntArray, ahead: FloatArray) -> None:
    """Note a frame that was taken.

    Parameters
    ----------
    news : ndarray of shape (n,)
        Observation of each track, -1 for none.
    ahead : ndarray of shape (n, PREDICTED)
    """
    movers = 0
    for i in range(news.shape[0]):
        moves = ahead[i, VX] ** 2 + ahead[i, VY] ** 2 >= MOVING_MPS**2
        movers += news[i] >= 0 and moves
    for k in range(FRAMES - 1, 0, -1):
        source.frame_digest[k] = source.frame_digest[k - 1]
        source.frame_movers[k] = source.frame_movers[k - 1]
    source.frame_digest[0], source.frame_movers[0] = digest, min(movers, 255)
