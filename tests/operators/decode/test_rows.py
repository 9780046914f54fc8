"""Packed rows are the OBSERVATION layout, field by field."""

import math
from hashlib import blake2b

import numpy as np
import pytest

from operators.decode.decoded import Space
from operators.decode.rows import FrameRows, decoded, id_hash
from operators.errors import DecodeError
from operators.frame import OBSERVATION, empty_observations
from operators.reasons import Reason


def test_an_object_of_which_nothing_is_known_is_an_empty_observation() -> None:
    rows = FrameRows()
    rows.add(0, 8.0, 50.0)
    found = rows.frame("s", 1, 0, Space.GEOGRAPHIC)
    assert found.observations.tobytes() == empty_observations(1).tobytes()
    assert found.position.tolist() == [[8.0, 50.0]]


def test_every_field_lands_under_its_name() -> None:
    rows = FrameRows()
    rows.add(
        7, 1.0, 2.0, time_offset_us=-3, z_m=4.0, covariance_m2=(5.0, 6.0, 7.0),
        velocity_mps=(8.0, 9.0), speed_sigma_mps=10.0, heading_rad=11.0, heading_sigma_rad=12.0,
        size_m=(13.0, 14.0, 15.0), score=16.0, object_class=3, flags=2, local_id=2**63 + 1,
    )  # fmt: skip
    row = rows.frame("s", 1, 0, Space.LOCAL).observations[0]
    names = [n for n in OBSERVATION.names or () if n not in ("x_m", "y_m", "class_confidence")]
    expected = [7, -3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 3, 1, 2, 2**63 + 1]
    assert [row[n].item() for n in names] == expected
    assert all(math.isnan(row[n]) for n in ("x_m", "y_m", "class_confidence"))


def test_size_zero_is_unknown() -> None:
    rows = FrameRows()
    rows.add(0, 1.0, 2.0, size_m=(0.0, 0.0, 0.0))
    row = rows.frame("s", 1, 0, Space.LOCAL).observations[0]
    assert np.isnan([row["length_m"], row["width_m"], row["height_m"]]).all()


def test_observations_can_be_written() -> None:
    rows = FrameRows()
    rows.add(0, 1.0, 2.0)
    found = rows.frame("s", 1, 0, Space.LOCAL)
    found.observations["x_m"] = 5.0
    assert found.observations["x_m"].tolist() == [5.0]


def test_frame_without_objects_is_empty_not_an_error() -> None:
    found = decoded([FrameRows().frame("s", 1, 0, Space.LOCAL)])
    assert found.frames[0].position.shape == (0, 2)
    assert len(found.frames[0].observations) == 0


def test_frame_of_refused_objects_does_not_pass_for_an_empty_one() -> None:
    gone, good = FrameRows(), FrameRows()
    gone.refused = 2
    good.add(0, 1.0, 2.0)
    pair = [r.frame("s", 1, 0, Space.LOCAL) for r in (gone, good)]
    assert [(len(f.observations), f.refused) for f in decoded(pair).frames] == [(1, 2)]
    with pytest.raises(DecodeError) as caught:
        decoded(pair[:1])
    assert caught.value.reason is Reason.UNAVAILABLE


def test_more_objects_than_the_limit_are_refused() -> None:
    rows = FrameRows()
    for index in range(10_001):
        rows.add(index, 0.0, 0.0)
    with pytest.raises(DecodeError) as caught:
        rows.frame("s", 1, 0, Space.LOCAL)
    assert caught.value.reason is Reason.TOO_MANY_OBJECTS


def test_id_hash_is_blake2b_and_zero_for_no_id() -> None:
    digest = blake2b(b"31325433", digest_size=8).digest()
    assert id_hash("31325433") == int.from_bytes(digest, "little")
    assert id_hash("") == 0
    assert id_hash("a") != id_hash("b")
