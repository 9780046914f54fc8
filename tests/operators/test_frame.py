from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.errors import LayoutError
from operators.frame import (
    _HEADER,
    _SUPPLIER,
    OBSERVATION,
    VERSION,
    FrameFlag,
    SourceKind,
    empty_observations,
    pack_frame,
    unpack_frames,
)
from tests.builders import a_frame

INT64 = st.integers(-(2**63), 2**63 - 1)


def same(one, other):
    assert one.observations.tobytes() == other.observations.tobytes()
    unknown = ("coverage_radius_m", "nominal_rate_hz")
    head = {"observations": None, **dict.fromkeys(unknown, 0.0)}
    assert replace(one, **head) == replace(other, **head)
    for name in unknown:
        assert np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True)


@given(
    source=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    kind=st.sampled_from(SourceKind),
    flags=st.integers(0, 15),
    times=st.tuples(INT64, INT64, INT64),
    digest=st.integers(0, 2**64 - 1),
    n=st.integers(0, 5),
    circle=st.tuples(*3 * [st.floats(allow_nan=False, width=32)]),
    owner=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    rate_hz=st.floats(allow_nan=False),
)
def test_a_frame_survives_packing(source, kind, flags, times, digest, n, circle, owner, rate_hz):
    event, receive, offset = times
    frame = a_frame(
        [[i, -i] for i in range(n)],
        event,
        source_id=source,
        kind=kind,
        flags=flags,
        receive_time_us=receive,
        offset=offset,
        payload_hash=digest,
        owner=owner,
        nominal_rate_hz=rate_hz,
        **dict(zip(("coverage_x_m", "coverage_y_m", "coverage_radius_m"), circle, strict=True)),
    )
    same(unpack_frames(pack_frame(frame))[0], frame)


@given(st.lists(st.integers(0, 4), max_size=6))
def test_frames_one_behind_the_other_come_back_in_their_order(sizes):
    frames = [a_frame([[k, k]] * n, offset=k) for k, n in enumerate(sizes)]
    back = unpack_frames(b"".join(map(pack_frame, frames)))
    assert len(back) == len(frames)
    for one, other in zip(back, frames, strict=True):
        same(one, other)


def test_bytes_cut_anywhere_are_refused():
    packed = pack_frame(a_frame([[1.0, 2.0]]))
    assert len(unpack_frames(packed)) == 1
    for end in range(1, len(packed)):
        with pytest.raises(LayoutError):
            unpack_frames(packed[:end])


def test_a_frame_of_the_release_before_has_no_owner_and_promises_no_rate():
    packed = pack_frame(a_frame([[1.0, 2.0]], owner="", nominal_rate_hz=7.0))
    old = bytes([1]) + packed[1 : _HEADER.size] + packed[_HEADER.size + _SUPPLIER.size :]
    (frame, other) = unpack_frames(old + packed)
    same(frame, a_frame([[1.0, 2.0]]))
    assert other.nominal_rate_hz == 7.0


def test_another_version_is_refused():
    packed = bytes([VERSION + 1]) + pack_frame(a_frame())[1:]
    with pytest.raises(LayoutError, match="version"):
        unpack_frames(packed)


def test_observations_of_unpacked_frames_cannot_be_changed_by_mistake():
    (frame,) = unpack_frames(pack_frame(a_frame()))
    with pytest.raises(ValueError, match="read-only"):
        frame.observations["x_m"] = 0.0


def test_unknown_observations_know_nothing_and_are_owned():
    made = empty_observations(2)
    for name in OBSERVATION.names:
        if OBSERVATION[name].kind == "f":
            assert np.isnan(made[name]).all(), name
        else:
            assert (made[name] == (name == "owned")).all(), name


def test_the_layout_of_an_observation_does_not_drift():
    assert OBSERVATION.itemsize == 92
    assert all(OBSERVATION[name].str[0] in "<|" for name in OBSERVATION.names)


def test_flags_fit_the_byte_that_carries_them():
    assert max(FrameFlag) <= 128


@pytest.mark.parametrize("field", ["source_id", "topic", "partition", "offset", "payload_hash"])
def test_frames_of_one_instant_have_one_order(field):
    one = a_frame(source_id="a", topic="a", partition=1, offset=1, payload_hash=1)
    other = replace(one, **{field: "b" if isinstance(getattr(one, field), str) else 2})
    assert one.order < other.order
