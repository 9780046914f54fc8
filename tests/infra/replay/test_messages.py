"""Recorded files become the records that once arrived, none lost, in order of receive time."""

import json
from collections import Counter
from pathlib import Path

import pytest

from infra.replay.messages import ANCHOR_US, RecordedMessage, read_messages
from operators.decode.registry import decode
from operators.errors import DecodeError

DATA = Path(__file__).parents[3].parent / "shared/data"


def objects(messages: list[RecordedMessage]) -> int:
    """Observations and refused objects of all messages."""
    frames = [f for m in messages for f in decode(m.format, m.payload, m.receive_time_us).frames]
    return sum(len(f.observations) + f.refused for f in frames)


def test_ode_log_is_sorted_by_the_time_of_the_unit() -> None:
    found = list(read_messages(DATA / "jpo-ode/bsmLogDuringEvent.json"))
    times = [m.receive_time_us for m in found]
    assert len(found) == 222
    assert times == sorted(times)
    assert (times[0], times[-1]) == (1_525_190_650_894_000, 1_525_190_663_694_000)
    assert {(m.source_id, m.topic, m.format) for m in found} == {
        ("gateway/bsmLogDuringEvent", "raw.probe", "bsm.json")
    }


def test_ode_payloads_are_the_lines_as_they_are() -> None:
    path = DATA / "jpo-ode/bsmLogDuringEvent.json"
    found = {m.payload for m in read_messages(path)}
    assert found == {line for line in path.read_bytes().splitlines() if line.strip()}


def test_ode_message_without_a_log_time_takes_the_upload_time() -> None:
    (found,) = read_messages(DATA / "jpo-ode/expected-bsm.json")
    assert found.receive_time_us == 1_733_851_848_095_000  # odeReceivedAt


def test_sdsm_names_its_roadside_unit_and_takes_the_upload_time() -> None:
    (found,) = read_messages(DATA / "jpo-ode/sample-sdsm.json")
    assert (found.topic, found.format, found.source_id) == (
        "raw.roadside", "sdsm.json", "010C0C0A",
    )  # fmt: skip
    assert found.receive_time_us == 1_747_953_910_967_000  # odeReceivedAt
    assert objects([found]) == 1


def test_track_points_become_a_message_for_each_sensor_and_mark() -> None:
    found = list(read_messages(DATA / "openv2x/msg58.json"))
    assert Counter(m.source_id for m in found) == {"100001/video": 5, "100001/radar": 5}
    assert [m.receive_time_us - ANCHOR_US for m in found] == [
        mark * 1000 for mark in (48_380, 49_537, 50_694, 51_852, 53_009) for _ in "vr"
    ]
    assert objects(found) == 88


def test_python_dict_lines_become_json() -> None:
    found = list(read_messages(DATA / "openv2x/congestion_tracks.txt"))
    assert {m.source_id for m in found} == {"319348466_1188213963/video"}
    assert all(isinstance(json.loads(m.payload), list) for m in found)
    assert (found[0].receive_time_us, found[-1].receive_time_us) == (
        ANCHOR_US + 43_900_000,
        ANCHOR_US + 45_400_000,
    )
    assert objects(found) == 358 + 48


def test_split_messages_say_what_the_whole_file_said() -> None:
    path = DATA / "openv2x/msg58.json"
    whole = decode("openv2x.points.json", path.read_bytes(), ANCHOR_US + 30_000_000).frames
    parts = [decode(m.format, m.payload, m.receive_time_us).frames for m in read_messages(path)]
    key = [(f.event_time_us, f.source_id, f.position.tolist(), f.refused) for f in whole]
    split = [(f.event_time_us, f.source_id, f.position.tolist(), f.refused) for (f,) in parts]
    assert sorted(split) == sorted(key)


def test_dawnline_message_knows_its_own_time_and_unit() -> None:
    (found,) = read_messages(DATA / "openv2x/rsm.dawnline.json")
    assert (found.source_id, found.receive_time_us) == ("R328328", 1_653_016_783_500_000)
    assert found.payload == (DATA / "openv2x/rsm.dawnline.json").read_bytes()


@pytest.mark.parametrize("name", ["truck", "pedestrian", "cyclist"])
def test_carma_object_stands_at_the_fixed_date(name: str) -> None:
    (found,) = read_messages(DATA / f"carma-streets/detected_{name}.json")
    assert (found.source_id, found.receive_time_us) == ("sensor1", ANCHOR_US)
    assert found.format == "carma.objects.json"


def recording(receive_time_us: int) -> bytes:
    line = {"source": "s", "event_time_us": 1, "receive_time_us": receive_time_us, "frame": "local"}
    return json.dumps(line | {"objects": []}).encode()


def test_recording_lines_keep_their_receive_times(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(recording(5) + b"\n\n" + recording(7) + b"\n")
    found = list(read_messages(path))
    assert [(m.receive_time_us, m.source_id, m.format) for m in found] == [
        (5, "s", "recording.json"),
        (7, "s", "recording.json"),
    ]


def test_broken_line_is_handed_on_for_the_station_to_reject(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(recording(5) + b'\n{"source": broken\n' + recording(7) + b"\n")
    found = list(read_messages(path))
    assert [m.receive_time_us for m in found] == [5, 5, 7]
    with pytest.raises(DecodeError):
        decode(found[1].format, found[1].payload, 0)


def test_broken_line_of_an_ode_log_is_handed_on(tmp_path: Path) -> None:
    lines = (DATA / "jpo-ode/bsmLogDuringEvent.json").read_bytes().splitlines()[:3]
    path = tmp_path / "log.json"
    path.write_bytes(b"\n".join([lines[0], lines[1][:100], lines[2]]))
    assert sorted(len(m.payload) for m in read_messages(path))[0] == 100
    assert len(list(read_messages(path))) == 3


def test_message_file_is_read_as_written(tmp_path: Path) -> None:
    line = {
        "topic": "raw.probe", "source": "fleet", "format": "bsm.json", "receive_time_us": 9,
        "event_time_us": 8, "payload": '{"a":1}',
    }  # fmt: skip
    path = tmp_path / "messages.jsonl"
    path.write_text(json.dumps(line) + "\nbroken\n")
    assert list(read_messages(path)) == [
        RecordedMessage(9, "raw.probe", "fleet", "bsm.json", b'{"a":1}'),
        RecordedMessage(9, "raw.probe", "fleet", "bsm.json", b"broken"),
    ]


def test_given_format_stands_before_a_guess(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_text("EDDF 200320Z CAVOK")
    (found,) = read_messages(path, "metar")
    assert (found.topic, found.receive_time_us) == ("raw.context", ANCHOR_US + 60_000_000)
    assert list(read_messages(path)) == [found]


def test_file_of_no_known_format_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"hello": 1}')
    with pytest.raises(DecodeError):
        list(read_messages(path))
