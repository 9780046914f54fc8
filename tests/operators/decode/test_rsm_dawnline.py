"""The DAWNLINE dialect, against the one sample that exists."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from operators.decode.decoded import DecodedFrame, Space
from operators.decode.registry import decode
from operators.decode.rows import id_hash
from operators.errors import DecodeError
from operators.frame import FrameFlag, ObjectClass
from operators.reasons import Reason

SAMPLE = Path(__file__).parents[3].parent / "shared/data/openv2x/rsm.dawnline.json"
SENT_US = 1_653_016_783_500_000


def participant(**changes: Any) -> dict[str, Any]:
    plain = {"ptcType": "motor", "ptcId": 6, "pos_lat": 31.9, "pos_lon": 118.8, "secMark": 43_500}
    return plain | {"source": 3, "speed": 10.0, "heading": 90.0} | changes


def frames(*participants: dict[str, Any]) -> tuple[DecodedFrame, ...]:
    payload = [{"dev_pos": {"lat": 1, "lon": 2}, "content": list(participants)}]
    return decode("rsm.dawnline.json", json.dumps(payload).encode(), SENT_US + 500_000).frames


def test_sample_in_its_wrapper() -> None:
    (found,) = decode("rsm.dawnline.json", SAMPLE.read_bytes(), 0).frames
    one = found.observations[0]
    assert (found.source_id, found.event_time_us) == ("R328328", SENT_US)
    assert found.space is Space.GEOGRAPHIC
    assert found.position.tolist() == [[118.82304885831456, 31.935221261941393]]
    assert math.isclose(math.hypot(one["vx_mps"], one["vy_mps"]), 7.8783015905704525, rel_tol=1e-6)
    assert math.isclose(math.degrees(one["heading_rad"]), 90 - 264.3102381554889, rel_tol=1e-6)
    assert one["local_id"] == id_hash("ad6de")


def test_bare_payload_says_the_same_but_for_the_unit() -> None:
    bare = json.dumps(json.loads(SAMPLE.read_bytes())["payload"]).encode()
    (found,) = decode("rsm.dawnline.json", bare, 0).frames
    (wrapped,) = decode("rsm.dawnline.json", SAMPLE.read_bytes(), 0).frames
    assert found.observations.tobytes() == wrapped.observations.tobytes()
    assert found.source_id is None


def test_units_are_physical() -> None:
    (found,) = frames(participant(width=1.8, length=5, height=1.5))
    one = found.observations[0]
    assert found.event_time_us == SENT_US
    assert (one["vx_mps"], round(float(one["vy_mps"]), 6)) == (10.0, 0.0)
    assert (one["length_m"], one["object_class"]) == (5.0, ObjectClass.CAR)
    assert math.isnan(one["cov_xx_m2"])


def test_epoch_stamp_goes_before_the_mark() -> None:
    (found,) = frames(participant(timeStamp=1_653_016_780_000))
    assert found.event_time_us == SENT_US - 3_500_000


def test_object_of_another_time_is_refused() -> None:
    (found,) = frames(participant(), participant(), participant(timeStamp=1_653_000_000_000))
    assert (len(found.observations), found.refused) == (2, 1)


def test_the_unit_itself_is_no_observation() -> None:
    (found,) = frames(participant(ptcId=0), participant(ptcType="rsu"))
    assert (len(found.observations), found.refused, found.event_time_us) == (0, 0, SENT_US)


def test_integrated_source_flags_the_frame() -> None:
    assert frames(participant(source=7))[0].flags == FrameFlag.FUSED
    assert frames(participant(source=4))[0].flags == 0


def test_unknown_values_are_unknown() -> None:
    one = frames(participant(speed=None, heading=None, width=0))[0].observations[0]
    assert all(math.isnan(one[n]) for n in ("vx_mps", "heading_rad", "width_m", "length_m"))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"pos_lat": 90.1}, Reason.OUT_OF_RANGE),
        ({"pos_lon": -180.1}, Reason.OUT_OF_RANGE),
        ({"heading": 360.1}, Reason.OUT_OF_RANGE),
        ({"speed": -1.0}, Reason.OUT_OF_RANGE),
        ({"pos_lat": None}, Reason.WRONG_TYPE),
        ({"pos_lat": float("nan")}, Reason.NOT_FINITE),
    ],
)
def test_wrong_fields_are_named(changes: dict[str, Any], expected: Reason) -> None:
    with pytest.raises(DecodeError) as caught:
        frames(participant(**changes))
    assert caught.value.reason is expected
