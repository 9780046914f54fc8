import math
from dataclasses import replace

import h3
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.decode.decoded import DecodedFrame, Space
from operators.errors import DecodeError
from operators.frame import empty_observations
from operators.parameters import Parameters
from operators.reasons import Reason
from operators.sources import SourceEntry
from operators.transform.cells import LOCAL, cell, local_frame, neighbours
from operators.transform.place import Stamp, cell_integer, place
from tests.builders import HOME, START_US

PARAMETERS = Parameters()
STAMP = Stamp("unit-1", 1, START_US, START_US, "raw.roadside", 0, 0, 0, 0)
UNIT = SourceEntry("unit-1", "roadside", lat_deg=39.9, lon_deg=116.4)
AROUND_M = st.floats(-2500.0, 2500.0)


def geographic(lon, lat, **fields):
    position = np.column_stack([np.atleast_1d(lon), np.atleast_1d(lat)]).astype(float)
    return decoded(position, Space.GEOGRAPHIC, **fields)


def decoded(position, space, **fields):
    observations = empty_observations(len(position))
    observations["index"] = np.arange(len(position))
    for name, value in fields.items():
        observations[name] = value
    return DecodedFrame("unit-1", START_US, 0, space, np.asarray(position, float), observations)


def placed(frame, entry=None, **parameters):
    return dict(place(frame, STAMP, entry, replace(PARAMETERS, **parameters)))


@given(st.lists(st.tuples(AROUND_M, AROUND_M), min_size=1, max_size=12))
def test_every_observation_is_owned_by_the_cell_that_h3_names_and_no_other(places):
    x, y = np.array(places).T
    lon, lat = HOME.frame.to_geographic(x, y)
    owners = {}
    for key, frame in placed(geographic(lon, lat)).items():
        for index in frame.observations["index"][frame.observations["owned"] == 1].tolist():
            assert owners.setdefault(index, key) == key
    assert [owners[k] for k in range(len(lat))] == [
        h3.latlng_to_cell(a, b, 7) for a, b in zip(lat, lon, strict=True)
    ]


@given(st.integers(0, 5), st.floats(-300.0, 300.0), st.floats(-0.01, 0.01))
def test_a_point_on_the_border_has_one_owner(edge, along_m, across_m):
    a, b, c = HOME.edges[edge]
    x, y = -c * np.array([a, b]) + along_m * np.array([-b, a]) + across_m * np.array([a, b])
    lon, lat = HOME.frame.to_geographic(np.array([x]), np.array([y]))
    frames = placed(geographic(lon, lat))
    assert sum(int(f.observations["owned"].sum()) for f in frames.values()) == 1
    assert len(frames) >= 2


@given(AROUND_M, AROUND_M)
def test_a_cell_sees_what_lies_in_its_halo_and_nothing_farther(x, y):
    lon, lat = HOME.frame.to_geographic(np.array([x]), np.array([y]))
    frames = placed(geographic(lon, lat))
    owner = h3.latlng_to_cell(lat[0], lon[0], 7)
    for key in neighbours(owner):
        one = cell(key)
        depth = one.inside_m(*one.frame.to_local(lon, lat))[0]
        assert (key in frames) == (key == owner or depth > -PARAMETERS.halo_m)


@given(AROUND_M, AROUND_M)
def test_cells_that_share_an_observation_mean_one_place(x, y):
    lon, lat = HOME.frame.to_geographic(np.array([x]), np.array([y]))
    for key, frame in placed(geographic(lon, lat)).items():
        seen = frame.observations
        there = cell(key).frame.to_geographic(seen["x_m"], seen["y_m"])
        back = HOME.frame.to_local(*there)
        assert math.hypot(back[0][0] - x, back[1][0] - y) < 1e-3


def test_a_pose_turns_and_moves_local_positions():
    # x ahead of a sensor that looks north (90 degrees from east); so its y points west.
    unit = SourceEntry("u", "roadside", lat_deg=39.9, lon_deg=116.4, heading_rad=math.pi / 2)
    fields = {"vx_mps": 3.0, "vy_mps": 1.0, "heading_rad": 0.25}
    (key, frame), *_ = placed(decoded([[10.0, 2.0]], Space.LOCAL, **fields), unit).items()
    lon, lat = cell(key).frame.to_geographic(frame.observations["x_m"], frame.observations["y_m"])
    east, north = local_frame(116.4, 39.9).to_local(lon, lat)
    assert (east[0], north[0]) == pytest.approx((-2.0, 10.0), abs=1e-4)
    (one,) = frame.observations
    assert (one["vx_mps"], one["vy_mps"]) == pytest.approx((-1.0, 3.0), abs=1e-6)
    assert one["heading_rad"] == pytest.approx(0.25 + math.pi / 2, abs=1e-6)


