"""OpenStreetMap, by hand and against what SUMO's netconvert makes of the same extract."""

from io import BytesIO

import numpy as np
import pytest

from infra.roads.imported import ImportFileError
from infra.roads.osm import read_osm
from infra.roads.osm_lines import beside
from infra.roads.osm_tags import Carriageway, carriageway, limit_mps
from infra.roads.read import Choices, read_network
from infra.simulator.network import run_sumo_program
from operators.road.network import degrees_of, length_m
from operators.transform.cells import local_frame

LAT, LON = 48.0, 11.0
# A main road to the east with a signal 20 m before a side street to the north; a foot path.
PLACES = {1: (0, 0), 2: (180, 0), 3: (200, 0), 4: (400, 0), 5: (200, 150), 6: (0, 50)}
ROADS = {
    10: ([1, 2, 3, 4], {"highway": "primary", "lanes": "4", "maxspeed": "50"}),
    11: ([3, 5], {"highway": "residential", "maxspeed": "20 mph"}),
    12: ([1, 6], {"highway": "footway"}),
    13: ([4, 5], {"highway": "motorway", "lanes": "3", "maxspeed": "none"}),
    14: ([4, 5], {"highway": "construction"}),
    15: ([4, 99], {"highway": "primary"}),
    16: ([4, 5], {"building": "yes"}),
}


def degrees(x_m, y_m):
    lon, lat = local_frame(LON, LAT).to_geographic(np.array([float(x_m)]), np.array([float(y_m)]))
    return float(lon[0]), float(lat[0])


def tags_of(tags):
    return "".join(f'<tag k="{k}" v="{v}"/>' for k, v in tags.items())


def an_extract(roads=None, signals=2):
    nodes = []
    for number, place in PLACES.items():
        lon, lat = degrees(*place)
        tags = tags_of({"highway": "traffic_signals"}) if number == signals else ""
        nodes.append(f'<node id="{number}" version="1" lat="{lat}" lon="{lon}">{tags}</node>')
    ways = [
        f'<way id="{number}" version="1">'
        + "".join(f'<nd ref="{one}"/>' for one in ids)
        + tags_of(tags)
        + "</way>"
        for number, (ids, tags) in (roads or ROADS).items()
    ]
    return f'<osm version="0.6">{"".join(nodes + ways)}</osm>'


def imported(text=None, **options):
    return read_osm(BytesIO((text or an_extract()).encode()), "town", **options)


def metres(lane):
    return np.column_stack(local_frame(LON, LAT).to_local(*degrees_of(lane).T.copy()))


def test_ways_are_cut_where_roads_meet_and_at_signals():
    segments = {segment.name: segment for segment in imported().segments}
    assert set(segments) == {
        *(f"town/10.{piece}{side}" for piece in range(3) for side in "+-"),
        "town/11.0+", "town/11.0-", "town/12.0+", "town/13.0+",
    }  # fmt: skip
    assert [len(segments[name].lanes) for name in ("town/10.0+", "town/11.0-", "town/13.0+")] == [
        2, 1, 3,
    ]  # fmt: skip
    stopping = {name for name, segment in segments.items() if segment.stop_line}
    assert stopping == {"town/10.0+", "town/10.1-"}
    assert segments["town/10.0-"].limit_mps == pytest.approx(50 / 3.6)
    assert segments["town/11.0+"].limit_mps == pytest.approx(8.94, abs=0.01)
    assert segments["town/13.0+"].limit_mps is None
    (path,) = segments["town/12.0+"].lanes
    assert path.kind == "pedestrian"
    assert path.both_ways


def test_lanes_lie_beside_the_line_on_the_right_or_the_left():
    segments = {segment.name: segment for segment in imported().segments}
    east = [metres(lane)[:, 1].mean() for lane in segments["town/10.0+"].lanes]
    west = [metres(lane)[:, 1].mean() for lane in segments["town/10.0-"].lanes]
    assert np.allclose(east, [-5.25, -1.75], atol=0.01)  # the rightmost first
    assert np.allclose(west, [5.25, 1.75], atol=0.01)
    assert metres(segments["town/10.0-"].lanes[0])[0, 0] > 100.0
    segments = {segment.name: segment for segment in imported(left_hand=True).segments}
    east = [metres(lane)[:, 1].mean() for lane in segments["town/10.0+"].lanes]
    assert np.allclose(east, [1.75, 5.25], atol=0.01)


def test_lanes_go_on_but_not_back():
    lanes = {lane.name: lane for segment in imported().segments for lane in segment.lanes}
    assert [t.lane for t in lanes["town/10.0+1"].turns] == ["town/10.1+1"]
    onward = {t.lane for t in lanes["town/10.1+0"].turns}
    assert onward == {"town/10.2+0", "town/10.2+1", "town/11.0+0"}
    assert {t.lane for t in lanes["town/11.0-0"].turns} == {
        "town/10.2+0", "town/10.2+1", "town/10.1-0", "town/10.1-1",
    }  # fmt: skip


