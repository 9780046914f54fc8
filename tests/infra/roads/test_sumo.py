import gzip
from io import BytesIO

import numpy as np
import pytest
from pyproj import Proj

from infra.roads.imported import ImportFileError
from infra.roads.read import Choices, read_network
from infra.roads.sumo import read_sumo
from infra.simulator.network import District, build_network
from operators.road.network import Turn, degrees_of, length_m

UTM = "+proj=utm +zone=32 +ellps=WGS84 +datum=WGS84 +units=m +no_defs"
# Two roads that meet at a light: a pavement, a cycle lane and two lanes end at it.
NET = """<?xml version="1.0"?>
<!-- netconvert -->
<net version="1.20">
<location netOffset="-500000.00,-5400000.00" projParameter="{projection}"/>
<edge id=":J_0" function="internal">
  <lane id=":J_0_0" index="0" speed="6.0" length="10" shape="100,-2 110,-2"/>
</edge>
<edge id=":J_1" function="internal">
  <lane id=":J_1_0" index="0" speed="6.0" length="10" shape="100,2 100.2,2"/>
</edge>
<edge id=":J_c0" function="crossing">
  <lane id=":J_c0_0" index="0" allow="pedestrian" width="4" speed="1" shape="98,-6 98,6"/>
</edge>
<edge id=":J_w0" function="walkingarea">
  <lane id=":J_w0_0" index="0" allow="pedestrian" speed="1" shape="97,-6 99,-6 99,-7"/>
</edge>
<edge id="in" from="W" to="J">
  <lane id="in_0" index="0" allow="pedestrian" width="2" speed="13.9" shape="0,-8 100,-8"/>
  <lane id="in_1" index="1" allow="bicycle" width="1.5" speed="13.9" shape="0,-5 100,-5"/>
  <lane id="in_2" index="2" disallow="pedestrian tram" speed="13.9" shape="0,-2 100,-2"/>
  <lane id="in_3" index="3" disallow="pedestrian" width="3.5" speed="16.7" shape="0,2 100,2"/>
  <lane id="in_4" index="4" allow="tram" speed="22" shape="0,5 100,5"/>
  <lane id="in_5" index="5" disallow="all" speed="22" shape="0,8 100,8"/>
</edge>
<edge id="out" from="J" to="E">
  <lane id="out_0" index="0" speed="13.9" shape="110,-2,0.5 200,-2,0.5"/>
</edge>
<tlLogic id="J" type="static" programID="0" offset="0">
  <phase duration="30" state="GgrG"/><phase duration="30" state="rrGr"/>
</tlLogic>
<connection from="in" to="out" fromLane="2" toLane="0" via=":J_0_0" tl="J" linkIndex="0"/>
<connection from="in" to="out" fromLane="3" toLane="0" via=":J_1_0" tl="J" linkIndex="1"/>
<connection from=":J_w0" to=":J_c0" fromLane="0" toLane="0" tl="J" linkIndex="2"/>
<connection from="in" to="out" fromLane="1" toLane="0" tl="J" linkIndex="3"/>
<connection from=":J_0" to="out" fromLane="0" toLane="0"/>
<connection from=":J_1" to="out" fromLane="0" toLane="0"/>
</net>
"""


def imported(text=None, **options):
    data = (text or NET.format(projection=UTM)).encode()
    return read_sumo(BytesIO(data), "town", **options)


def lanes_of(found):
    return {lane.name: (lane, segment) for segment in found.segments for lane in segment.lanes}


def test_edges_become_segments_whose_lanes_say_who_uses_them():
    found = imported()
    kinds = {name: lane.kind for name, (lane, _) in lanes_of(found).items()}
    assert kinds == {
        "town/:J_0_0": "vehicle",
        "town/:J_c0_0": "pedestrian",
        "town/in_0": "pedestrian",
        "town/in_1": "bicycle",
        "town/in_2": "vehicle",
        "town/in_3": "vehicle",
        "town/in_4": "rail",
        "town/out_0": "vehicle",
    }
    segments = {segment.name: segment for segment in found.segments}
    assert segments["town/in"].limit_mps == 16.7  # not the tram's
    assert segments["town/:J_0"].limit_mps is None
    assert [s for s in segments.values() if s.stop_line] == [segments["town/in"]]
    widths = [lane.width_m for lane in segments["town/in"].lanes]
    assert widths == [2.0, 1.5, 3.2, 3.5, 3.2]
    both = {name for name, (lane, _) in lanes_of(found).items() if lane.both_ways}
    assert both == {"town/:J_c0_0", "town/in_0"}


def test_what_is_left_out_is_accounted_for():
    account = imported().account
    assert account.read["lanes"] == 11
    assert account.kept("lanes") == 8
    assert set(account.skipped) == {
        ("lanes", "a walking area is no way"),
        ("lanes", "closed to all"),
        ("lanes", "shorter than half a metre, turns back, or not in its projection"),
    }


