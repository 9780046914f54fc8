import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from operators.decode.decoded import Pose, Space
from operators.decode.registry import decode
from operators.errors import DecodeError
from operators.reasons import Reason
from operators.sources import SourceEntry, parse_entry
from operators.transform.bd09 import wgs84_to_bd09
from operators.transform.cells import local_frame
from operators.transform.declared import declared_to_wgs84
from operators.transform.gcj02 import wgs84_to_gcj02
from tests.builders import START_US, a_line, a_source_entry
from tests.operators.transform.geo import CHINA_LAT, CHINA_LON, apart_m, columns

BEIJING = (116.39, 39.9)
FORWARD = {"GCJ-02": wgs84_to_gcj02, "BD-09": wgs84_to_bd09}
P = [4.0, 1.0, 1.0, 2.0]


def entry(**fields):
    return parse_entry(a_source_entry(**fields))


def line(**fields):
    """The one frame of one object, as the front gets it from the adapter."""
    known = {"class": "car", "vx": 20.0, "vy": 0.0, "position_cov": P}
    return decode("recording.json", a_line(START_US, [known | fields]), 0).frames[0]


def local_line(x, y, z=0.0, **fields):
    return line(x=x, y=y, z=z, heading_rad=0.0, **fields)


def geographic(lon, lat):
    return line(lon_deg=float(lon), lat_deg=float(lat), heading_rad=math.pi / 2)


def into(code, *place):
    return Transformer.from_crs(4979, code, always_xy=True).transform(*place, 0.0)[:2]


@pytest.mark.parametrize("datum", FORWARD)
@given(lon=CHINA_LON, lat=CHINA_LAT)
def test_degrees_of_a_declared_datum_come_out_where_they_are(datum, lon, lat):
    there = columns([(lon, lat)])
    frame = geographic(*(c[0] for c in FORWARD[datum](*there)))
    made = declared_to_wgs84(frame, entry(datum=datum))
    assert apart_m(made[:2], there) < 1e-6
    moved, kept = made[2][0], frame.observations[0]
    assert moved["vx_mps"] != kept["vx_mps"]
    assert moved["vx_mps"] == pytest.approx(20.0, rel=0.03)
    assert moved["heading_rad"] == pytest.approx(0.0, abs=0.04)  # BD-09 turns by up to 0.0365


@pytest.mark.parametrize("given_entry", [None, entry(), entry(datum="CGCS2000")])
def test_degrees_of_wgs84_go_through_untouched(given_entry):
    frame = geographic(*BEIJING)
    lon, lat, observations = declared_to_wgs84(frame, given_entry)
    assert (lon[0], lat[0]) == BEIJING
    assert observations.tobytes() == frame.observations.tobytes()


@pytest.mark.parametrize("code", ["EPSG:32650", "EPSG:4509", "EPSG:4527", "EPSG:4549"])
def test_metres_of_a_grid_turn_by_its_convergence(code):
    frame = local_line(*into(code, *BEIJING))
    lon, lat, (one,) = declared_to_wgs84(frame, entry(frame=code))
    assert apart_m((lon, lat), columns([BEIJING])) < 1e-4
    # Where a metre of the grid's east leads, by the tangent plane of another implementation.
    x, y = into(code, *BEIJING)
    ahead = Transformer.from_crs(code, 4326, always_xy=True).transform(x + 20.0, y)
    east, north = local_frame(*BEIJING).to_local(*columns([ahead]))
    assert (one["vx_mps"], one["vy_mps"]) == pytest.approx((east[0], north[0]), abs=1e-4)
    assert one["heading_rad"] == pytest.approx(math.atan2(north[0], east[0]), abs=1e-5)


def test_a_grids_covariance_turns_with_it():
    x, y = into("EPSG:4549", *BEIJING)
    _, _, (one,) = declared_to_wgs84(local_line(x, y), entry(frame="EPSG:4549"))
    turn = float(one["heading_rad"])
    assert abs(turn) == pytest.approx(math.radians(2.3), abs=0.001)
    c, s = math.cos(turn), math.sin(turn)
    wanted = np.array([[c, -s], [s, c]]) @ np.reshape(P, (2, 2)) @ np.array([[c, s], [-s, c]])
    found = [[one["cov_xx_m2"], one["cov_xy_m2"]], [one["cov_xy_m2"], one["cov_yy_m2"]]]
    assert np.array(found) == pytest.approx(wanted, rel=0.003)


@settings(max_examples=20)
@given(lon=CHINA_LON, lat=CHINA_LAT, height=st.floats(-100.0, 5000.0))
@pytest.mark.parametrize("code", ["EPSG:4978", "EPSG:4479"])
def test_geocentric_metres_come_out_where_they_are(code, lon, lat, height):
    x, y, z = Transformer.from_crs(4979, 4978, always_xy=True).transform(lon, lat, height)
    made = declared_to_wgs84(local_line(x, y, z), entry(frame=code))
    assert apart_m(made[:2], columns([(lon, lat)])) < 1e-3
    (one,) = made[2]
    assert one["z_m"] == pytest.approx(height, abs=1e-3)
    assert all(math.isnan(one[name]) for name in ("vx_mps", "heading_rad", "cov_xx_m2"))


