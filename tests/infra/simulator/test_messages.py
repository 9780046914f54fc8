"""Messages decoded by hand from the units that the standards publish."""

import json
import math
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from pyproj import Geod

from infra.simulator.bsm import encode_bsm
from infra.simulator.context import emergency_alert, fog_report
from infra.simulator.frames import SensorFrame
from infra.simulator.placement import Placement
from infra.simulator.recording import recording_lines
from infra.simulator.roadside import RoadsideUnit
from infra.simulator.rsm import encode_rsm, position_confidence
from operators.frame import ObjectClass

SAMPLE = Path(__file__).parents[3] / "../shared/data/jpo-ode/sample.ode-bsm-reference.v9.json"
PLACE = Placement(lat_deg=31.0, lon_deg=118.0, alt_m=20.0)
UNIT = RoadsideUnit("RSU-0001", 5.0, 5.0)
EVENT_US = 1_763_850_059_987_000  # 22:20:59.987


def frame(n=1, **columns):
    """Frame of n cars; each column may be given."""
    given = {
        "object_index": 0,
        "local_id": 7,
        "object_class": int(ObjectClass.CAR),
        "x_m": 30.0,
        "y_m": 40.0,
        "speed_mps": 10.0,
        "heading_rad": 0.0,
        "length_m": 4.62,
        "width_m": 1.81,
        "height_m": 1.5,
        "position_sigma_m": 0.7,
        "score": 0.9,
    } | columns
    return SensorFrame(
        "RSU-0001",
        EVENT_US,
        EVENT_US,
        EVENT_US + 60_000,
        **{name: np.full(n, value) for name, value in given.items()},
    )


def participant(**columns):
    message = json.loads(encode_rsm(frame(**columns), UNIT, PLACE, 0)[0])
    return message["content"]["rsms"][0]["participants"][0]


def core(**columns):
    message = json.loads(encode_bsm(frame(**columns), PLACE, 130, 0))
    return message["payload"]["data"]["value"]["BasicSafetyMessage"]["coreData"]


def assert_is_30_east_40_north(lat, lon):
    azimuth, _, distance = Geod(ellps="WGS84").inv(118.0, 31.0, lon / 1e7, lat / 1e7)
    assert distance == pytest.approx(50.0, abs=0.02)
    assert azimuth == pytest.approx(math.degrees(math.atan2(30, 40)), abs=0.03)


def test_rsm_has_the_published_units():
    one = participant()
    assert one["secMark"] == 59_987
    assert one["speed"] == 500  # 0.02 m/s
    assert one["heading"] == 7200  # east, 0.0125 deg clockwise from north
    assert one["size"] == {"width": 181, "length": 462, "height": 30}  # cm, cm, 5 cm
    assert one["pos"]["ele"] == 200  # 0.1 m
    assert_is_30_east_40_north(one["pos"]["lat"], one["pos"]["lon"])


def test_rsm_marks_what_is_not_measured():
    nothing = dict.fromkeys(("speed_mps", "heading_rad", "length_m", "width_m", "height_m"), np.nan)
    one = participant(**nothing)
    assert (one["speed"], one["heading"]) == (8191, 28800)
    assert one["size"] == {"width": 0, "length": 0, "height": 0}


@pytest.mark.parametrize(
    ("heading_rad", "raw"), [(math.pi / 2, 0), (math.pi, 21600), (-math.pi / 2, 14400)]
)
def test_heading_is_clockwise_from_north(heading_rad, raw):
    assert participant(heading_rad=heading_rad)["heading"] == raw
    assert core(heading_rad=heading_rad)["heading"] == raw


@pytest.mark.parametrize(
    ("kind", "name", "vehicle_class"),
    [("CAR", "motor", 10), ("TRUCK", "motor", 25), ("BUS", "motor", 50),
     ("BICYCLE", "non-motor", None), ("PEDESTRIAN", "pedestrian", None)],
)  # fmt: skip
def test_rsm_names_the_type(kind, name, vehicle_class):
    one = participant(object_class=int(ObjectClass[kind]))
    assert one["ptcType"] == name
    assert one.get("vehicleClass", {}).get("classification") == vehicle_class


@pytest.mark.parametrize(
    ("sigma_m", "code"), [(0.816, 8), (0.818, 7), (0.4, 9), (300.0, 0), (0.004, 15)]
)
def test_position_confidence_is_the_finest_that_holds_95_percent(sigma_m, code):
    assert position_confidence(sigma_m) == code  # 8 is 2 m: 2 / 2.4477 = 0.8171


def test_a_large_frame_spans_messages_of_16_with_equal_id_and_mark():
    bodies = [json.loads(m)["content"]["rsms"] for m in encode_rsm(frame(35), UNIT, PLACE, 127)]
    assert [len(rsms) for rsms in bodies] == [1, 1, 1]
    assert [len(rsms[0]["participants"]) for rsms in bodies] == [16, 16, 3]
    assert [rsms[0]["msgCnt"] for rsms in bodies] == [127, 0, 1]
    assert {rsms[0]["id"] for rsms in bodies} == {"RSU-0001"}
    assert {p["secMark"] for rsms in bodies for p in rsms[0]["participants"]} == {59_987}