def test_what_is_no_road_is_accounted_for():
    account = imported().account
    assert account.read["roads"] == 6
    assert account.skipped == {
        ("roads", "highway=construction"): 1,
        ("roads", "some of its nodes are not in the file"): 1,
    }
    with pytest.raises(ImportFileError, match="no nodes"):
        imported("<osm/>")


@pytest.mark.parametrize(
    ("tags", "lanes"),
    [
        ({}, (1, 1, 0)),
        ({"lanes": "1"}, (0, 0, 1)),
        ({"lanes": "3", "lanes:forward": "2"}, (2, 1, 0)),
        ({"lanes": "3", "lanes:backward": "2"}, (1, 2, 0)),
        ({"lanes:forward": "2", "lanes:backward": "1"}, (2, 1, 0)),
        ({"oneway": "yes", "lanes": "2"}, (2, 0, 0)),
        ({"oneway": "-1", "lanes": "2"}, (0, 2, 0)),
        ({"junction": "roundabout"}, (1, 0, 0)),
        ({"lanes": "two"}, (1, 1, 0)),
        ({"lanes": "9999999999", "oneway": "yes"}, (16, 0, 0)),
    ],
)
def test_tags_say_how_many_lanes(tags, lanes):
    road = carriageway({"highway": "primary", **tags})
    assert isinstance(road, Carriageway)
    assert road[1:4] == lanes


def test_tags_say_width_and_limit():
    def width(**tags):
        return carriageway({"highway": "tertiary", **tags}).width_m

    assert width(width="6.5") == 3.25
    assert width(width="40") == width(width="wide") == 3.5
    assert carriageway({"highway": "service", "access": "no"}) == "no access"
    assert carriageway({"highway": "pedestrian", "area": "yes"}) == "an area is no way"
    given = {"maxspeed": "50", "maxspeed:backward": "30"}
    road = carriageway({"highway": "tertiary", **given})
    assert (road.limit_along_mps, road.limit_against_mps) == (50 / 3.6, 30 / 3.6)
    assert limit_mps("10 knots") == pytest.approx(5.144, abs=1e-3)
    assert [limit_mps(text) for text in ("walk", "DE:urban", "0", "50 furlongs", "")] == [None] * 5


def test_a_line_beside_a_corner_keeps_its_distance_from_both_sides():
    corner = np.array([degrees(*place) for place in [(0, 0), (100, 0), (100, 100)]])
    moved = np.column_stack(local_frame(LON, LAT).to_local(*beside(corner, -2.0).T.copy()))
    assert np.allclose(moved, [(0, 2), (98, 2), (98, 100)], atol=0.01)


def test_netconvert_makes_the_same_lanes_of_it(tmp_path):
    source, made = tmp_path / "town.osm", tmp_path / "town.net.xml"
    source.write_text(an_extract({10: ROADS[10], 11: ROADS[11]}, signals=None))
    options = ["--osm-files", str(source), "--output-file", str(made), "--no-warnings"]
    options += ["--no-internal-links", "--default.lanewidth", "3.5", "--no-turnarounds"]
    run_sumo_program("netconvert", options)
    theirs = read_network(made, Choices("town"))
    ours = read_network(source, Choices("town"))
    assert ours.account.kept("lanes") == theirs.account.kept("lanes") == 10
    for segment in ours.segments:
        lanes = [metres(lane) for lane in segment.lanes]
        # They trim at the junction: compared is the distance of our line from their points.
        found = [
            one
            for other in theirs.segments
            for one in [metres(lane) for lane in other.lanes]
            if _apart_m(one, lanes[0]) < 0.3
        ]
        assert len(found) == 1, segment.name
        assert length_m(segment.lanes[0]) == pytest.approx(_long_m(found[0]), abs=16.0)
    limits = {round(segment.limit_mps, 2) for segment in theirs.segments}
    assert limits == {round(segment.limit_mps, 2) for segment in ours.segments}


def _apart_m(points, straight):
    """Largest distance of points from a straight line of the same direction; inf for another."""
    way = (straight[-1] - straight[0]) / np.hypot(*(straight[-1] - straight[0]))
    if (points[-1] - points[0]) @ way <= 0:
        return np.inf
    off = points - straight[0]
    inside = (off @ way > -20) & (off @ way < np.hypot(*(straight[-1] - straight[0])) + 20)
    return np.abs(off @ np.array([way[1], -way[0]])).max() if inside.all() else np.inf


def _long_m(points):
    return np.hypot(*np.diff(points, axis=0).T).sum()
