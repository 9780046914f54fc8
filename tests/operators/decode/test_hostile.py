"""Whatever arrives, `decode` answers with content or a DecodeError, and never with a wrong number.

20 000 mutations of one message a format, from a fixed seed, and a corpus of deliberate ones.
"""

import contextlib
import json
import math
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.fuzzing.mutate import mutated, with_wrong_value
from operators.decode.decoded import Decoded
from operators.decode.registry import FORMATS, decode
from operators.errors import DecodeError
from operators.reasons import Reason
from operators.road.network import RoadPart
from tests.operators.decode import (
    test_csae,
    test_gtfs_realtime,
    test_rsap,
    test_rsi,
    test_rsi_dris,
    test_sensor_things,
    test_spat_dris,
)
from tests.operators.decode.cpms import new_cpm, new_object, old_cpm, old_object

DATA = Path(__file__).parents[3].parent / "shared/data"
ANCHOR_US = 1_653_016_784_000_000
RSM = {
    "id": "R1", "refPos": {"lat": 319348466, "lon": 1188213963, "ele": 10},
    "participants": [
        {
            "ptcType": "motor", "ptcId": 5, "source": 3, "secMark": 43900, "speed": 355,
            "heading": 20946, "accuracy": {"pos": "a50cm"}, "vehicleClass": 10,
            "pos": {"offsetLL": {"position-LL4": {"lat": 1, "lon": 2}}},
            "size": {"width": 180, "length": 500, "height": 30},
        }
    ],
}  # fmt: skip
RECORDING = {
    "source": "s", "event_time_us": 1, "receive_time_us": 2, "frame": "local",
    "objects": [{"x": 1.5, "y": 2.5, "class": "car", "position_cov": [1.0, 0.0, 0.0, 1.0]}],
}  # fmt: skip
CAP = (
    '<?xml version="1.0"?><alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>a'
    "</identifier><sender>s</sender><sent>2024-03-05T12:00:00+01:00</sent><status>Actual</status>"
    "<msgType>Alert</msgType><info><category>Fire</category><area><polygon>50,8 50,9 51,9 50,8"
    "</polygon></area></info></alert>"
)
SPAT_CSAE = {
    "spatFrame": {"msgCnt": 1, "moy": 204_186, "intersections": [
        {
            "intersectionId": {"region": 10, "id": 19}, "status": "2000", "moy": 204_186,
            "timeStamp": 20_000, "phases": [{"id": 1, "phaseStates": [
                {"light": "red", "timing": {"counting": {"startTime": 0, "likelyEndTime": 290}}},
                {"light": 6, "timing": {"utcTiming": {"startUTCTime": 1, "likelyEndUTCTime": 2}}},
            ]}],
        },
    ]},
}  # fmt: skip
SPATEM = {
    "message_type": "spatem", "origin": "self", "version": "2.0.0", "source_uuid": "rsu-1",
    "timestamp": 1_653_016_784_000,
    "message": {"protocol_version": 2, "station_id": 7, "intersections": [
        {
            "id": {"region": 250, "id": 7}, "revision": 1, "status": ["fixedTimeOperation"],
            "moy": 204_186, "timestamp": 20_000,
            "states": [{"signal_group": 1, "state_time_speed": [
                {"event_state": 6, "timing": {"min_end_time": 18_000, "likely_time": 36_001}},
            ]}],
        },
    ]},
}  # fmt: skip
MAPEM = {
    "message_type": "mapem", "origin": "self", "version": "2.0.0", "source_uuid": "rsu-1",
    "timestamp": 1_653_016_784_000,
    "message": {"protocol_version": 2, "station_id": 7, "msg_issue_revision": 1, "intersections": [
        {
            "id": {"region": 250, "id": 7}, "revision": 1, "lane_width": 320,
            "ref_point": {"latitude": 487_000_000, "longitude": 23_000_000},
            "speed_limits": [{"type": "vehicleMaxSpeed", "speed": 694}],
            "lane_set": [
                {
                    "lane_id": 1, "ingress_approach": 1,
                    "lane_attributes": {"directional_use": ["ingressPath"], "shared_with": [],
                                        "lane_type": {"vehicle": []}},
                    "node_list": {"nodes": [
                        {"delta": {"node_xy": {"x": 1000, "y": 0}}},
                        {"delta": {"node_xy": {"x": 3000, "y": 0}}, "attributes": {"d_width": 10}},
                        {"delta": {"node_lat_lon": {"lat": 487_000_000, "lon": 23_010_000}}},
                    ]},
                    "connects_to": [{"connecting_lane": {"lane": 2}, "signal_group": 1}],
                },
            ],
        },
    ]},
}  # fmt: skip
NETWORK = {
    "part": "net/1", "revision": 3,
    "segments": [{"name": "a", "limit_mps": 13.9, "stop_line": True, "lanes": [
        {"name": "a_0", "points": [[116.4, 39.9], [116.41, 39.9]], "width_m": 3.5,
         "turns": [{"lane": "b_0", "intersection": "J1", "group": 2}]},
    ]}],
}  # fmt: skip
SAMPLES = {
    "network.json": json.dumps(NETWORK).encode(),
    "spat.json": (DATA / "jpo-ode/expected-spat.json").read_bytes(),
    "spat.csae.json": json.dumps(SPAT_CSAE).encode(),
    "spat.dris.json": json.dumps(test_spat_dris.FORWARDED).encode(),
    "spatem.json": json.dumps(SPATEM).encode(),
    "map.json": (DATA / "jpo-ode/expected-map.json").read_bytes(),
    "map.csae.json": (DATA / "openv2x/map.json").read_bytes(),
    "mapem.json": json.dumps(MAPEM).encode(),
    "bsm.json": (DATA / "jpo-ode/bsmLogDuringEvent.json").read_bytes().splitlines()[0],
    "bsm.carma.json": (DATA / "carma-streets/bsm.json").read_bytes(),
    "rsm.json": json.dumps(RSM).encode(),
    "rsm.dawnline.json": (DATA / "openv2x/rsm.dawnline.json").read_bytes(),
    "openv2x.points.json": (DATA / "openv2x/msg58.json").read_bytes()[:1100].rsplit(b"},", 1)[0]
    + b"}]}",
    **dict.fromkeys(("cam.json", "cam.utc.json"), (DATA / "its-client/Cam.json").read_bytes()),
    "cpm.json": new_cpm(new_object(), new_object(object_id=8)),
    **dict.fromkeys(("cpm.tr103562.json", "cpm.tr103562.older.json"), old_cpm(old_object())),
    "psm.json": (DATA / "jpo-ode/expected-psm.json").read_bytes(),
    "bsm.csae.json": json.dumps(test_csae.BSM).encode(),
    "bsm.dris.json": json.dumps(test_csae.VEHICLE).encode(),
    "rsm.dris.json": json.dumps({"rsms": [{"participants": [test_csae.OF_A_UNIT]}]}).encode(),
    "ssm.json": json.dumps(
        test_csae.SSM
        | {"participants": [{"ptc": test_csae.PTC}], "obstacles": [test_csae.OBSTACLE]}
    ).encode(),
    "rsap.json": json.dumps(test_rsap.MESSAGE | {"targets": [test_rsap.TARGET]}).encode(),
    "carma.objects.json": (DATA / "carma-streets/detected_truck.json").read_bytes(),
    **dict.fromkeys(
        ("sdsm.json", "sdsm.enu.json", "sdsm.carma.json"),
        (DATA / "jpo-ode/sample-sdsm.json").read_bytes(),
    ),
    "recording.json": json.dumps(RECORDING).encode(),
    "metar": b"METAR EDDF 202120Z 24015G27KT 3000 -SHRA BR FEW010CB M01/M03 Q0998 NOSIG=",
    "cap": CAP.encode(),
    "rsi.json": json.dumps(test_rsi.RSI).encode(),
    "rsi.dawnline.json": test_rsi.DAWNLINE,
    "rsi.dris.json": json.dumps(test_rsi_dris.FORWARDED).encode(),
    "tim.json": (DATA / "jpo-ode/expected-tim.json").read_bytes(),
    **dict.fromkeys(("denm.json", "denm.utc.json"), (DATA / "its-client/Denm.json").read_bytes()),
    "sensorthings.json": json.dumps(test_sensor_things.observation()).encode(),
    "gtfs-rt": test_gtfs_realtime.feed((52.5, 13.25, {"speed": 12.5})).SerializeToString(),
    "wzdx.json": (DATA / "wzdx/arrow_board_ok_example.geojson").read_bytes().strip(),
}
MUTATIONS = 20_000


