"""Each key of a mapping, each unit and form of time, each kind of wrong value."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.decode.formats import Formats
from operators.decode.mapping.units import DIMENSIONS, SIGMA_OF
from operators.errors import DecodeError
from operators.frame import FrameFlag
from operators.reasons import Reason
from tests.operators.decode.mapping.feeds import ANCHOR_US, EXAMPLES, a_mapping, one, read

HERE = {"x": 1.0, "y": 2.0}
DEGREES = 'lat = "lat"\nlon = "lon"'
DAY_US = 86_400_000_000


@pytest.mark.parametrize(("unit", "metres"), DIMENSIONS["length"].items())
def test_lengths(unit, metres):
    text = a_mapping(position=f'x = {{ path = "x", unit = "{unit}" }}\ny = "y"')
    assert one(text, HERE)[0].position[0, 0] == pytest.approx(metres)


@pytest.mark.parametrize(
    ("unit", "mps"),
    [("m/s", 1.0), ("cm/s", 0.01), ("km/h", 0.2777778), ("mph", 0.44704), ("kn", 0.5144444),
     ("ft/s", 0.3048)],
)  # fmt: skip
def test_speeds(unit, mps):
    text = a_mapping(f'[motion]\nvx = {{ path = "v", unit = "{unit}" }}\nvy = {{ value = 0.0 }}')
    assert one(text, HERE | {"v": 1})[1]["vx_mps"] == pytest.approx(mps)


@pytest.mark.parametrize(
    ("zero", "sense", "told_deg", "expected_deg"),
    [("north", "clockwise", 0, 90), ("north", "clockwise", 90, 0), ("north", "clockwise", 270, 180),
     ("east", "counterclockwise", 90, 90), ("y", "counterclockwise", 90, 180),
     ("x", "clockwise", 90, -90)],
)  # fmt: skip
def test_headings(zero, sense, told_deg, expected_deg):
    text = a_mapping(
        f'[motion]\nspeed = "v"\nheading = {{ path = "h", zero = "{zero}", sense = "{sense}" }}'
    )
    _, seen = one(text, HERE | {"v": 10, "h": told_deg})
    expected = math.radians(expected_deg)
    turn = float(seen["heading_rad"]) - expected
    assert math.remainder(turn, math.tau) == pytest.approx(0, abs=1e-6)
    assert seen["vx_mps"] == pytest.approx(10 * math.cos(expected), abs=1e-5)
    assert seen["vy_mps"] == pytest.approx(10 * math.sin(expected), abs=1e-5)


@pytest.mark.parametrize(
    ("meaning", "sigma"),
    [("sigma", 1.0), ("axis_95", 0.510204), ("radius_50", 0.849322), ("radius_68", 0.662434),
     ("radius_95", 0.408539)],
)  # fmt: skip
def test_accuracies(meaning, sigma):
    assert set(SIGMA_OF) == {"sigma", "axis_95", "radius_50", "radius_68", "radius_95"}
    text = a_mapping(f'[accuracy]\nposition = {{ path = "acc", meaning = "{meaning}" }}')
    _, seen = one(text, HERE | {"acc": 1})
    assert seen["cov_xx_m2"] == seen["cov_yy_m2"] == pytest.approx(sigma**2, rel=1e-4)
    assert seen["cov_xy_m2"] == 0
    _, unknown = one(text, HERE | {"acc": 0})
    assert np.isnan([unknown["cov_xx_m2"], unknown["cov_xy_m2"]]).all()


@pytest.mark.parametrize(
    ("time", "told", "expected_us"),
    [
        ('form = "epoch_s"', 1_790_000_000.25, 1_790_000_000_250_000),
        ('form = "epoch_ms"\ndelay_ms = 40.0', 1_790_000_000_250, 1_790_000_000_210_000),
        ('form = "epoch_us"', 1_790_000_000_250_001, 1_790_000_000_250_001),
        ('form = "epoch_ms"\nunavailable = [0]', 0, None),
        ('form = "iso"', "2026-09-21T14:13:20.5+00:00", 1_790_000_000_500_000),
        ('form = "iso"\nzone = "+08:00"', "2026-09-21 22:13:20", 1_790_000_000_000_000),
        ('form = "%d.%m.%Y %H:%M:%S"', "21.09.2026 14:13:20", 1_790_000_000_000_000),
        ('form = "seconds_of_day"', 51_200.5, 1_790_000_000_500_000),
        ('form = "seconds_of_day"\nzone = "-03:30"', 38_600, 1_790_000_000_000_000),
        ('form = "time_of_day"\nzone = "+08:00"', "22:13:20.250", 1_790_000_000_250_000),
        ('form = "iso"\nunavailable = ["-"]', "-", None),
        ('form = "iso"', None, None),
    ],
)
def test_times(time, told, expected_us):
    text = a_mapping(time=f'path = "t"\n{time}')
    assert one(text, HERE | {"t": told})[0].event_time_us == expected_us


@given(st.integers(0, 86_399_999), st.integers(-720, 840), st.integers(0, 40_000))
def test_a_second_of_the_day_is_nearest_to_the_anchor(mark_ms, zone_min, day):
    sign, (hours, minutes) = "-+"[zone_min >= 0], divmod(abs(zone_min), 60)
    zone = f"{sign}{hours:02}:{minutes:02}"
    text = a_mapping(time=f'path = "t"\nform = "seconds_of_day"\nzone = "{zone}"')
    anchor_us = day * DAY_US + 12_345_678
    at_us = one(text, HERE | {"t": mark_ms / 1000}, anchor_us)[0].event_time_us
    assert abs(at_us - anchor_us) <= DAY_US // 2 + 1000
    assert (at_us // 1000 + zone_min * 60_000) % 86_400_000 == mark_ms


def test_no_time_is_the_receipt_less_a_delay():
    frame, _ = one(a_mapping(time='form = "receipt"\ndelay_ms = 350.0'), HERE)
    assert (frame.event_time_us, frame.delay_us) == (None, 350_000)


def test_flags_datum_and_pose_are_told():
    frame, _ = one(a_mapping(fused=True, filtered=True), HERE)
    assert frame.flags == FrameFlag.FUSED | FrameFlag.FILTERED
    place = {"lat": 39.9, "lon": 116.4}
    assert one(a_mapping(position=DEGREES), place)[0].datum is None
    gcj = a_mapping(position=DEGREES + '\ndatum = "GCJ-02"')
    assert one(gcj, place)[0].datum == "GCJ-02"
    pose = 'x = "x"\ny = "y"\npose = { lat_deg = 39.9, lon_deg = 116.4, x_axis_deg = 90.0 }'
    assert one(a_mapping(position=pose), HERE)[0].pose.heading_rad == pytest.approx(math.pi / 2)


def test_numbers_may_be_text_and_sentinels_of_either_kind():
    text = a_mapping(position='x = "x"\ny = "y"\nz = { path = "z", unavailable = [-999, "n/a"] }')
    for told, expected in (("2.5", 2.5), (-999, math.nan), ("n/a", math.nan), ("", math.nan)):
        _, seen = one(text, {"x": "1e0", "y": " 2 ", "z": told})
        np.testing.assert_equal(float(seen["z_m"]), expected)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({"x": "far", "y": 1}, Reason.WRONG_TYPE),
        ({"x": [1], "y": 1}, Reason.WRONG_TYPE),
        ({"x": True, "y": 1}, Reason.WRONG_TYPE),
        ({"x": "inf", "y": 1}, Reason.NOT_FINITE),
        ({"x": 1e9, "y": 1}, Reason.OUT_OF_RANGE),
        ({"x": 10**400, "y": 1}, Reason.OUT_OF_RANGE),
        ([1, 2], Reason.WRONG_TYPE),
        (7, Reason.WRONG_TYPE),
        ({}, Reason.UNAVAILABLE),
        ({"x": None, "y": 1}, Reason.UNAVAILABLE),
        (b'{"x": NaN}', Reason.NOT_FINITE),
        (b'{"x":', Reason.MALFORMED),
        (b"[" * 10_000, Reason.TOO_DEEP),
    ],
)
def test_wrong_values_are_named(payload, reason):
    with pytest.raises(DecodeError) as caught:
        read(a_mapping(), payload)
    assert caught.value.reason is reason


LIST = a_mapping(objects="list")


@pytest.mark.parametrize(
    ("payload", "reason", "words"),
    [
        ({}, Reason.MISSING_FIELD, "'list'"),
        ({"list": 3}, Reason.WRONG_TYPE, "is no list"),
        ({"list": [HERE, {"x": 1, "y": "?"}]}, Reason.WRONG_TYPE, "position.y[1] is '?'"),
        ({"list": [{}] * 10_001}, Reason.TOO_MANY_OBJECTS, "10001 objects"),
    ],
)
def test_wrong_lists_are_named(payload, reason, words):
    with pytest.raises(DecodeError) as caught:
        read(LIST, payload)
    assert (caught.value.reason, words in caught.value.detail) == (reason, True)


def test_objects_without_a_place_are_refused_and_counted():
    (frame,) = read(LIST, {"list": [{"x": 1}, HERE, {}]}).frames
    assert (frame.refused, frame.observations["index"].tolist()) == (2, [1])


CSV = a_mapping(syntax="csv")


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"x,y\n1,2,3\n", Reason.MALFORMED),
        (b'x,y\n1,"2\n', Reason.MALFORMED),
        (b"x,z\n1,2\n", Reason.MISSING_FIELD),
        (b"x,y\n1,abc\n", Reason.WRONG_TYPE),
        (b"x,y\n" + b"1,2\n" * 10_001, Reason.TOO_MANY_OBJECTS),
        (b"\xff\n", Reason.NOT_UTF8),
        (b"x,y\n1," + b"2" * 140_000, Reason.MALFORMED),
    ],
)
def test_wrong_lines_are_named(payload, reason):
    with pytest.raises(DecodeError) as caught:
        read(CSV, payload)
    assert caught.value.reason is reason


def test_lines_may_be_quoted_and_columns_declared():
    text = a_mapping("[csv]", 'delimiter = ";"', 'columns = ["y", "x"]', syntax="csv")
    (frame,) = read(text, b'"2";"1"\r\n3;4\r\n').frames
    np.testing.assert_array_equal(frame.position, [[1, 2], [4, 3]])


def test_no_line_is_an_empty_frame():
    (frame,) = read(CSV, b"x,y\n").frames
    assert (len(frame.observations), frame.event_time_us) == (0, None)


@given(st.binary(max_size=200))
def test_any_bytes_are_decoded_or_rejected(payload):
    for text in (LIST, CSV, EXAMPLES["dispatch"]):
        try:
            read(text, payload)
        except DecodeError:
            continue


def test_mappings_travel_with_a_job():
    formats = pickle.loads(pickle.dumps(Formats(EXAMPLES)))
    assert formats["mapping.loops"].name == "mapping.loops"
    with pytest.raises(DecodeError, match="UNKNOWN_FORMAT"):
        formats.decode("mapping.none", b"{}", ANCHOR_US)
