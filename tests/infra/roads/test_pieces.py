import msgspec
import pytest
from typer.testing import CliRunner

from infra.cli.main import app
from infra.replay.messages import read_messages
from infra.roads.imported import Account, Imported, ImportFileError
from infra.roads.pieces import entry_of, messages_of, pieces_of, with_withdrawn, write_pieces
from operators.road.network import Lane, Segment
from tests.builders import SECOND_US, START_US, Log, outputs_of, values
from tests.infra.roads.test_sumo import NET, UTM
from tests.operators.road.signals import declared, say


def a_segment(name, lat=48.0, lon=11.0, span=0.001):
    lane = Lane(f"{name}_0", ((lon, lat), (lon + span, lat)), 3.5)
    return Segment(name, (lane,))


def test_segments_lie_in_the_piece_of_their_middle_whatever_their_order():
    segments = [a_segment(f"s{k}", 48.0 + k * 0.004) for k in range(6)]
    one = pieces_of(Imported(tuple(segments), Account()), "town")
    assert pieces_of(Imported(tuple(reversed(segments)), Account()), "town") == one
    assert len(one) > 1
    assert sorted(s.name for part in one for s in part.segments) == [s.name for s in segments]
    assert all(part.part.startswith("town/88") for part in one)


def test_what_is_too_long_for_a_piece_is_accounted_for():
    account = Account()
    account.read["segments"] = account.read["lanes"] = 1
    assert pieces_of(Imported((a_segment("s", span=0.3),), account), "town") == []
    assert account.kept("segments") == account.kept("lanes") == 0


def test_an_import_withdraws_its_own_pieces_that_are_no_more():
    pieces = pieces_of(Imported((a_segment("s"),), Account()), "town")
    known = [pieces[0].part, "town/1", "town-2/1", "intersection/1/7"]
    *same, gone = with_withdrawn(pieces, "town", known)
    assert same == pieces
    assert (gone.part, gone.segments) == ("town/1", ())


def test_pieces_of_a_file_are_told_once_however_often_they_are_sent(tmp_path):
    pieces = pieces_of(Imported((a_segment("s"),), Account()), "town")
    messages = messages_of(pieces, "network/town", START_US)
    path = write_pieces(messages, entry_of("town", "WGS-84"), tmp_path)
    assert list(read_messages(path)) == messages
    log = declared(Log())
    for k in range(3):
        say(log, START_US + k * SECOND_US, messages[0].payload, messages[0].format)
    (told,) = values(outputs_of(log), "station.network")
    assert [entry["lane"] for entry in told["entries"]] == ["s_0"]


def test_a_piece_that_the_station_would_refuse_is_not_sent():
    pieces = pieces_of(Imported((a_segment("s" * 300),), Account()), "town")
    with pytest.raises(ImportFileError, match="town/88"):
        messages_of(pieces, "network/town", START_US)


def run(*arguments):
    return CliRunner().invoke(app, ["network", "import", *map(str, arguments)])


def test_the_command_writes_pieces_and_says_what_it_left_out(tmp_path):
    file, out = tmp_path / "town.net.xml", tmp_path / "out"
    file.write_text(NET.format(projection=UTM))
    result = run(file, "--out", out, "--intersection", "J=1/7", "--datum", "GCJ-02")
    assert result.exit_code == 0, result.output
    assert "1 lanes left out: closed to all" in result.stdout
    (message,) = read_messages(out / "messages.jsonl")
    assert '"1/7"' in message.payload.decode()
    entry = msgspec.json.decode((out / "sources.jsonl").read_bytes())
    assert (entry["source_id"], entry["datum"]) == ("network/town", "GCJ-02")


def test_wrong_options_say_what_is_right(tmp_path):
    file = tmp_path / "town.net.xml"
    file.write_text(NET.format(projection="!"))
    for options, said in [
        (["--origin", "1"], "LAT,LON"),
        (["--origin", "95,0"], "LAT,LON"),
        (["--intersection", "J"], "LIGHT=REGION/ID"),
        (["--format", "dxf"], "sumo"),
        (["--datum", "ED50"], "WGS-84"),
        (["--name", "a/b"], "letters"),
        ([], "--origin"),
    ]:
        result = run(file, *options, "--out", tmp_path / "out")
        assert result.exit_code != 0
        assert said in str(result.exception)