def check(found: Decoded) -> None:
    """No number that validation should have stopped."""
    for frame in found.frames:
        assert np.isfinite(frame.position).all()
        assert len(frame.position) == len(frame.observations)
        assert not any(
            np.isinf(frame.observations[n]).any() for n in ("z_m", "vx_mps", "cov_xx_m2")
        )
        assert frame.refused >= 0
    assert all(math.isfinite(number) for number in numbers_of(found.roads))
    assert any((found.frames, found.features, found.signals, found.roads)) or found == Decoded(
        source_id=found.source_id
    )


def numbers_of(roads: tuple[RoadPart, ...]) -> list[float]:
    """Every degree and width."""
    lanes = [lane for part in roads for segment in part.segments for lane in segment.lanes]
    return [n for lane in lanes for point in lane.points for n in (*point, lane.width_m)]


@pytest.mark.parametrize("name", FORMATS)
def test_mutated_messages_are_decoded_or_rejected(name: str) -> None:
    random_source = random.Random(20_221_122)
    fates: Counter[str] = Counter()
    for round_number in range(MUTATIONS // len(FORMATS)):
        try:
            wild = round_number % 2 or not name.endswith(".json")
            change = mutated if wild else with_wrong_value
            check(decode(name, change(SAMPLES[name], random_source), ANCHOR_US))
            fates["decoded"] += 1
        except DecodeError as error:
            fates[error.reason.value] += 1
    assert fates.total() == MUTATIONS // len(FORMATS)
    assert fates["decoded"] > 0  # the mutations are mild enough to reach validation
    assert len(fates) > 2  # and wild enough to be stopped for several reasons


@pytest.mark.parametrize("name", FORMATS)
def test_samples_themselves_decode(name: str) -> None:
    found = decode(name, SAMPLES[name], ANCHOR_US)
    others = len(found.features) + len(found.signals) + len(found.roads)
    assert sum(len(f.observations) for f in found.frames) + others > 0


@pytest.mark.parametrize("name", FORMATS)
def test_every_truncation_is_decoded_or_rejected(name: str) -> None:
    sample = SAMPLES[name]
    whole = 0
    for end in range(0, len(sample), max(len(sample) // 200, 1)):
        try:
            decode(name, sample[:end], ANCHOR_US)
            whole += 1
        except DecodeError:
            continue
    assert whole == 0 or name == "metar"  # a cut report still is one


HOSTILE = {
    "empty": (b"", Reason.EMPTY_BODY),
    "deep arrays": (b"[" * 10_000 + b"]" * 10_000, Reason.TOO_DEEP),
    "deep maps": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, Reason.TOO_DEEP),
    "deep in an ignored field": (b'{"zz":' + b"[" * 10_000 + b"]" * 10_000 + b"}", Reason.TOO_DEEP),
    "too large": (b'{"a":"' + b"x" * 10_000_000 + b'"}', Reason.TOO_LARGE),
    "not text": (b'{"a":"\xff\xfe"}', Reason.NOT_UTF8),
    "utf-16": ('{"a":1}'.encode("utf-16"), Reason.NOT_UTF8),
    "nan": (b'{"a":NaN}', Reason.NOT_FINITE),
    "infinity": (b'{"a":-Infinity}', Reason.NOT_FINITE),
    "lone surrogate": (b'{"a":"\\ud800"}', Reason.MALFORMED),
    "null byte": (b'{"a":\x00}', Reason.MALFORMED),
    "trailing bytes": (b'{"rsms":[]}{"rsms":[]}', Reason.MALFORMED),
    "unterminated": (b'{"rsms":[', Reason.MALFORMED),
    "many empty maps": (b'{"rsms":[' + b"{}," * 200_000 + b"{}]}", Reason.TOO_MANY_OBJECTS),
    "scalar": (b"42", Reason.WRONG_TYPE),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_json_is_named(case: str) -> None:
    payload, expected = HOSTILE[case]
    with pytest.raises(DecodeError) as caught:
        decode("rsm.json", payload, ANCHOR_US)
    assert caught.value.reason is expected


def test_last_of_duplicate_keys_stands() -> None:
    text = SAMPLES["rsm.json"].replace(b'"speed": 355', b'"speed": 355, "speed": 0')
    assert decode("rsm.json", text, ANCHOR_US).frames[0].observations["vx_mps"].tolist() == [0.0]


def test_byte_order_mark_is_read_past() -> None:
    plain = decode("rsm.json", SAMPLES["rsm.json"], ANCHOR_US).frames[0]
    marked = decode("rsm.json", b"\xef\xbb\xbf" + SAMPLES["rsm.json"], ANCHOR_US).frames[0]
    assert plain.observations.tobytes() == marked.observations.tobytes()


@pytest.mark.parametrize("digits", [30, 400, 5000])
def test_huge_integers_are_out_of_range(digits: int) -> None:
    text = SAMPLES["rsm.json"].replace(b'"speed": 355', b'"speed": ' + b"9" * digits)
    with pytest.raises(DecodeError) as caught:
        decode("rsm.json", text, ANCHOR_US)
    assert caught.value.reason is Reason.OUT_OF_RANGE


@given(st.binary(max_size=300), st.sampled_from(sorted(FORMATS)))
def test_any_bytes_are_decoded_or_rejected(payload: bytes, name: str) -> None:
    with contextlib.suppress(DecodeError):  # any other exception fails
        check(decode(name, payload, ANCHOR_US))
