"""The life of events: opened, updated, closed; with context, evidence and one id."""

import msgspec
import numpy as np
import pytest

import schemas
from benchmarks.events.script import a_point, an_area
from benchmarks.events.town import EAST_M, RURAL_EAST_M, RURAL_WEST_M, the_town
from tests.builders import HOME, START_US, degrees
from tests.operators.events.pictures import TICK_US, a_picture, drive, told, tracks


def stands(after_s, until_s=99.0):
    """A car on the country road that stands for a while."""

    def place(t):
        moved = 10.0 * min(t, after_s) + 10.0 * max(t - until_s, 0.0)
        speed = 0.0 if after_s < t < until_s else 10.0
        return [{"x_m": moved, "y_m": RURAL_EAST_M, "vx_mps": speed, "heading_rad": 0.0}]

    return place


@pytest.fixture(scope="module")
def stop():
    """Records of a stop of 16 seconds."""
    return told(drive(22.0, stands(2.0, 18.0)), the_town())


def test_an_event_opens_once_and_closes_once_under_one_id(stop):
    assert [(one["kind"], one["change"]) for one in stop] == [
        ("stopped_vehicle", "opened"),
        ("stopped_vehicle", "closed"),
    ]
    assert [one["sequence"] for one in stop] == [0, 1]
    assert len({one["event_id"] for one in stop}) == 1
    assert stop[0]["event_id"] > 0


def test_an_event_says_since_when_where_and_who(stop):
    opened, closed = stop
    assert (opened["began_us"] - START_US) / 1e6 == pytest.approx(2.1, abs=0.2)
    assert (opened["opened_us"] - opened["began_us"]) / 1e6 == pytest.approx(10.0, abs=0.3)
    lat, lon = degrees(20.0, RURAL_EAST_M)
    assert opened["lat_e7"] == pytest.approx(lat * 1e7, abs=20)
    assert opened["lon_e7"] == pytest.approx(lon * 1e7, abs=20)
    assert opened["track_ids"] == [1]
    assert opened["measures"]["standing_s"] == pytest.approx(10.0, abs=0.3)
    assert opened["confidence"] > 0.9
    assert (closed["reason"], closed["cell_key"]) == ("over", HOME.key)
    assert (closed["tick_us"] - START_US) / 1e6 == pytest.approx(20.0, abs=0.5)


def test_an_event_whose_track_is_gone_closes_as_unseen():
    pictures = drive(14.0, stands(1.0))
    after = [a_picture(tracks(), pictures[-1]["tick_us"] + k * TICK_US) for k in range(1, 31)]
    *_, closed = told([*pictures, *after], the_town())
    assert (closed["change"], closed["reason"]) == ("closed", "unseen")


def test_a_cell_without_pictures_closes_what_is_open():
    *_, closed = told(drive(13.0, stands(1.0)), the_town())
    assert (closed["change"], closed["reason"]) == ("closed", "unseen")


def test_the_same_picture_twice_changes_nothing():
    pictures = drive(13.0, stands(1.0))
    assert told([*pictures, *pictures[::7]], the_town()) == told(pictures, the_town())


def an_incident(**fields):
    """A third party's feature where the car on the country road stands."""
    return {
        "feature_id": "feed/incident-9", "kind": "incident", "source_id": "feed",
        "receive_time_us": START_US, "issued_us": None, "valid_from_us": None, "valid_to_us": None,
        "area": a_point(30.0, RURAL_EAST_M), "radius_m": 50.0, "cancelled": False,
        "properties": {}, "topic": "raw.context", "partition": 0, "offset": 1,
    } | fields  # fmt: skip


APPLIES = {
    "context_flags": np.array([8], "<u4").tobytes(),
    "features": ["feed/incident-9"],
    "feature_count": np.array([1], "<u2").tobytes(),
    "feature_index": np.array([0], "<u2").tobytes(),
}


