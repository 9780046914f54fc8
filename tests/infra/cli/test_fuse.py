"""`station fuse` as a user runs it: files and pipes, broken lines, exit status."""

import io
import math

import msgspec
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from infra.cli.errors import CommandError
from infra.cli.fuse import fuse, fused_lines, lines
from operators.decode.guard import LIMITS
from operators.offline import Instant
from operators.track import TRACK_ROW
from operators.transform.cells import local_frame

START_US = 1_763_850_000_000_000
KEYS = {
    "event_time_us", "track_id", "x", "y", "z", "heading_rad", "length_m", "width_m", "height_m",
    "score", "class", "vx", "vy", "position_cov", "sources",
}  # fmt: skip
app = typer.Typer()
app.command()(fuse)


def line(k, **change):
    """A car that drives east at 10 m/s, seen at 10 Hz."""
    seen = {"x": float(k), "y": 2.0, "z": 0.8, "class": "car", "position_cov": [0.04, 0, 0, 0.04]}
    event_us = START_US + k * 100_000
    head = {"source": "unit", "event_time_us": event_us, "receive_time_us": event_us}
    return msgspec.json.encode(head | {"frame": "local", "objects": [seen]} | change)


RECORDING = b"".join(line(k) + b"\n" for k in range(30))


def run(*arguments, given=None):
    return CliRunner().invoke(app, [str(a) for a in arguments], input=given)


def tracks(data):
    return [msgspec.json.decode(one) for one in data.splitlines()]


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_bytes(RECORDING)
    return path


def test_file_becomes_fused_tracks(recording, tmp_path):
    result = run(recording, tmp_path / "out.jsonl")
    assert result.exit_code == 0
    made = tracks((tmp_path / "out.jsonl").read_bytes())
    assert len(made) > 20
    assert all(set(one) == KEYS for one in made)
    last = made[-1]
    assert last["event_time_us"] == START_US + 2_900_000
    assert math.dist((last["x"], last["y"]), (29.0, 2.0)) < 0.3
    assert abs(last["vx"] - 10.0) < 1.0
    assert (last["class"], last["sources"], last["length_m"]) == ("car", ["unit"], None)
    assert len({one["track_id"] for one in made}) == 1


def test_pipe_gives_what_a_file_gives(recording, tmp_path):
    run(recording, tmp_path / "out.jsonl", "--tick", "100")
    result = run("-", "-", "--tick", "100", given=RECORDING)
    assert result.exit_code == 0
    assert result.stdout_bytes == (tmp_path / "out.jsonl").read_bytes()
    assert {one["event_time_us"] % 100_000 for one in tracks(result.stdout_bytes)} == {0}


def test_broken_lines_are_named_and_the_rest_is_fused():
    data = RECORDING.replace(line(3), b"{broken").replace(line(5), line(5, receive_time_us=1))
    result = run("-", "-", given=data)
    assert result.exit_code == 0
    assert "line 4: REJECTED MALFORMED" in result.stderr
    assert "line 6: LATE FUTURE" in result.stderr
    assert "28 frames, 28 observations" in result.stderr
    assert "1 late, 0 duplicate, 1 rejected" in result.stderr
    assert tracks(result.stdout_bytes)


def test_summary_is_one_line_when_nothing_is_wrong(recording):
    result = run(recording, "-")
    assert len(result.stderr.splitlines()) == 1
    assert "1 tracks" in result.stderr
    assert "0 late, 0 duplicate, 0 rejected" in result.stderr


@pytest.mark.parametrize("data", [b"", b"{\n[]\n"])
def test_nothing_read_is_a_failure(data):
    result = run("-", "-", given=data)
    assert isinstance(result.exception, CommandError)
    assert result.exception.status == 1
    assert not result.stdout_bytes


@pytest.mark.parametrize("tick", ["0", "-5", "1.5", "often", "9999999"])
def test_tick_that_is_none_is_refused(recording, tick):
    result = run(recording, "-", f"--tick={tick}")
    assert isinstance(result.exception, CommandError)
    assert f"--tick {tick}" in str(result.exception)


@pytest.mark.parametrize(
    ("source", "target"), [("none.jsonl", "-"), ("in.jsonl", "in.jsonl"), ("in.jsonl", "no/out")]
)
def test_files_that_cannot_be_used_are_named(recording, source, target):
    folder = recording.parent
    names = [name if name == "-" else str(folder / name) for name in (source, target)]
    result = run(*names)
    assert isinstance(result.exception, CommandError)
    assert str(folder) in str(result.exception)
    assert recording.read_bytes() == RECORDING


def instant(frame=None, **values):
    row = np.zeros(2, TRACK_ROW)
    for name, value in {"z_m": np.nan, "heading_rad": 0.5, "sources": 0b101, **values}.items():
        row[name] = value
    return Instant(START_US, row, ["a", "b", "c"], frame)


def test_numbers_have_few_digits_and_unknown_ones_are_null():
    one, _ = tracks(fused_lines(instant(x_m=1 / 3, vx_mps=np.float32(0.1), cov_xy_m2=-1e-9)))
    assert (one["x"], one["vx"], one["z"]) == (0.333, 0.1, None)
    assert one["position_cov"] == [0.0, 0.0, 0.0, 0.0]
    assert b"-0.0" not in fused_lines(instant(cov_xy_m2=-1e-9))
    assert one["sources"] == ["a", "c"]


def test_largest_track_id_is_written_in_full():
    one, _ = tracks(fused_lines(instant(track_id=2**63 - 1)))
    assert one["track_id"] == 2**63 - 1


def test_tracks_on_the_earth_have_degrees_and_a_heading_from_north():
    frame = local_frame(120.0, 30.0)
    one, _ = tracks(fused_lines(instant(frame, y_m=1000.0, z_m=5.0)))
    assert set(one) == KEYS - {"x", "y", "z"} | {"lat_deg", "lon_deg", "alt_m"}
    assert abs(one["lat_deg"] - 30.0 - 1000.0 / 110_852) < 1e-6
    assert (one["lon_deg"], one["alt_m"]) == (120.0, 5.0)
    assert one["heading_rad"] == round(math.pi / 2 - 0.5, 4)


def test_endless_line_is_cut_and_the_next_one_is_whole():
    data = io.BytesIO(b"x" * (3 * LIMITS.max_bytes) + b"\nshort\nlast")
    first, *rest = lines(data)
    assert LIMITS.max_bytes < len(first) <= LIMITS.max_bytes + 2
    assert rest == [b"short\n", b"last"]