def test_turns_lead_over_the_junction_and_have_their_signal_group():
    lanes = lanes_of(imported(lights={"J": "1/7"}))
    assert lanes["town/in_2"][0].turns == (Turn("town/:J_0_0", "1/7", 1),)
    # The way over the junction is too short to be a lane: the lane beyond it follows.
    assert lanes["town/in_3"][0].turns == (Turn("town/out_0", "1/7", 1),)
    assert lanes["town/in_1"][0].turns == (Turn("town/out_0", "1/7", 1),)
    assert lanes["town/:J_0_0"][0].turns == (Turn("town/out_0"),)
    assert lanes["town/:J_c0_0"][0].turns == (Turn("town/:J_c0_0", "1/7", 2),)


def test_a_projection_places_the_network():
    lane, _ = lanes_of(imported())["town/in_2"]
    east, north = Proj(UTM)(*degrees_of(lane)[0])
    assert np.allclose((east - 500_000, north - 5_400_000), (0.0, -2.0), atol=1e-3)
    assert length_m(lane) == pytest.approx(100.0, rel=1e-3)


def test_without_a_projection_an_origin_is_asked_for():
    bare = NET.format(projection="!").replace("-500000.00,-5400000.00", "10.00,0.00")
    with pytest.raises(ImportFileError, match="--origin"):
        imported(bare)
    lane, _ = lanes_of(imported(bare, origin=(48.0, 11.0)))["town/in_2"]
    (lon, lat), (end, _) = degrees_of(lane)
    assert lat == pytest.approx(48.0 - 2.0 / 111_200, abs=1e-7)
    assert lon < 11.0 < end


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<net><edge", "broken XML"),
        ('<!DOCTYPE net [<!ENTITY a "b">]><net/>', "DOCTYPE"),
        ('<net><edge id="a"><lane id="a_0"/></edge></net>', "location"),
        ("<a>" * 100, "deeper"),
        (NET.format(projection=UTM).replace('linkIndex="1"', ""), "linkIndex"),
        ('<net><location netOffset="x" projParameter="!"/></net>', "netOffset"),
        ('<net><location projParameter="+proj=nowhere"/></net>', "nowhere"),
    ],
)
def test_what_is_no_network_is_refused(text, said):
    with pytest.raises(ImportFileError, match=said):
        imported(text)


def test_broken_lanes_are_left_out():
    broken = NET.format(projection=UTM).replace("0,-2 100,-2", "0,-2 x,-2")
    broken = broken.replace("0,2 100,2", "").replace('width="1.5"', 'width="-1"')
    skipped = imported(broken).account.skipped
    assert skipped["lanes", "numbers that are none"] == 2
    assert skipped["lanes", "no width"] == 1


def test_each_of_many_edges_lies_where_it_would_alone():
    """They are projected a thousand at a time; one of those here has no place."""
    edge = '<edge id="e{0}"><lane id="e{0}_0" speed="9" shape="{1}"/></edge>'
    head, _, tail = NET.format(projection=UTM).partition('<edge id="in"')
    shapes = [f"{n},{n % 7} {n + 50},{n}" if n != 500 else "1,1 x,2" for n in range(2100)]

    def placed(numbers):
        edges = "".join(edge.format(n, shapes[n]) for n in numbers)
        lanes = lanes_of(imported(f'{head}{edges}<edge id="in"{tail}'))
        return {n: lanes[f"town/e{n}_0"][0].points for n in numbers if n != 500}

    together = placed(range(2100))
    for n in (0, 499, 501, 1000, 2099):
        assert together[n] == placed([n])[n]


def test_who_opens_the_file_sees_how_far_it_is_read(tmp_path):
    path, seen = tmp_path / "town.net.xml", []

    class Watched(BytesIO):
        def read(self, size=-1):
            data = super().read(size)
            seen.append(self.tell())
            return data

    for data in (
        NET.format(projection=UTM).encode(),
        gzip.compress(b'<net version="1">' + b" " * 9000),
    ):
        path.write_bytes(data)
        if data.startswith(b"<"):
            plain = read_network(path, Choices("town"), lambda one: Watched(one.read_bytes()))
            assert plain == read_network(path, Choices("town"))
        else:
            with pytest.raises(ImportFileError, match="broken XML"):
                read_network(path, Choices("town"), lambda one: Watched(one.read_bytes()))
        assert max(seen) == len(data)
        seen.clear()


def test_files_are_known_by_their_content(tmp_path):
    path = tmp_path / "town"
    path.write_bytes(gzip.compress(NET.format(projection=UTM).encode()))
    assert read_network(path, Choices("town")) == imported()
    path.write_bytes(b"\0\0\0\rOSMHeader")
    with pytest.raises(ImportFileError, match="osmium cat"):
        read_network(path, Choices("town"))
    path.write_text("[project]")
    with pytest.raises(ImportFileError, match="--format sumo"):
        read_network(path, Choices("town"))


def test_a_generated_district_is_read_whole(tmp_path):
    made = build_network(District(2), tmp_path, 1)
    found = read_network(made.path, Choices("district", origin=(31.9, 118.8)))
    assert set(found.account.skipped) == {("lanes", "a walking area is no way")}
    lanes = lanes_of(found)
    ends = [name for name, (lane, _) in lanes.items() if not lane.turns and lane.kind == "vehicle"]
    # Only what leads out of the district leads nowhere.
    assert {name.rsplit("_", 1)[0] for name in ends} == {f"district/{one}" for one in made.exits}
    assert {t.lane for lane, _ in lanes.values() for t in lane.turns} <= lanes.keys()
