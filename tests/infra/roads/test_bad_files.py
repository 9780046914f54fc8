"""Files that a user may give by mistake: each is refused or accounted for by its own sentence."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli.errors import CommandError
from infra.cli.main import app
from infra.roads.imported import ImportFileError
from infra.roads.read import Choices, read_network
from operators.decode.registry import decode
from tests.infra.roads.test_geojson import a_feature, text_of
from tests.infra.roads.test_osm import ROADS, an_extract
from tests.infra.roads.test_sumo import NET, UTM
from tests.operators.decode.test_map import lane, ode, xy

MAP = Path(__file__).parents[3].parent / "shared/data/jpo-geojsonconverter/valid.map.json"


def in_frame(name, *features):
    crs = {"type": "name", "properties": {"name": name}}
    return json.dumps(json.loads(text_of(*features)) | {"crs": crs}).encode()


METRES = a_feature(points=[(100.0, 20.0), (160.0, 20.0)])
ONE_WAY = {10: ROADS[10]}
NODES = '<node id="1" lat="39.9" lon="116.4"/><node id="2" lat="4418000" lon="116.4"/>'


def osm(*nodes):
    refs = "".join(f'<nd ref="{one}"/>' for one in nodes)
    way = f'<way id="1">{refs}<tag k="highway" v="primary"/></way>'
    return f'<osm version="0.6">{NODES}{way}</osm>'.encode()


def sumo(shape):
    return NET.format(projection=UTM).replace("0,2 100,2", shape).encode()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no road network that is known"),
        (bytes(range(256)) * 40, "no road network that is known"),
        (b"\x1f\x8bnothing", "cannot be read"),
        (text_of(a_feature())[:-40], "no FeatureCollection: Input data was truncated"),
        (text_of(a_feature()).replace(b"11.0", b"NaN"), "no FeatureCollection: JSON is malformed"),
        (in_frame("urn:ogc:def:crs:EPSG::32650", METRES), "coordinates are in .*EPSG::32650"),
        (in_frame("", METRES), "a frame without a name"),
        (an_extract(ONE_WAY).encode()[:-20], "broken XML"),
        (b'<osm version="0.6"></osm>', "it holds no nodes"),
        (NET.format(projection=UTM).encode()[:-9], "broken XML"),
        (b"<net version='1.20'><edge id='e'/></net>", "does not say where it is"),
        (ode(), "message 1: "),
        (ode(lane([xy(0, 0), xy(0, 900)])) + b"\n{}\n", "message 2"),
    ],
)
def test_a_broken_file_is_refused_by_name(tmp_path, content, said):
    path = tmp_path / "town"
    path.write_bytes(content)
    with pytest.raises(ImportFileError, match=said) as caught:
        read_network(path, Choices("town"))
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (text_of(a_feature(points=[(11.0, 48.0)] * 3)), "shorter than half a metre"),
        (text_of(METRES | {"geometry": None}), "Expected `object`, got `null`"),
        (osm(1, 1), "shorter than half a metre"),
        (osm(1, 2, 1), "no degrees"),
        (osm(1), "shorter than half a metre"),
        (osm(), "shorter than half a metre"),
        (osm(1, 3), "some of its nodes are not in the file"),
        (sumo("0,2 0,2"), "shorter than half a metre"),
        (sumo("0,2 1e30,2"), "not in its projection"),
        (sumo("0,2 100"), "numbers that are none"),
    ],
)
def test_a_broken_lane_is_left_out_by_name(tmp_path, content, reason):
    path = tmp_path / "town"
    path.write_bytes(content)
    skipped = read_network(path, Choices("town")).account.skipped
    assert [said for _, said in skipped if reason in said], skipped


def test_what_editors_write_otherwise_is_read_all_the_same(tmp_path):
    path = tmp_path / "town"
    path.write_bytes(text_of(a_feature()))
    usual = read_network(path, Choices("town"))
    for content in (
        b"\xef\xbb\xbf" + text_of(a_feature()),
        in_frame("urn:ogc:def:crs:OGC:1.3:CRS84", a_feature()),
        in_frame("EPSG:4326", a_feature()),
    ):
        path.write_bytes(content)
        assert read_network(path, Choices("town")) == usual
    path.write_text(an_extract())
    usual = read_network(path, Choices("town"))
    head, body = an_extract().split("<node", 1)
    nodes, ways = ("<node" + body).removesuffix("</osm>").split("<way", 1)
    path.write_text(f"{head}<way{ways}{nodes}</osm>")
    assert read_network(path, Choices("town")) == usual


def test_what_is_there_twice_is_imported_once(tmp_path):
    path = tmp_path / "town"
    extract = an_extract(ONE_WAY)
    way = extract[extract.index("<way") :]
    path.write_text(extract.removesuffix("</osm>") + way)
    found = read_network(path, Choices("town"))
    assert found.account.skipped["roads", "another way has its id"] == 1
    net = NET.format(projection=UTM)
    begin, end = net.index('<edge id="out"'), net.index("<tlLogic")
    path.write_text(net[:end] + net[begin:end] + net[end:])
    twice = read_network(path, Choices("town"))
    assert twice.account.skipped["lanes", "another lane has its id"] == 1
    for segments in (found.segments, twice.segments):
        names = [lane.name for segment in segments for lane in segment.lanes]
        assert len(names) == len(set(names)) > 0


def test_a_map_file_gives_what_its_sender_would_send(tmp_path):
    (part,) = decode("map.json", MAP.read_bytes(), 0).roads
    found = read_network(MAP, Choices("town"))
    assert found.segments == part.segments
    assert found.account.kept("lanes") == sum(len(one.lanes) for one in part.segments) > 10
    log = tmp_path / "maps.jsonl"
    older = ode(lane([xy(0, 0), xy(0, 900)]), id={"id": 7})
    newer = ode(lane([xy(0, 0), xy(900, 0)]), id={"id": 7})
    log.write_bytes(b"\n".join([older, MAP.read_bytes().replace(b"\n", b""), newer, b""]))
    both = read_network(log, Choices("town"))
    (last,) = decode("map.json", newer, 0).roads
    assert both.account.read["intersections"] == 2
    assert set(both.segments) == {*part.segments, *last.segments}


@pytest.mark.parametrize("name", ["missing.osm", "."])
def test_the_command_ends_with_a_sentence_and_a_status(tmp_path, name):
    given = ["network", "import", str(tmp_path / name), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, given)
    assert isinstance(result.exception, CommandError)
    assert "cannot be read" in str(result.exception)
    assert result.exit_code == 1
    assert not (tmp_path / "out").exists()
