import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.picture import columns, contributors, positions
from operators.track import TRACK_ROW
from operators.transform.cells import LOCAL
from tests.builders import HOME, START_US, a_row, column, degrees


def made(rows, key=HOME.key, tick_us=START_US):
    return columns(key, rows, positions(key, rows), tick_us)


@given(st.floats(-3.140625, 3.140625, width=32))
def test_a_heading_is_clockwise_from_north_and_less_than_a_turn(heading):
    (found,) = column(made(a_row(heading_rad=heading)), "heading_rad", "<f4")
    assert 0.0 <= found < 2 * np.pi
    assert np.sin(found) == pytest.approx(np.cos(heading), abs=1e-6)
    assert np.cos(found) == pytest.approx(np.sin(heading), abs=1e-6)


def test_a_heading_a_hair_left_of_north_is_less_than_a_turn():
    heading = np.nextafter(np.float32(np.pi / 2), np.float32(2))
    (found,) = column(made(a_row(heading_rad=heading)), "heading_rad", "<f4")
    assert 0.0 <= float(found) < 2 * np.pi


def test_an_unknown_heading_stays_unknown():
    assert np.isnan(column(made(a_row(heading_rad=np.nan)), "heading_rad", "<f4"))


@given(st.floats(-1500, 1500), st.floats(-1500, 1500))
def test_positions_are_degrees_to_a_ten_millionth(x, y):
    packed = made(a_row(x_m=x, y_m=y))
    lat, lon = degrees(x, y)
    assert column(packed, "lat_e7", "<i4")[0] == pytest.approx(lat * 1e7, abs=0.51)
    assert column(packed, "lon_e7", "<i4")[0] == pytest.approx(lon * 1e7, abs=0.51)


def test_a_local_recording_keeps_its_metres_and_axes():
    packed = made(a_row(x_m=3.0, y_m=-4.0, heading_rad=0.5), LOCAL)
    assert column(packed, "x_m", "<f8").tolist() == [3.0]
    assert column(packed, "heading_rad", "<f4")[0] == np.float32(0.5)
    assert packed["lat_e7"] == b""


def test_an_age_too_long_for_its_column_is_the_longest():
    packed = made(a_row(last_us=0))
    assert column(packed, "age_us", "<i4").tolist() == [2**31 - 1]
    assert column(made(a_row(last_us=START_US - 7)), "age_us", "<i4").tolist() == [7]


def test_contributors_are_the_set_bits():
    masks = np.array([0b101, 0, 2**63], np.uint64)
    counts, index = contributors(masks)
    assert (counts.tolist(), index.tolist()) == ([2, 0, 1], [0, 2, 63])


def test_a_picture_of_nothing_has_empty_columns():
    assert set(made(np.zeros(0, TRACK_ROW)).values()) == {b""}
    assert [len(p) for p in positions(HOME.key, np.zeros(0, TRACK_ROW))] == [0, 0]
