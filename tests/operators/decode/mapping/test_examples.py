"""The mappings that are shipped: the messages in their comments, read by hand."""

import json

import numpy as np
import pytest

from operators.decode.decoded import Space
from operators.decode.formats import Formats
from operators.frame import FrameFlag, ObjectClass, SourceKind
from tests.operators.decode.mapping.feeds import ANCHOR_US, CALLS, EXAMPLES, LOOPS, MESSAGES, SCAN

FORMATS = Formats(EXAMPLES)
NOON_US = 1_772_683_200_000_000  # 2026-03-05T12:00:00+08:00


def test_every_example_is_tested():
    assert set(MESSAGES) == set(EXAMPLES)


@pytest.mark.parametrize("name", MESSAGES)
def test_an_example_is_a_format_of_its_station(name):
    info = FORMATS[f"mapping.{name}"]
    assert info.kind == (SourceKind.FEED if name == "dispatch" else SourceKind.ROADSIDE)
    assert info.topic == ("raw.context" if name == "dispatch" else "raw.roadside")
    assert f"mapping.{name}" in set(FORMATS)


def test_a_scan_of_the_radar():
    (frame,) = FORMATS.decode("mapping.crossing-radar", MESSAGES["crossing-radar"], 0).frames
    assert (frame.source_id, frame.event_time_us) == ("RV-17", 1_790_000_000_123_000)
    assert (frame.space, frame.flags) == (Space.LOCAL, FrameFlag.FILTERED)
    np.testing.assert_array_equal(frame.position, [[-12.3, 45.0], [3.5, 20.0]])
    seen = frame.observations
    np.testing.assert_array_equal(seen["object_class"], [ObjectClass.CAR, ObjectClass.PEDESTRIAN])
    np.testing.assert_allclose(seen["length_m"], [4.6, np.nan], rtol=1e-6)
    np.testing.assert_allclose(seen["vy_mps"], [-8.1, 0.0], rtol=1e-6)
    np.testing.assert_allclose(seen["score"], [0.87, 0.40], rtol=1e-6)
    np.testing.assert_allclose(seen["cov_xx_m2"], 0.64, rtol=1e-6)
    np.testing.assert_allclose(seen["cov_yy_m2"], 0.09, rtol=1e-6)
    assert len(set(seen["local_id"].tolist())) == 2


def test_a_scan_that_saw_nothing_is_a_frame_of_its_time():
    empty = json.dumps(SCAN | {"targets": []}).encode()
    (frame,) = FORMATS.decode("mapping.crossing-radar", empty, 0).frames
    assert (frame.source_id, frame.event_time_us) == ("RV-17", 1_790_000_000_123_000)
    assert (len(frame.observations), frame.refused) == (0, 0)


def test_vehicles_over_loops_are_frames_of_their_times_at_the_places_of_the_loops():
    day_us = 86_400_000_000
    anchor_us = day_us * 20_500 + (13 * 3600 + 3 * 60 + 8) * 1_000_000  # 14:03:08 in the zone
    first, second = FORMATS.decode("mapping.loops", LOOPS, anchor_us).frames
    assert first.event_time_us == anchor_us - 750_000
    assert second.event_time_us == anchor_us + 1_000_000
    np.testing.assert_array_equal(first.position, [[9.9937, 53.5511], [9.99375, 53.5511]])
    seen = first.observations
    heading = np.radians(90 - 350)
    np.testing.assert_allclose(seen["heading_rad"], heading, rtol=1e-6)
    expected = [25.0 * np.cos(heading), np.nan]  # -1 is the loop's word for unknown
    np.testing.assert_allclose(seen["vx_mps"], expected, rtol=1e-6)
    np.testing.assert_allclose(seen["length_m"], [4.32, 16.5], rtol=1e-6)
    np.testing.assert_array_equal(seen["object_class"], [ObjectClass.CAR, ObjectClass.TRUCK])
    np.testing.assert_allclose(seen["speed_sigma_mps"], 5 / 3.6 / 1.96, rtol=1e-6)
    assert second.observations["object_class"].tolist() == [ObjectClass.UNKNOWN]
    assert np.isnan(second.observations["length_m"]).all()


def test_calls_of_the_desk_are_features():
    accident, ride = FORMATS.decode("mapping.dispatch", MESSAGES["dispatch"], ANCHOR_US).features
    assert accident.feature_id == "dispatch/2026-4711"
    assert (accident.kind, accident.cancelled, accident.datum) == ("incident", False, "GCJ-02")
    assert accident.valid_from_us == NOON_US - 470_000_000
    assert accident.valid_to_us == accident.valid_from_us + 7_200_000_000
    assert json.loads(accident.area) == {"type": "Point", "coordinates": [116.4000123, 39.9000456]}
    assert accident.radius_m == 300.0
    assert accident.properties == {"code": "TH2", "description": "lorry on its side"}
    assert (ride.kind, ride.cancelled) == ("emergency", True)
    assert ride.properties == {"code": "RD1"}


def test_a_call_without_a_place_is_rejected_by_name():
    calls = json.loads(json.dumps(CALLS))
    del calls["calls"][1]["where"]["lat"]
    with pytest.raises(ValueError, match="MISSING_FIELD: object 1 has no id, place or radius"):
        FORMATS.decode("mapping.dispatch", json.dumps(calls).encode(), ANCHOR_US)
