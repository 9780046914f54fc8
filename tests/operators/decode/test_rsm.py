"""Roadside safety messages of T/CSAE 53-2020, by hand."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.decode.decoded import DecodedFrame, Space
from operators.decode.registry import decode
from operators.decode.rows import id_hash
from operators.errors import DecodeError
from operators.frame import FrameFlag, ObjectClass
from operators.reasons import Reason

ANCHOR_US = 1_653_016_784_000_000  # 2022-05-20T03:19:44Z
REF = {"lat": 319_348_466, "lon": 1_188_213_963, "ele": 100}


def participant(**changes: Any) -> dict[str, Any]:
    plain = {
        "ptcType": "motor", "ptcId": 5, "source": 3, "secMark": 43_900,
        "pos": {"lat": 319_351_607, "lon": 1_188_229_277, "ele": 123},
        "speed": 500, "heading": 7200, "size": {"width": 180, "length": 500, "height": 30},
    }  # fmt: skip
    return plain | changes


def rsm(*participants: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"id": "R328328", "refPos": REF, "participants": list(participants)} | changes


def frame(*participants: dict[str, Any], **changes: Any) -> DecodedFrame:
    (found,) = decode(
        "rsm.json", json.dumps(rsm(*participants, **changes)).encode(), ANCHOR_US
    ).frames
    return found


def error_of(payload: object) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        decode("rsm.json", json.dumps(payload).encode(), ANCHOR_US)
    return caught.value


def test_units_by_hand() -> None:
    found = frame(participant())
    one = found.observations[0]
    assert (found.source_id, found.space) == ("R328328", Space.GEOGRAPHIC)
    assert found.position.tolist() == [[118.8229277, 31.9351607]]
    assert found.event_time_us == ANCHOR_US - 100_000
    assert (one["vx_mps"], round(float(one["vy_mps"]), 6)) == (10.0, 0.0)
    assert [round(float(one[n]), 3) for n in ("length_m", "width_m", "height_m", "z_m")] == [
        5.0, 1.8, 1.5, 12.3,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "shape",
    [lambda r: r, lambda r: {"rsms": [r]}, lambda r: {"name": "x", "content": {"rsms": [r]}}],
)
def test_three_shapes_say_the_same(shape: Any) -> None:
    payload = json.dumps(shape(rsm(participant()))).encode()
    (found,) = decode("rsm.json", payload, ANCHOR_US).frames
    assert found.observations.tobytes() == frame(participant()).observations.tobytes()
    assert found.source_id == "R328328"


def test_each_rsm_of_a_record_is_a_frame() -> None:
    payload = {"id": "outer", "content": {"rsms": [rsm(participant()), rsm(id=None)]}}
    found = decode("rsm.json", json.dumps(payload).encode(), ANCHOR_US).frames
    assert [(f.source_id, len(f.observations)) for f in found] == [("R328328", 1), ("outer", 0)]


def test_participants_keep_their_own_instants() -> None:
    found = frame(*(participant(ptcId=k, secMark=43_900 + 10 * k) for k in (1, 2, 3)))
    assert found.event_time_us == ANCHOR_US - 80_000  # the median
    assert found.observations["time_offset_us"].tolist() == [-10_000, 0, 10_000]


def test_one_wild_mark_moves_only_its_own_object() -> None:
    found = frame(participant(), participant(ptcId=6), participant(ptcId=7, secMark=20_000))
    assert found.event_time_us == ANCHOR_US - 100_000
    assert found.observations["time_offset_us"].tolist() == [0, 0, -23_900_000]


def test_marks_around_the_minute_stay_together() -> None:
    pair = [participant(secMark=59_980), participant(ptcId=6, secMark=20)]
    payload = json.dumps(rsm(*pair)).encode()
    (found,) = decode("rsm.json", payload, 1_653_016_800_000_000).frames
    assert found.observations["time_offset_us"].tolist() == [0, 40_000]


def test_mark_that_is_no_instant_takes_the_frames_time() -> None:
    found = frame(participant(), participant(ptcId=6, secMark=65_535))
    assert found.observations["time_offset_us"].tolist() == [0, 0]
    assert frame(participant(secMark=60_000)).event_time_us is None


def test_message_that_saw_nothing_is_an_empty_frame() -> None:
    assert (len(frame().observations), frame().event_time_us) == (0, None)
    assert frame(secMark=43_900).event_time_us == ANCHOR_US - 100_000


@pytest.mark.parametrize(
    "own", [{"ptcId": 0}, {"ptcType": "rsu"}, {"ptcType": 4}, {"ptcType": "4"}]
)
def test_the_unit_itself_is_no_observation(own: dict[str, Any]) -> None:
    found = frame(participant(**own), participant(ptcId=9))
    assert (found.observations["index"].tolist(), found.refused) == ([1], 0)


@pytest.mark.parametrize(
    ("source", "fused"), [(7, True), ("integrated", True), (2, True), (3, False), ("6", False)]
)
def test_fused_sources_flag_the_frame(source: int | str, fused: bool) -> None:
    assert frame(participant(source=source)).flags == (FrameFlag.FUSED if fused else 0)


@pytest.mark.parametrize(
    ("code", "sigma"),
    [("a50cm", 0.5 / 2.4477), (10, 0.5 / 2.4477), ("a1m", 1 / 2.4477), (1, 500 / 2.4477)],
)
@pytest.mark.parametrize("key", ["accuracy", "posConfidence"])
def test_position_confidence_is_a_95_percent_radius(
    key: str, code: int | str, sigma: float
) -> None:
    for given_as in (code, {"pos": code}):
        one = frame(participant(**{key: given_as})).observations[0]
        assert math.isclose(one["cov_xx_m2"], sigma**2, rel_tol=1e-5)
        assert (one["cov_yy_m2"], one["cov_xy_m2"]) == (one["cov_xx_m2"], 0.0)


@pytest.mark.parametrize("accuracy", [0, "unavailable", {"pos": 0}, None])
def test_unavailable_confidence_is_an_unknown_covariance(accuracy: Any) -> None:
    assert math.isnan(frame(participant(accuracy=accuracy)).observations[0]["cov_xx_m2"])


def test_motion_confidences_are_95_percent_of_one_axis() -> None:
    one = frame(participant(motionCfd={"speedCfd": 4, "headingCfd": "prec01deg"})).observations[0]
    assert math.isclose(one["speed_sigma_mps"], 1 / 1.96, rel_tol=1e-6)
    assert math.isclose(one["heading_sigma_rad"], math.radians(1) / 1.96, rel_tol=1e-6)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"ptcType": "motor"}, "CAR"), ({"ptcType": 1}, "CAR"), ({"ptcType": "2"}, "BICYCLE"),
        ({"ptcType": "non-motor"}, "BICYCLE"), ({"ptcType": "pedestrian"}, "PEDESTRIAN"),
        ({"ptcType": 0}, "UNKNOWN"), ({"vehicleClass": 25}, "TRUCK"),
        ({"vehicleClass": {"classification": 53}}, "BUS"), ({"vehicleClass": 0}, "CAR"),
        ({"ptcType": "non-motor", "vehicleClass": 40}, "MOTORCYCLE"),
    ],
)  # fmt: skip
def test_class_is_vehicle_class_before_type(changes: dict[str, Any], expected: str) -> None:
    assert frame(participant(**changes)).observations[0]["object_class"] == ObjectClass[expected]


@pytest.mark.parametrize(
    ("choice", "limit"),
    [
        ("position-LL1", 2047), ("position-LL2", 8191), ("position-LL3", 32_767),
        ("position-LL4", 131_071), ("position-LL5", 2_097_151), ("position-LL6", 8_388_607),
    ],
)  # fmt: skip
def test_offsets_count_from_the_reference(choice: str, limit: int) -> None:
    offset = {"offsetLL": {choice: {"lat": limit, "lon": -limit - 1}}, "offsetV": {"offset1": -5}}
    found = frame(participant(pos=offset))
    assert found.position.tolist() == [[(REF["lon"] - limit - 1) / 1e7, (REF["lat"] + limit) / 1e7]]
    assert math.isclose(found.observations[0]["z_m"], 9.5, rel_tol=1e-6)
    beyond = {"offsetLL": {choice: {"lat": limit + 1, "lon": 0}}}
    assert error_of(rsm(participant(pos=beyond))).reason is Reason.OUT_OF_RANGE


def test_absolute_choice_needs_no_reference() -> None:
    pos = {"offsetLL": {"position-LatLon": {"lat": 10, "lon": 20}}, "offsetV": {"elevation": 55}}
    found = frame(participant(pos=pos), refPos=None)
    assert found.position.tolist() == [[20 / 1e7, 10 / 1e7]]
    assert math.isclose(found.observations[0]["z_m"], 5.5)


def test_offset_without_reference_misses_a_field() -> None:
    pos = {"offsetLL": {"position-LL1": {"lat": 1, "lon": 1}}}
    assert error_of(rsm(participant(pos=pos), refPos=None)).reason is Reason.MISSING_FIELD


@pytest.mark.parametrize(
    "pos",
    [
        {"lat": 900_000_001, "lon": 0},
        {"lat": 0, "lon": 1_800_000_001},
        {"offsetLL": {"position-LatLon": {"lat": 900_000_001, "lon": 0}}},
    ],
)
def test_object_without_position_is_refused(pos: dict[str, Any]) -> None:
    found = frame(participant(pos=pos), participant(ptcId=6))
    assert (found.observations["index"].tolist(), found.refused) == ([1], 1)
    assert error_of(rsm(participant(pos=pos))).reason is Reason.UNAVAILABLE


def test_offset_from_unknown_reference_is_refused() -> None:
    pos = {"offsetLL": {"position-LL1": {"lat": 1, "lon": 1}}}
    gone = {"lat": 900_000_001, "lon": 1_800_000_001}
    assert error_of(rsm(participant(pos=pos), refPos=gone)).reason is Reason.UNAVAILABLE


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"speed": 8191}, ["vx_mps", "vy_mps"]),
        ({"heading": 28_800}, ["heading_rad", "vx_mps"]),
        ({"size": {"width": 0, "length": 0, "height": 0}}, ["length_m", "width_m", "height_m"]),
        ({"pos": {"lat": 1, "lon": 1, "ele": -4096}}, ["z_m"]),
        ({"pos": {"lat": 1, "lon": 1, "ele": None}}, ["z_m"]),
    ],
)
def test_sentinels_are_unknown(changes: dict[str, Any], names: list[str]) -> None:
    one, plain = frame(participant(**changes)).observations[0], frame(participant()).observations[0]
    assert all(math.isnan(one[n]) and not math.isnan(plain[n]) for n in names)


def test_global_track_id_is_the_local_id_where_there_is_one() -> None:
    assert frame(participant()).observations["local_id"][0] == id_hash("5")
    assert frame(participant(global_track_id="ad5de")).observations["local_id"][0] == id_hash(
        "ad5de"
    )


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({}, Reason.MISSING_FIELD),
        ({"rsms": [{"id": "x"}]}, Reason.MISSING_FIELD),
        (rsm(participant(pos={})), Reason.MISSING_FIELD),
        (rsm(participant(ptcType=5)), Reason.OUT_OF_RANGE),
        (rsm(participant(ptcType="tank")), Reason.OUT_OF_RANGE),
        (rsm(participant(source=8)), Reason.OUT_OF_RANGE),
        (rsm(participant(accuracy="a3m")), Reason.OUT_OF_RANGE),
        (rsm(participant(accuracy=16)), Reason.OUT_OF_RANGE),
        (rsm(participant(ptcId=65_536)), Reason.OUT_OF_RANGE),
        (rsm(participant(speed=8192)), Reason.OUT_OF_RANGE),
        (rsm(participant(speed="fast")), Reason.WRONG_TYPE),
        (rsm(participant(pos={"offsetLL": {}})), Reason.MALFORMED),
        (
            rsm(participant(pos={"offsetLL": {"position-LL9": {"lat": 0, "lon": 0}}})),
            Reason.OUT_OF_RANGE,
        ),
        ([], Reason.WRONG_TYPE),
    ],
)
def test_wrong_messages_are_named(payload: object, expected: Reason) -> None:
    assert error_of(payload).reason is expected


def test_detail_names_the_path_of_the_field() -> None:
    assert "participants[1].speed" in error_of(rsm(participant(), participant(speed="x"))).detail


@given(
    st.lists(
        st.tuples(
            st.integers(-900_000_000, 900_000_000), st.integers(0, 8190), st.integers(0, 59_999)
        ),
        max_size=16,
    )
)
def test_all_participants_come_back(rows: list[tuple[int, int, int]]) -> None:
    ones = [
        participant(ptcId=k + 1, pos={"lat": lat, "lon": lat}, speed=speed, secMark=mark)
        for k, (lat, speed, mark) in enumerate(rows)
    ]
    found = frame(*ones)
    assert found.position[:, 1].tolist() == [lat / 1e7 for lat, _, _ in rows]
    assert found.observations["vx_mps"].tolist() == pytest.approx([s * 0.02 for _, s, _ in rows])
    assert (found.observations["local_id"] != 0).all()