def test_metres_about_a_pose_turn_with_it():
    posed = entry(lat_deg=BEIJING[1], lon_deg=BEIJING[0], heading_rad=math.pi / 2)
    lon, lat, (one,) = declared_to_wgs84(local_line(10.0, 2.0), posed)
    east, north = local_frame(*BEIJING).to_local(lon, lat)
    assert (east[0], north[0]) == pytest.approx((-2.0, 10.0), abs=1e-6)
    assert (one["vx_mps"], one["vy_mps"]) == pytest.approx((0.0, 20.0), abs=1e-5)


def test_the_pose_is_surveyed_whatever_datum_the_messages_have():
    posed = {"lat_deg": BEIJING[1], "lon_deg": BEIJING[0]}
    plain, shifted = (
        declared_to_wgs84(local_line(10.0, 2.0), entry(datum=datum, **posed))
        for datum in ("WGS-84", "GCJ-02")
    )
    assert plain[0] == shifted[0]


@pytest.mark.parametrize(
    ("frame", "declared", "reason"),
    [
        (geographic(*BEIJING), {"frame": "EPSG:4509"}, Reason.UNKNOWN_FRAME),
        (local_line(4.4e6, 448_713.0), {"frame": "EPSG:4548"}, Reason.OUT_OF_RANGE),
        (local_line(39_448_713.0, 4.4e6), {"frame": "EPSG:4548"}, Reason.OUT_OF_RANGE),
        (local_line(1.0, 2.0, 3.0), {"frame": "EPSG:4978"}, Reason.OUT_OF_RANGE),
        (line(x=-2.17e6, y=4.39e6), {"frame": "EPSG:4978"}, Reason.OUT_OF_RANGE),
        (local_line(1.0, 2.0), {}, Reason.UNKNOWN_FRAME),
        (
            replace(local_line(-2.17e6, 4.39e6, 4.07e6), z_m=None),
            {"frame": "EPSG:4978"},
            Reason.UNKNOWN_FRAME,
        ),
    ],
)
def test_positions_that_do_not_fit_the_declaration_are_refused_by_name(frame, declared, reason):
    with pytest.raises(DecodeError) as caught:
        declared_to_wgs84(frame, entry(**declared))
    assert caught.value.reason is reason


def test_metres_of_a_source_that_nobody_declared_are_refused():
    with pytest.raises(DecodeError) as caught:
        declared_to_wgs84(local_line(1.0, 2.0), None)
    assert caught.value.reason is Reason.UNKNOWN_FRAME


@pytest.mark.parametrize("declared", [{"frame": "EPSG:4509"}, {"frame": "EPSG:4978"}])
def test_a_frame_that_saw_nothing_has_no_place_to_be_wrong(declared):
    empty = decode("recording.json", a_line(START_US, []), 0).frames[0]
    lon, _, observations = declared_to_wgs84(empty, entry(**declared))
    assert (len(lon), len(observations)) == (0, 0)
    assert empty.space is Space.GEOGRAPHIC


def test_the_frame_that_was_decoded_stays_as_it_was():
    for frame, declared in (
        (geographic(*BEIJING), {"datum": "BD-09"}),
        (local_line(*into("EPSG:4549", *BEIJING)), {"frame": "EPSG:4549"}),
        (local_line(1.0, 2.0), {"lat_deg": 39.9, "lon_deg": 116.4, "heading_rad": 1.0}),
    ):
        before = (frame.observations.tobytes(), frame.position.tobytes())
        declared_to_wgs84(frame, entry(**declared))
        assert (frame.observations.tobytes(), frame.position.tobytes()) == before


def test_a_made_entry_is_metric_by_its_frame():
    assert SourceEntry("u", "roadside", frame="EPSG:4509").is_metric
    assert not SourceEntry("u", "roadside").is_metric


def test_a_datum_that_the_format_says_goes_before_that_of_the_entry():
    there = columns([BEIJING])
    frame = replace(geographic(*(c[0] for c in wgs84_to_gcj02(*there))), datum="GCJ-02")
    for declared in (None, entry(), entry(datum="BD-09")):
        assert apart_m(declared_to_wgs84(frame, declared)[:2], there) < 1e-6


def test_a_pose_that_the_format_says_goes_before_that_of_the_entry():
    lon, lat = BEIJING
    frame = replace(local_line(10.0, 0.0), pose=Pose(lat, lon, math.pi / 2))
    elsewhere = entry(lat_deg=39.0, lon_deg=116.0)
    for declared in (None, elsewhere):
        made = declared_to_wgs84(frame, declared)
        x, y = local_frame(lon, lat).to_local(*made[:2])
        np.testing.assert_allclose([x[0], y[0]], [0.0, 10.0], atol=1e-6)
        assert made[2]["vy_mps"][0] == pytest.approx(20.0)
    with pytest.raises(DecodeError, match="UNKNOWN_FRAME: metres about a pose"):
        declared_to_wgs84(frame, entry(frame="EPSG:4527"))
