from typer.testing import CliRunner

from infra.cli.main import app
from tests.operators.account.world import EAST, FIRST_MINUTE_US, WEST, line, places


def recording(path):
    """Two units for two seconds."""
    made = []
    for unit in (EAST, WEST):
        for at_us in range(FIRST_MINUTE_US, FIRST_MINUTE_US + 2_000_000, 100_000):
            event_us = at_us + 1000 * unit.phase_ms
            made.append((event_us, line(unit.name, event_us, places(event_us), 0.3)))
    path.write_bytes(b"".join(body + b"\n" for _, body in sorted(made)))
    return str(path)


def test_what_each_source_of_a_recording_adds_is_told(tmp_path):
    words = ["contribution", recording(tmp_path / "recording.jsonl"), "--leave-one-out"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    for source in ("east", "west"):
        assert source in done.output


def test_who_does_not_say_what_is_told_how(tmp_path):
    done = CliRunner().invoke(app, ["contribution", recording(tmp_path / "recording.jsonl")])
    assert done.exit_code != 0
    gone = CliRunner().invoke(app, ["contribution", str(tmp_path / "none"), "--leave-one-out"])
    assert gone.exit_code != 0
