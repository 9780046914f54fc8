"""The one door: names, guesses, and that the guard stands before every adapter."""

from pathlib import Path

import pytest

from operators.decode.guard import Limits
from operators.decode.registry import FORMATS, Syntax, decode, guess_format
from operators.errors import DecodeError
from operators.frame import SourceKind
from operators.reasons import Reason

DATA = Path(__file__).parents[3].parent / "shared/data"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("jpo-ode/expected-bsm.json", "bsm.json"),
        ("jpo-ode/sample.ode-bsm-reference.v9.json", "bsm.json"),
        ("jpo-ode/sample-sdsm.json", "sdsm.json"),
        ("its-client/Cam.json", "cam.json"),
        ("jpo-ode/expected-psm.json", "psm.json"),
        ("openv2x/msg58.json", "openv2x.points.json"),
        ("jpo-ode/expected-spat.json", "spat.json"),
        ("jpo-ode/expected-map.json", "map.json"),
        ("openv2x/map.json", "map.csae.json"),
        ("openv2x/rsm.dawnline.json", "rsm.dawnline.json"),
        ("carma-streets/detected_truck.json", "carma.objects.json"),
    ],
)
def test_real_files_are_recognised(name: str, expected: str) -> None:
    assert guess_format((DATA / name).read_bytes()) == expected


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b'{"content":{"rsms":[]}}', "rsm.json"),
        (b'{"rsms":[]}', "rsm.json"),
        (b'{"part":"p","segments":[]}', "network.json"),
        (b'{"spatFrame":{}}', "spat.csae.json"),
        (b'{"msgCnt":1,"intersections":[]}', "spat.csae.json"),
        (b'{"mapFrame":{}}', "map.csae.json"),
        (b'{"message_type":"spatem","source_uuid":"","message":{}}', "spatem.json"),
        (b'{"message_type":"mapem","source_uuid":"","message":{}}', "mapem.json"),
        (b'{"refPos":{},"participants":[]}', "rsm.json"),
        (b'[{"dev_pos":{},"content":[]}]', "rsm.dawnline.json"),
        (b'{"source":"s","frame":"local","objects":[]}', "recording.json"),
        (b'{"a":{"secMark":1,"ptcType":"motor"}}', "openv2x.points.json"),
        (b"METAR EDDF 052120Z CAVOK", "metar"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><alert/>", "cap"),
    ],
)
def test_shapes_are_recognised(payload: bytes, expected: str) -> None:
    assert guess_format(payload) == expected


@pytest.mark.parametrize("payload", [b"{}", b"[]", b"[[[[1]]]]", b'{"a":1}', b"hello", b"1"])
def test_anything_else_is_unknown(payload: bytes) -> None:
    with pytest.raises(DecodeError) as caught:
        guess_format(payload)
    assert caught.value.reason is Reason.UNKNOWN_FORMAT


def test_unknown_format_is_named() -> None:
    with pytest.raises(DecodeError) as caught:
        decode("no.such", b"{}", 0)
    assert caught.value.reason is Reason.UNKNOWN_FORMAT


@pytest.mark.parametrize("name", FORMATS)
def test_guard_stands_before_every_adapter(name: str) -> None:
    for payload, expected in ((b"", Reason.EMPTY_BODY), (b"x" * 11, Reason.TOO_LARGE)):
        with pytest.raises(DecodeError) as caught:
            decode(name, payload, 0, Limits(max_bytes=10))
        assert caught.value.reason is expected


def test_names_topics_and_kinds_fit() -> None:
    topics = {
        SourceKind.ROADSIDE: {"raw.roadside", "raw.signal"},
        SourceKind.PROBE: {"raw.probe"},
        SourceKind.FEED: {"raw.context", "raw.signal"},
    }
    for name, info in FORMATS.items():
        assert info.name == name
        assert info.topic in topics[info.kind]
        assert (info.syntax is Syntax.JSON) == name.endswith(".json")
        assert info.evidence in ("recorded", "authored", "schema", "standard")
