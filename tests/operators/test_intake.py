import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from operators.intake import admit
from operators.reasons import Use
from tests.builders import START_US, a_frame


def frame_of(source, n, offset=0):
    return a_frame(np.zeros((n, 2)), START_US + offset, source_id=source, offset=offset)


def sizes(frames):
    return [(frame.source_id, len(frame.observations)) for frame in frames]


def test_what_fits_is_taken_as_it_came():
    frames = [frame_of("a", 3), frame_of("b", 4)]
    assert admit(frames, 7) == (frames, [])


def test_who_floods_crowds_out_itself():
    flood = [frame_of("flood", 10, k) for k in range(10)]
    small = [frame_of(f"s{k}", 5, 100 + k) for k in range(4)]
    admitted, refused = admit(flood + small, 50)
    assert sizes(admitted) == [("flood", 10)] * 3 + [(f"s{k}", 5) for k in range(4)]
    assert sizes(frame for frame, _ in refused) == [("flood", 10)] * 7


def test_one_frame_that_is_too_large_keeps_no_other_out():
    admitted, refused = admit([frame_of("a", 100), frame_of("b", 3)], 50)
    assert (sizes(admitted), sizes(f for f, _ in refused)) == ([("b", 3)], [("a", 100)])


def test_every_observation_that_is_refused_has_its_use():
    _, ((frame, links),) = admit([frame_of("a", 9)], 5)
    assert len(links) == len(frame.observations) == 9
    assert set(links["use"].tolist()) == {Use.OVERFLOW}
    assert set(links["track_id"].tolist()) == {0}


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), max_size=12), st.integers(0, 40)
)
def test_nothing_is_lost_or_taken_beyond_the_bound(given_frames, most):
    frames = [frame_of(source, n, k) for k, (source, n) in enumerate(given_frames)]
    admitted, refused = admit(frames, most)
    assert sum(n for _, n in sizes(admitted)) <= most
    offsets = [f.offset for f in admitted]
    assert offsets == sorted(offsets)
    assert sorted(offsets + [f.offset for f, _ in refused]) == list(range(len(frames)))


def test_how_the_frames_came_changes_nothing_once_they_are_in_order():
    frames = [frame_of("ab"[k % 2], 7, k) for k in range(10)]
    mixed = random.Random(1).sample(frames, 10)
    again = admit(sorted(mixed, key=lambda frame: frame.order), 30)
    assert sizes(again[0]) == sizes(admit(frames, 30)[0])
