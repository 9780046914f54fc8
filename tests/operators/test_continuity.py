import numpy as np

from operators.continuity import corrections, pack_claims, unpack_claims
from operators.track import LINK
from tests.builders import START_US, a_frame


def done(offset, tracks):
    links = np.zeros(len(tracks), LINK)
    links["track_id"] = tracks
    return a_frame(np.zeros((len(tracks), 2)), START_US, offset=offset), links


def corrected(before, after):
    """Tracks by offset of the frame, of what a replay linked otherwise."""
    known = unpack_claims(pack_claims([done(*one) for one in before]))
    made = corrections([done(*one) for one in after], known)
    return {frame.offset: links["track_id"].tolist() for frame, links in made}


def test_what_a_replay_linked_otherwise_is_told_and_the_rest_is_not():
    before = [(0, [1, 2]), (1, [1, 2, 3]), (2, [5])]
    after = [(0, [1, 2]), (1, [1, 9, 0]), (2, [6])]
    assert corrected(before, after) == {1: [0, 9, 0], 2: [6]}


def test_a_new_frame_corrects_nothing():
    assert corrected([], [(0, [1, 2])]) == {}


def test_links_stay_as_they_are():
    frame, links = done(0, [1, 2])
    corrections([(frame, links)], unpack_claims(pack_claims([done(0, [1, 3])])))
    assert links["track_id"].tolist() == [1, 2]