def test_a_pose_turns_a_covariance_by_hand():
    # 30 degrees: c = 0.8660254, s = 0.5; diag(4, 1) -> 3.25, 1.299038, 1.75.
    unit = replace_entry(heading_rad=math.pi / 6)
    fields = {"cov_xx_m2": 4.0, "cov_xy_m2": 0.0, "cov_yy_m2": 1.0}
    frame = next(iter(placed(decoded([[0.0, 0.0]], Space.LOCAL, **fields), unit).values()))
    (one,) = frame.observations
    found = (one["cov_xx_m2"], one["cov_xy_m2"], one["cov_yy_m2"])
    assert found == pytest.approx((3.25, 1.299038, 1.75), abs=1e-6)


def replace_entry(**fields):
    known = {"lat_deg": 39.9, "lon_deg": 116.4}
    return SourceEntry("unit-1", "roadside", **(known | fields))


@given(st.floats(-7.0, 7.0), st.floats(0.01, 50.0), st.floats(0.01, 50.0), st.floats(-0.99, 0.99))
def test_turning_a_covariance_keeps_its_eigenvalues(turn, xx, yy, rho):
    xy = rho * math.sqrt(xx * yy)
    fields = {"cov_xx_m2": xx, "cov_xy_m2": xy, "cov_yy_m2": yy}
    unit = replace_entry(heading_rad=turn)
    frame = next(iter(placed(decoded([[0.0, 0.0]], Space.LOCAL, **fields), unit).values()))
    (one,) = frame.observations
    turned = [[one["cov_xx_m2"], one["cov_xy_m2"]], [one["cov_xy_m2"], one["cov_yy_m2"]]]
    wanted = np.linalg.eigvalsh([[xx, xy], [xy, yy]])
    assert np.linalg.eigvalsh(turned) == pytest.approx(wanted, abs=1e-4 * max(xx, yy))


def test_a_recording_without_a_place_is_one_cell_of_its_own():
    entry = SourceEntry("unit-1", "roadside", frame="local")
    frames = placed(decoded([[1e5, -2.0]], Space.LOCAL), entry)
    assert list(frames) == [LOCAL]
    assert frames[LOCAL].observations[["x_m", "y_m", "owned"]].tolist() == [(1e5, -2.0, 1)]
    assert cell_integer(LOCAL) == 0


@pytest.mark.parametrize("x", [1.1e6, -1.1e6, math.nan, math.inf])
def test_a_recording_without_a_place_has_its_bounds_too(x):
    entry = SourceEntry("unit-1", "roadside", frame="local")
    with pytest.raises(DecodeError) as caught:
        placed(decoded([[x, 0.0]], Space.LOCAL), entry)
    assert caught.value.reason is Reason.OUT_OF_RANGE


@pytest.mark.parametrize("entry", [None, SourceEntry("unit-1", "roadside")])
def test_local_positions_without_a_pose_are_refused(entry):
    with pytest.raises(DecodeError) as caught:
        placed(decoded([[1.0, 2.0]], Space.LOCAL), entry)
    assert caught.value.reason is Reason.UNKNOWN_FRAME


@pytest.mark.parametrize(
    ("lon", "lat"), [(180.1, 0.0), (0.0, -90.1), (math.nan, 0.0), (0.0, math.inf), (1e300, 0.0)]
)
def test_a_position_that_is_none_is_refused(lon, lat):
    with pytest.raises(DecodeError) as caught:
        placed(geographic([116.4, lon], [39.9, lat]))
    assert caught.value.reason is Reason.OUT_OF_RANGE


def test_a_frame_goes_to_every_cell_that_its_source_looks_at_also_when_empty():
    unit = replace_entry(coverage_radius_m=3000.0)
    frames = placed(geographic([], []), unit)
    assert len(frames) > 7
    assert all(len(f.observations) == 0 for f in frames.values())
    for key, frame in frames.items():
        lon, lat = cell(key).frame.to_geographic(
            np.array([frame.coverage_x_m]), np.array([frame.coverage_y_m])
        )
        assert (lon[0], lat[0]) == pytest.approx((116.4, 39.9), abs=1e-9)


def test_an_empty_frame_of_nobody_knows_where_goes_nowhere():
    assert placed(geographic([], [])) == {}
    assert placed(geographic([], []), UNIT) == {}


def test_objects_on_both_sides_of_the_earth_are_owned_once_each():
    lat, lon = np.array([39.9, -39.9, 90.0, -90.0, 0.0]), np.array([116.4, -63.6, 0, 0, 180.0])
    frames = placed(geographic(lon, lat))
    assert sum(int(f.observations["owned"].sum()) for f in frames.values()) == 5
    assert np.isfinite([f.observations["x_m"].sum() for f in frames.values()]).all()


def test_the_frame_that_was_decoded_stays_as_it_was():
    frame = geographic([116.4], [39.9])
    placed(frame)
    assert np.isnan(frame.observations["x_m"]).all()
