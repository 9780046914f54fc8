"""`station decode`: real messages to a Recording that reads back, rejections on the side."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from infra.cli.decode import decode
from infra.cli.errors import CommandError
from infra.replay.messages import read_messages
from operators.decode.registry import decode as decode_record

DATA = Path(__file__).parents[3].parent / "shared/data"
FILES = {
    "openv2x/msg58.json": "openv2x.points.json",
    "openv2x/congestion_tracks.txt": "openv2x.points.json",
    "openv2x/rsm.dawnline.json": "rsm.dawnline.json",
    "carma-streets/detected_truck.json": "carma.objects.json",
    "jpo-ode/bsmLogDuringEvent.json": "bsm.json",
}
LINE = b'{"source":"s","event_time_us":7,"receive_time_us":9,"frame":"local","objects":[%s]}\n'
app = typer.Typer()
app.command()(decode)


def run(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def rejections(result):
    return [msgspec.json.decode(line) for line in result.stderr.splitlines()]


@pytest.mark.parametrize("name", FILES)
def test_recording_says_what_the_messages_said(name):
    result = run(DATA / name, "--format", FILES[name])
    assert result.exit_code == 0
    made = [decode_record("recording.json", one, 0) for one in result.stdout_bytes.splitlines()]
    frames = [frame for one in made for frame in one.frames]
    given = []
    for message in read_messages(DATA / name, FILES[name]):
        found = decode_record(message.format, message.payload, message.receive_time_us)
        given += [(message.source_id, frame) for frame in found.frames]
    assert frames
    assert len({f.event_time_us for f in frames}) > 1 or len(given) == 1
    assert {f.source_id for f in frames} == {source for source, _ in given}
    original = np.vstack([frame.position for _, frame in given])
    assert np.allclose(np.vstack([f.position for f in frames]), original, rtol=0, atol=1e-4)
    seen = np.concatenate([f.observations for f in frames])
    sent = np.concatenate([frame.observations for _, frame in given])
    assert (seen["object_class"] == sent["object_class"]).all()
    assert (seen["flags"] == sent["flags"]).all()
    for column in ("length_m", "vx_mps", "vy_mps", "cov_xx_m2", "cov_xy_m2", "z_m"):
        assert np.allclose(seen[column], sent[column], rtol=1e-5, atol=1e-5, equal_nan=True)
    turned = np.angle(np.exp(1j * (seen["heading_rad"] - sent["heading_rad"])))
    assert np.nanmax(np.abs(turned), initial=0.0) < 1e-5


def test_objects_seen_at_two_instants_are_two_frames(tmp_path):
    name = DATA / "openv2x/congestion_tracks.txt"
    times = []
    for message in read_messages(name):
        for frame in decode_record(message.format, message.payload, message.receive_time_us).frames:
            offsets = np.unique(frame.observations["time_offset_us"]).tolist()
            times += [(frame.event_time_us or 0) + offset for offset in offsets]
    result = run(name)
    made = [msgspec.json.decode(one)["event_time_us"] for one in result.stdout_bytes.splitlines()]
    assert made == times


def test_rejection_is_one_json_line_and_the_rest_is_decoded(tmp_path):
    path = tmp_path / "mixed.jsonl"
    good = LINE % b'{"x":1,"y":2}'
    path.write_bytes(good + b"{broken\n" + good + LINE % b'{"z":1}')
    result = run(path, "--format", "recording.json")
    assert result.exit_code == 0
    assert len(result.stdout_bytes.splitlines()) == 2
    found = [(one["record"], one["reason"]) for one in rejections(result)]
    assert found == [(2, "MALFORMED"), (4, "UNAVAILABLE")]
    assert all(set(one) == {"record", "reason", "detail"} for one in rejections(result))


def test_objects_without_position_are_told_though_the_rest_is_read(tmp_path):
    path = tmp_path / "part.jsonl"
    path.write_bytes(LINE % b'{"x":1,"y":2},{"z":3}')
    result = run(path)
    assert len(msgspec.json.decode(result.stdout_bytes)["objects"]) == 1
    (told,) = rejections(result)
    assert (told["record"], told["reason"]) == (1, "UNAVAILABLE")
    assert "1 objects" in told["detail"]


def test_nothing_decoded_is_a_failure(tmp_path):
    path = tmp_path / "bad.json"
    path.write_bytes(b"{broken")
    result = run(path, "--format", "rsm.json")
    assert isinstance(result.exception, CommandError)
    assert [one["reason"] for one in rejections(result)] == ["MALFORMED"]


@pytest.mark.parametrize("received", ["1763850000000000", "2025-11-22T22:20:00Z"])
def test_partial_times_are_completed_from_the_given_receive_time(received):
    result = run(DATA / "openv2x/msg58.json", "--received-at", received, "--source", "mine")
    made = [msgspec.json.decode(line) for line in result.stdout_bytes.splitlines()]
    assert made[0]["receive_time_us"] == 1_763_850_000_000_000
    assert {one["source"] for one in made} == {"mine"}
    assert all(abs(one["event_time_us"] - one["receive_time_us"]) <= 30_000_000 for one in made)


def test_features_come_with_their_own_fields(tmp_path):
    path = tmp_path / "report.txt"
    path.write_bytes(b"METAR ZBAA 221430Z 01003MPS 0300 FG OVC002 02/02 Q1024=")
    result = run(path, "--format", "metar", "--received-at", "2025-11-22T14:35:00Z")
    assert result.exit_code == 0
    assert msgspec.json.decode(result.stdout_bytes)["kind"] == "weather"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--format", "morse"], "morse"),
        (["--received-at", "noon"], "noon"),
        (["--received-at", "2025-11-22T14:35:00"], "2025"),
    ],
)
def test_option_that_is_none_is_refused(arguments, word):
    result = run(DATA / "openv2x/msg58.json", *arguments)
    assert isinstance(result.exception, CommandError)
    assert word in str(result.exception)


@pytest.mark.parametrize("content", [None, b"neither this nor that"])
def test_file_that_cannot_be_read_is_named(tmp_path, content):
    path = tmp_path / "file"
    if content:
        path.write_bytes(content)
    result = run(path)
    assert isinstance(result.exception, CommandError)
    assert str(path) in str(result.exception)


def test_signals_and_maps_are_lines_of_their_own():
    told = run(DATA / "jpo-ode/expected-spat.json").stdout_bytes.splitlines()
    (state,) = map(msgspec.json.decode, told)
    assert (state["intersection"], len(state["states"])) == ("12111", 6)
    (part,) = map(msgspec.json.decode, run(DATA / "openv2x/map.json").stdout_bytes.splitlines()[:1])
    assert part["part"] == "intersection/10/17"


def test_explain_shows_which_raw_field_becomes_what():
    done = run(str(DATA / "carma-streets/detected_truck.json"), "--explain")
    assert done.exit_code == 0
    lines = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()[1:]}
    assert lines["velocity.x"] == ["0.2", "frames.0.objects.0.vx_mps", "0.200000003", "m/s"]
    assert lines["velocity.z"][-2:] == ["(not", "used)"]
    again = run(str(DATA / "carma-streets/detected_truck.json"), "--explain", "--record", "2")
    assert again.exit_code == 1  # there is no second record


def test_a_mapping_of_the_settings_is_a_format(tmp_path):
    mappings = Path(__file__).parents[3] / "docs/examples/mappings"
    config, file = tmp_path / "station.toml", tmp_path / "loops.csv"
    config.write_text(f'[formats]\nmappings = "{mappings}"\n')
    file.write_text(
        "detector;passed;speed_kmh;length_cm;class\nA7-L1;14:03:07.25;90;432;PKW\n", "utf-8"
    )
    words = (str(file), "--format", "mapping.loops", "--received-at", "2026-03-05T13:03:08Z")
    done = run(*words, "--config", str(config))
    assert done.exit_code == 0, done.output
    line = msgspec.json.decode(done.stdout)
    assert line["event_time_us"] == 1_772_715_787_250_000
    assert line["objects"][0]["class"] == "car"
    without = run(*words)
    assert "mapping.loops: not known" in str(without.exception)
