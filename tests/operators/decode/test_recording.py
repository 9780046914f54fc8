"""Lines of the station's own Recording files, local and geographic."""

import json
import math
from typing import Any

import pytest

from operators.decode.decoded import DecodedFrame, Space
from operators.decode.registry import decode
from operators.decode.rows import id_hash
from operators.errors import DecodeError
from operators.frame import ObjectClass, ObjectFlag
from operators.reasons import Reason

LOCAL: dict[str, Any] = {
    "x": 1.0, "y": 2.0, "z": 0.5, "heading_rad": 0.25, "length_m": 4.5, "width_m": 1.8,
    "height_m": 1.5, "score": 0.9, "class": "car", "local_id": "7", "vx": 3.0, "vy": 4.0,
    "position_cov": [0.25, 0.0, 0.0, 0.09],
}  # fmt: skip


def line(*objects: dict[str, Any], **changes: Any) -> bytes:
    plain = {"source": "s1", "event_time_us": 5, "receive_time_us": 6, "frame": "local"}
    return json.dumps(plain | {"objects": list(objects)} | changes).encode()


def frame(*objects: dict[str, Any], **changes: Any) -> DecodedFrame:
    (found,) = decode("recording.json", line(*objects, **changes), 0).frames
    return found


def test_local_line_comes_back_as_it_is() -> None:
    found = frame(LOCAL)
    one = found.observations[0]
    assert (found.source_id, found.event_time_us, found.space) == ("s1", 5, Space.LOCAL)
    assert found.position.tolist() == [[1.0, 2.0]]
    names = ("z_m", "heading_rad", "length_m", "vx_mps", "vy_mps", "cov_xx_m2", "cov_yy_m2")
    assert [one[n] for n in names] == pytest.approx([0.5, 0.25, 4.5, 3.0, 4.0, 0.25, 0.09])
    assert (one["object_class"], one["local_id"]) == (ObjectClass.CAR, id_hash("7"))


def test_geographic_heading_is_clockwise_from_north() -> None:
    one = {"lat_deg": 50.0, "lon_deg": 8.0, "alt_m": 99.0, "heading_rad": math.pi / 2}
    found = frame(one, frame="wgs84")
    assert (found.space, found.position.tolist()) == (Space.GEOGRAPHIC, [[8.0, 50.0]])
    assert math.isclose(found.observations[0]["heading_rad"], 0.0, abs_tol=1e-7)
    assert found.observations[0]["z_m"] == 99.0


def test_three_by_three_covariance_gives_its_upper_block() -> None:
    one = frame(LOCAL | {"position_cov": [4.0, 1.0, 0, 1.0, 2.0, 0, 0, 0, 1]}).observations[0]
    assert [one[n] for n in ("cov_xx_m2", "cov_xy_m2", "cov_yy_m2")] == [4.0, 1.0, 2.0]


def test_missing_and_null_fields_are_unknown() -> None:
    found = frame({"x": 1, "y": 2}, dict.fromkeys(LOCAL) | {"x": 1, "y": 2})
    a, b = found.observations
    assert math.isnan(a["heading_rad"])
    assert math.isnan(a["vx_mps"])
    assert a["local_id"] == 0
    b["index"] = 0
    assert a.tobytes() == b.tobytes()


def test_object_without_position_is_refused() -> None:
    found = frame({"x": 1.0}, LOCAL)
    assert (found.observations["index"].tolist(), found.refused) == ([1], 1)


def test_empty_line_is_an_empty_frame() -> None:
    assert len(frame().observations) == 0


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (line({"x": 1.0}), Reason.UNAVAILABLE),
        (line(LOCAL, frame="gcj02"), Reason.WRONG_TYPE),
        (line(LOCAL | {"position_cov": [1.0, 2.0]}), Reason.WRONG_TYPE),
        (line(LOCAL | {"x": 1e9}), Reason.OUT_OF_RANGE),
        (line(LOCAL | {"position_cov": [1.0] * 10}), Reason.TOO_MANY_OBJECTS),
        (line({"lat_deg": 91, "lon_deg": 0}, frame="wgs84"), Reason.OUT_OF_RANGE),
        (line(event_time_us="now"), Reason.WRONG_TYPE),
        (line(*[{"x": 0, "y": 0}] * 10_001), Reason.TOO_MANY_OBJECTS),
    ],
)
def test_wrong_lines_are_named(payload: bytes, expected: Reason) -> None:
    with pytest.raises(DecodeError) as caught:
        decode("recording.json", payload, 0)
    assert caught.value.reason is expected


def test_flags_are_read_by_name_and_unknown_ones_passed_over() -> None:
    found = frame({"x": 1, "y": 2, "flags": ["siren", "BRAKING", "of_tomorrow"]})
    assert found.observations["flags"].tolist() == [ObjectFlag.SIREN | ObjectFlag.BRAKING]