def test_an_event_beside_a_third_partys_incident_names_it():
    opened, _ = told(drive(13.0, stands(1.0), **APPLIES), the_town(), [an_incident()])
    assert opened["incident"] == "feed/incident-9"
    assert (opened["features"], opened["context_flags"]) == (["feed/incident-9"], 8)
    alone, _ = told(drive(13.0, stands(1.0), **APPLIES), the_town())
    assert alone["incident"] is None


@pytest.mark.parametrize(
    "other",
    [
        {"kind": "work_zone"},
        {"properties": {"cause": "14"}},  # somebody goes the wrong way
        {"area": a_point(200.0, RURAL_EAST_M), "radius_m": 500.0},
        {"area": an_area((-400.0, -100.0), (400.0, -100.0), (400.0, 100.0))},
        {"area": ""},
    ],
)
def test_an_event_in_the_area_of_something_else_is_no_duplicate(other):
    opened, _ = told(drive(13.0, stands(1.0), **APPLIES), the_town(), [an_incident(**other)])
    assert (opened["features"], opened["incident"]) == (["feed/incident-9"], None)


def test_who_brakes_hard_at_a_broken_down_vehicle_is_no_duplicate_of_it():
    def place(t):
        speed = 20.0 - 7.0 * min(max(t - 3.0, 0.0), 2.0)
        return [{"x_m": 10.0 * t, "y_m": RURAL_EAST_M, "vx_mps": speed, "heading_rad": 0.0}]

    broken_down = an_incident(properties={"cause": "91"}, area=a_point(50.0, RURAL_EAST_M))
    opened, *_ = told(drive(8.0, place, **APPLIES), the_town(), [broken_down])
    assert (opened["kind"], opened["incident"]) == ("hard_braking", None)


def test_an_incident_that_is_reported_later_is_told_and_stays():
    """A third party reports what we told already; then the vehicle is towed away."""
    feature = an_incident(receive_time_us=START_US + 14_000_000)
    pictures = drive(18.0, stands(1.0))
    later = [one | APPLIES if one["tick_us"] > START_US + 14_000_000 else one for one in pictures]
    found = told(later, the_town(), [feature])
    assert [(one["change"], one["incident"]) for one in found] == [
        ("opened", None), ("updated", "feed/incident-9"), ("closed", "feed/incident-9"),
    ]  # fmt: skip


@pytest.mark.parametrize(("y_m", "severity"), [(RURAL_EAST_M, 2), (EAST_M[1], 3)])
def test_a_stop_on_a_fast_road_is_graver(y_m, severity):
    def place(t):
        return [one | {"y_m": y_m} for one in stands(1.0)(t)]

    opened, *_ = told(drive(13.0, place), the_town())
    assert opened["severity"] == severity
    where = msgspec.json.decode(opened["area"])
    lat, lon = degrees(10.0, y_m)
    assert (where["type"], where["coordinates"]) == ("Point", pytest.approx([lon, lat], abs=2e-6))
    assert opened["radius_m"] > 0.0


def test_weather_is_told_with_the_event():
    fog = {"visibility_m": 400.0, "wind_mps": None}
    opened, _ = told(drive(13.0, stands(1.0), weather=[fog]), the_town())
    assert opened["weather"] == {"visibility_m": 400.0}


def test_without_roads_nobody_stands_in_a_lane():
    assert told(drive(13.0, stands(1.0))) == []


@pytest.mark.parametrize(("sigma_m", "kinds"), [(0.2, {"wrong_way"}), (3.0, set())])
def test_what_the_covariance_leaves_open_is_not_told(sigma_m, kinds):
    def place(t):
        user = {"x_m": -50 + 15.0 * t, "y_m": RURAL_WEST_M, "vx_mps": 15.0, "heading_rad": 0.0}
        return [user | {"cov_xx_m2": sigma_m**2, "cov_yy_m2": sigma_m**2}]

    assert {one["kind"] for one in told(drive(6.0, place), the_town())} == kinds


def test_records_have_the_fields_of_the_schema(stop):
    fields = [field["name"] for field in schemas.load("road_event")["fields"]]
    assert [list(one) for one in stop] == [fields, fields]
    assert msgspec.msgpack.encode(stop[0])