def test_a_frame_that_saw_nothing_names_the_unit_itself():
    (message,) = encode_rsm(frame(0), UNIT, PLACE, 0)
    (only,) = json.loads(message)["content"]["rsms"][0]["participants"]
    assert (only["ptcType"], only["ptcId"], only["secMark"]) == ("rsu", 0, 59_987)


def test_bsm_has_the_published_units():
    one = core()
    assert (one["msgCnt"], one["id"], one["secMark"]) == (2, "00000007", 59_987)
    assert (one["speed"], one["elev"]) == (500, 200)  # 0.02 m/s, 0.1 m
    assert one["size"] == {"width": 181, "length": 462}
    assert one["accuracy"]["semiMajor"] == 14  # 0.05 m, one sigma
    assert_is_30_east_40_north(one["lat"], one["long"])


def test_bsm_accuracy_is_never_better_than_the_sigma_and_saturates():
    assert core(position_sigma_m=0.701)["accuracy"]["semiMajor"] == 15
    assert core(position_sigma_m=40.0)["accuracy"]["semiMinor"] == 254


def test_bsm_marks_what_is_not_measured():
    one = core(speed_mps=np.nan, heading_rad=np.nan, length_m=np.nan, width_m=np.nan)
    assert (one["speed"], one["heading"], one["angle"]) == (8191, 28800, 127)
    assert one["size"] == {"width": 0, "length": 0}
    assert (one["accelSet"]["long"], one["accelSet"]["vert"]) == (2001, -127)


def test_bsm_has_the_fields_of_a_real_one():
    real = json.loads(SAMPLE.read_text())
    ours = json.loads(encode_bsm(frame(), PLACE, 0, 0))
    assert set(ours["metadata"]) == set(real["metadata"])
    assert ours["payload"]["dataType"] == real["payload"]["dataType"]
    bodies = [m["payload"]["data"]["value"]["BasicSafetyMessage"]["coreData"] for m in (ours, real)]
    assert set(bodies[0]) == set(bodies[1])
    for name, value in bodies[1].items():
        assert type(bodies[0][name]) is type(value)


def test_height_of_a_probe_is_in_part_two():
    message = json.loads(encode_bsm(frame(object_class=int(ObjectClass.BUS)), PLACE, 0, 0))
    (part,) = message["payload"]["data"]["value"]["BasicSafetyMessage"]["partII"]
    extension = part["partII-Value"]["SupplementalVehicleExtensions"]
    assert extension["vehicleData"]["height"] == 30  # 5 cm
    assert extension["classDetails"]["keyType"] == 50


def test_weather_report_is_fog_at_the_time_given():
    assert fog_report(EVENT_US).split()[:3] == ["METAR", "ZZDP", "222220Z"]
    assert " 0400 FG " in fog_report(EVENT_US)


def test_alert_is_valid_cap_with_a_closed_polygon_latitude_first():
    root = ET.fromstring(emergency_alert(EVENT_US, PLACE, ((0, 0), (100, 0), (100, 100))))
    names = {"cap": "urn:oasis:names:tc:emergency:cap:1.2"}
    assert root.findtext("cap:sent", namespaces=names) == "2025-11-22T22:20:59-00:00"
    polygon = root.findtext("cap:info/cap:area/cap:polygon", namespaces=names)
    points = [tuple(map(float, pair.split(","))) for pair in polygon.split()]
    assert points[0] == points[-1] == (31.0, 118.0)
    assert len(points) == 4


def test_recording_gives_box_centres_in_both_frames():
    (local,) = map(json.loads, recording_lines([frame(heading_rad=0.1)], "local", PLACE))
    (wgs84,) = map(json.loads, recording_lines([frame(heading_rad=0.1)], "wgs84", PLACE))
    here, there = local["objects"][0], wgs84["objects"][0]
    assert [here[k] for k in ("x", "y", "z", "heading_rad")] == [30.0, 40.0, 0.75, 0.1]
    assert here["position_cov"] == pytest.approx([0.49, 0, 0, 0.49])
    assert there["alt_m"] == pytest.approx(20.75, abs=0.001)
    assert there["heading_rad"] == pytest.approx(math.pi / 2 - 0.1)
    assert_is_30_east_40_north(there["lat_deg"] * 1e7, there["lon_deg"] * 1e7)
    assert (local["frame"], wgs84["frame"]) == ("local", "wgs84")
    assert wgs84["event_time_us"] == EVENT_US


def test_recording_writes_null_for_what_is_not_measured():
    line = next(iter(recording_lines([frame(heading_rad=np.nan, length_m=np.nan)], "wgs84", PLACE)))
    (one,) = json.loads(line)["objects"]
    assert (one["heading_rad"], one["length_m"], one["vx"]) == (None, None, None)
    assert one["class"] == "car"
