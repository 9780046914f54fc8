"""Track points of OpenV2X: both recordings, and the units they turn out to have."""

import ast
import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from operators.decode.decoded import DecodedFrame, Space
from operators.decode.registry import decode
from operators.errors import DecodeError
from operators.reasons import Reason

DATA = Path(__file__).parents[3].parent / "shared/data/openv2x"
ANCHOR_US = 1_653_016_784_000_000


def msg58() -> tuple[DecodedFrame, ...]:
    payload = (DATA / "msg58.json").read_bytes()
    return decode("openv2x.points.json", payload, ANCHOR_US).frames


def congestion() -> tuple[dict[str, Any], bytes]:
    tracks = ast.literal_eval((DATA / "congestion_tracks.txt").read_text().splitlines()[0])
    return tracks, json.dumps(tracks).encode()


def device_point(**changes: Any) -> dict[str, Any]:
    plain = {
        "rsuId": "100001", "devicePosLat": 401_234_567, "devicePosLon": 1_161_234_567,
        "ptcType": "motor", "lat": 401_234_567, "lon": 1_161_234_565, "ptcId": 1.0,
        "globalTrackId": "a", "source": 3.0, "secMark": 43_900.0, "x": 10.0, "y": 20.0,
        "speed": 36.0, "heading": 0.1, "width": 1.5, "length": 4.4, "height": 1.5,
    }  # fmt: skip
    return plain | changes


def frames(*points: dict[str, Any]) -> tuple[DecodedFrame, ...]:
    return decode("openv2x.points.json", json.dumps(points).encode(), ANCHOR_US).frames


def test_every_recorded_point_is_an_observation_or_refused() -> None:
    found = msg58()
    assert len(found) == 10  # 5 marks of 2 sensors
    assert sum(len(f.observations) + f.refused for f in found) == 88
    assert {f.source_id for f in found} == {"100001/video", "100001/radar"}


def test_frames_come_in_time_order_with_their_marks() -> None:
    marks = [f.event_time_us // 1000 % 60_000 for f in msg58() if f.event_time_us is not None]
    assert marks == [48_380, 48_380, 49_537, 49_537, 50_694, 50_694, 51_852, 51_852, 53_009, 53_009]


def test_anonymous_places_leave_local_metres() -> None:
    first = msg58()[0]
    assert first.space is Space.LOCAL
    assert first.position[0].tolist() == [813.6447291777099, 751.9740198485101]


def test_device_style_sizes_are_metres() -> None:
    one = msg58()[0].observations[0]
    assert [round(float(one[n]), 2) for n in ("length_m", "width_m", "height_m")] == [4.4, 1.5, 1.5]


def test_reference_style_is_geographic_with_raw_sizes() -> None:
    tracks, payload = congestion()
    found = decode("openv2x.points.json", payload, ANCHOR_US).frames
    assert sum(len(f.observations) for f in found) == sum(map(len, tracks.values()))
    assert {f.source_id for f in found} == {"319348466_1188213963/video"}
    assert found[0].space is Space.GEOGRAPHIC
    assert found[0].position[0].tolist() == [118.8229277, 31.9351607]
    one = found[0].observations[0]
    assert [round(float(one[n]), 2) for n in ("length_m", "width_m", "height_m")] == [5.0, 1.8, 1.5]


def test_map_of_single_points_reads_like_a_list() -> None:
    line = (DATA / "congestion_tracks.txt").read_text().splitlines()[1]
    payload = json.dumps(ast.literal_eval(line)).encode()
    (found,) = decode("openv2x.points.json", payload, ANCHOR_US).frames
    assert len(found.observations) == 48


def moves() -> tuple[np.ndarray, np.ndarray]:
    """Speed over declared speed, and direction against declared heading, of moving pairs."""
    ratios, turns = [], []
    for track in congestion()[0].values():
        for a, b in pairwise(track):
            north = (b["lat"] - a["lat"]) * 1e-7 * 110_870
            east = (b["lon"] - a["lon"]) * 1e-7 * 94_570
            if math.hypot(north, east) > 1.0:
                seconds = (b["secMark"] - a["secMark"]) / 1000
                ratios.append(math.hypot(north, east) / seconds / (b["speed"] * 0.02))
                turns.append(math.degrees(math.atan2(east, north)) + b["heading"] * 0.0125)
    return np.array(ratios), np.array(turns)


def test_recorded_speeds_contradict_the_recorded_motion() -> None:
    ratios, _ = moves()
    assert math.isclose(np.median(ratios), 3.6, abs_tol=0.05)


def test_recorded_headings_are_mirrored() -> None:
    _, turns = moves()
    off = np.abs((turns - 180 + 180) % 360 - 180)
    assert (len(off), int((off < 10).sum())) == (155, 153)


def test_so_velocity_and_heading_stay_unknown() -> None:
    every = np.concatenate([f.observations for f in msg58()])
    assert np.isnan(every["vx_mps"]).all()
    assert np.isnan(every["heading_rad"]).all()
    assert frames(device_point(speed=0.0))[0].observations["vx_mps"].tolist() == [0.0]


def test_later_of_two_points_of_one_id_stands() -> None:
    (found,) = frames(device_point(), device_point(x=11.0), device_point(globalTrackId="b"))
    assert found.position[:, 0].tolist() == [11.0, 10.0]
    assert (found.observations["index"].tolist(), found.refused) == ([1, 2], 1)


def test_kinds_of_source_are_sources_of_their_own() -> None:
    names = {f.source_id for f in frames(*(device_point(source=k) for k in (3.0, 4.0, 6.0, 7.0)))}
    assert names == {f"100001/{n}" for n in ("video", "radar", "lidar", "integrated")}


def test_point_that_left_the_device_is_geographic() -> None:
    (found,) = frames(device_point(lat=401_244_567))
    assert (found.space, found.position.tolist()) == (Space.GEOGRAPHIC, [[116.1234565, 40.1244567]])


def test_point_without_position_is_refused() -> None:
    with pytest.raises(DecodeError) as caught:
        frames(device_point(lat=900_000_001))
    assert caught.value.reason is Reason.UNAVAILABLE


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"x": 1e9}, Reason.OUT_OF_RANGE),
        ({"source": 9.0}, Reason.OUT_OF_RANGE),
        ({"source": 3.5}, Reason.OUT_OF_RANGE),
        ({"secMark": 70_000.0}, Reason.OUT_OF_RANGE),
        ({"ptcType": "tank"}, Reason.OUT_OF_RANGE),
        ({"y": "far"}, Reason.WRONG_TYPE),
        ({"x": float("inf")}, Reason.NOT_FINITE),
    ],
)
def test_wrong_fields_are_named(changes: dict[str, Any], expected: Reason) -> None:
    with pytest.raises(DecodeError) as caught:
        frames(device_point(**changes))
    assert caught.value.reason is expected
