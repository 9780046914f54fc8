"""Map messages: what the offsets mean, and every trap with its numbers."""

import json
from pathlib import Path

import numpy as np
import pytest

from operators.decode.map_lanes import line
from operators.decode.registry import decode
from operators.errors import DecodeError
from operators.reasons import Reason
from operators.transform.cells import local_frame

DATA = Path(__file__).parents[3].parent / "shared/data"
LON, LAT = -105.0914122, 39.5952649


def xy(x, y, bits=6, **attributes):
    return {"delta": {f"nodeXY{bits}": {"x": x, "y": y}}, "attributes": attributes or None}


def lane(nodes, number=2, *, ingress=True, kind="vehicle", **fields):
    use = {"ingressPath": ingress, "egressPath": not ingress}
    side = {"ingressApproach": 1} if ingress else {"egressApproach": 2}
    known = {
        "laneID": number,
        "laneAttributes": {"directionalUse": use, "laneType": {kind: {}, "parking": None}},
        "nodeList": {"nodes": nodes},
    }
    return known | side | fields


def ode(*lanes, **fields):
    place = {"latitude": LAT, "longitude": LON, "elevation": 1677.0}
    known = {"id": {"id": 12110}, "revision": 3, "refPoint": place, "laneWidth": 366}
    geometry = [known | fields | {"laneSet": {"GenericLane": list(lanes)}}]
    data = {"intersections": {"intersectionGeometry": geometry}}
    return json.dumps({"metadata": {}, "payload": {"data": data}}).encode()


def part(payload, name="map.json"):
    (found,) = decode(name, payload, 0).roads
    return found


def metres(points):
    """East and north of the reference point."""
    lon, lat = np.array(points).T
    x, y = local_frame(LON, LAT).to_local(lon, lat)
    return np.column_stack([x, y])


def only_lane(payload, name="map.json"):
    ((found,),) = (s.lanes for s in part(payload, name).segments)
    return found


def reason_of(payload, name="map.json"):
    with pytest.raises(DecodeError) as caught:
        decode(name, payload, 0)
    return caught.value.reason


def file(name):
    return (DATA / name).read_bytes()


def test_the_recorded_map_of_the_ode():
    found = part(file("jpo-ode/expected-map.json"))
    assert (found.part, found.revision, found.refused) == ("intersection/12110", 0, 0)
    lanes = {s.name.split("/")[1]: len(s.lanes) for s in found.segments}
    assert lanes == {"in1": 4, "in3": 4, "in5": 4, "in7": 5, "out2": 3, "out4": 2, "out6": 3,
                     "out8": 3}  # fmt: skip
    assert {s.name: s.stop_line for s in found.segments}["12110/in1"]
    first = found.segments[0].lanes[0]
    assert (first.name, first.width_m) == ("12110:2", 3.66)
    assert first.turns[0].lane == "12110:19"
    assert (first.turns[0].intersection, first.turns[0].group) == ("12110", 4)


def test_offsets_are_centimetres_from_the_node_before_and_traffic_comes_in():
    found = only_lane(ode(lane([xy(2225, 808), xy(10_517, -161)])))
    # 22.25 + 105.17 m east: the far end is where traffic enters, the stop line is its end.
    assert metres(found.points) == pytest.approx(
        np.array([[127.42, 6.47], [22.25, 8.08]]), abs=0.005
    )


def test_an_egress_lane_is_drawn_with_its_traffic():
    found = only_lane(ode(lane([xy(1000, 0), xy(3000, 0)], ingress=False)))
    assert metres(found.points)[:, 0] == pytest.approx([10.0, 40.0], abs=0.005)


def test_absolute_nodes_are_degrees_and_offsets_go_on_from_there():
    corner = {"delta": {"nodeLatLon": {"lat": LAT + 0.001, "lon": LON}}}
    found = only_lane(ode(lane([xy(0, 1000), corner, xy(0, 500)], ingress=False)))
    north = metres(found.points)[:, 1]
    assert found.points[1] == pytest.approx((LON, LAT + 0.001), abs=1e-8)
    assert north[2] - north[1] == pytest.approx(5.0, abs=0.005)


@pytest.mark.parametrize(
    ("node", "most"), [(1, 511), (2, 1023), (3, 2047), (4, 4095), (5, 8191), (6, 32_767)]
)
def test_each_width_of_offset_has_its_range_and_its_unknown(node, most):
    good = only_lane(ode(lane([xy(-most, most, node), xy(5000, 5000)], ingress=False)))
    assert metres(good.points)[0] == pytest.approx([-most / 100, most / 100], abs=0.02)
    assert reason_of(ode(lane([xy(most + 1, 0, node), xy(500, 0)]))) is Reason.OUT_OF_RANGE
    unknown = ode(lane([xy(-most - 1, 0, node), xy(500, 0)]), lane([xy(0, 0), xy(500, 0)], 3))
    assert part(unknown).refused == 1


def test_width_grows_by_each_change_and_the_mean_is_kept():
    nodes = [xy(0, 100), xy(1000, 0, dWidth=20), xy(1000, 0, dWidth=-40)]
    assert only_lane(ode(lane(nodes))).width_m == pytest.approx((3.66 + 3.86 + 3.46) / 3)
    assert only_lane(ode(lane(nodes[:2]), laneWidth=0)).width_m == 3.5


def test_a_width_change_that_overflows_is_out_of_range():
    assert reason_of(ode(lane([xy(0, 0, dWidth=10_000_000_000)]))) is Reason.OUT_OF_RANGE


def test_the_invalid_file_of_the_converter_is_refused_and_the_valid_one_read():
    assert reason_of(file("jpo-geojsonconverter/invalid.map.json")) is Reason.OUT_OF_RANGE
    found = part(file("jpo-geojsonconverter/valid.map.json"))
    # 100 x 0.02 m/s; the limit of trucks is not that of all
    assert {s.limit_mps for s in found.segments} == {2.0}


def test_unavailable_and_truck_limits_are_none():
    limits = [{"type": "truckMaxSpeed", "speed": 200}, {"type": "vehicleMaxSpeed", "speed": 8191}]
    found = part(ode(lane([xy(0, 0), xy(500, 0)]), speedLimits={"speedLimits": limits}))
    assert found.segments[0].limit_mps is None


def test_jitter_of_repeated_nodes_goes_and_a_way_that_turns_back_is_refused():
    metre = 1 / 85_700  # degrees of longitude
    steps = [(LON + k * metre, LAT) for k in (0, 0.2, 20, 20.1, 19.9)]
    assert line(steps) == [steps[0], steps[2]]
    assert line([(LON, LAT), (LON + 20 * metre, LAT), (LON + 5 * metre, LAT)]) == []
    assert line([(LON, LAT)]) == line([]) == line([(LON, LAT), (LON, LAT)]) == []
    both = ode(lane([xy(0, 0), xy(2000, 0), xy(-1500, 0)]), lane([xy(0, 0), xy(500, 0)], 3))
    assert part(both).refused == 1


def test_a_computed_lane_is_its_reference_moved():
    base = lane([xy(1000, 0), xy(3000, 0)], ingress=False)
    moved = {"referenceLaneId": 2, "offsetXaxis": {"small": 10}, "offsetYaxis": {"large": -350}}
    drawn = lane([], 3, ingress=False, nodeList={"computed": moved})
    ((first, second),) = (s.lanes for s in part(ode(base, drawn)).segments)
    away = metres(second.points) - metres(first.points)
    assert away == pytest.approx(np.array([[0.1, -3.5]] * 2), abs=0.005)
    turned = lane([], 3, ingress=False, nodeList={"computed": moved | {"rotateXY": 10}})
    assert part(ode(base, turned)).refused == 1


def test_crosswalks_are_lanes_of_their_own_for_both_ways():
    use = {"ingressPath": True, "egressPath": True}
    attributes = {"directionalUse": use, "laneType": {"crosswalk": {}}}
    (segment,) = part(ode(lane([xy(0, 0), xy(500, 0)], laneAttributes=attributes))).segments
    assert (segment.name, segment.stop_line) == ("12110/lane2", False)
    assert (segment.lanes[0].kind, segment.lanes[0].both_ways) == ("pedestrian", True)


def test_a_remote_connection_names_the_lane_over_there():
    away = {"connectingLane": {"lane": 4}, "remoteIntersection": {"region": 3, "id": 8}}
    found = only_lane(ode(lane([xy(0, 0), xy(500, 0)], connectsTo={"connectsTo": [away]})))
    assert (found.turns[0].lane, found.turns[0].intersection) == ("3/8:4", "")


def test_a_map_without_a_lane_says_nothing():
    assert reason_of(ode(lane([]))) is Reason.UNAVAILABLE
    assert reason_of(ode()) is Reason.UNAVAILABLE


def test_the_chinese_map_of_openv2x():
    found = decode("map.csae.json", file("openv2x/map.json"), 0).roads
    assert [p.part.split("/", 1)[1] for p in found] == ["10/17", "10/18", "10/19", "10/20", "10/21"]
    assert [p.refused for p in found] == [1, 1, 5, 1, 0]  # lanes whose points go to and fro
    segment = found[2].segments[0]
    assert (segment.name, segment.limit_mps) == ("10/18-10/19", 16.66)  # 833 x 0.02: 60 km/h
    first = segment.lanes[0]
    assert (first.name, first.width_m) == ("10/18-10/19:16", 2.0)
    assert first.points[0] == (118.8221527, 31.9351114)  # drawn with the traffic, not turned
    assert [turn.lane for turn in first.turns] == ["10/19-10/17:15", "10/19-10/20:10"]


def chinese(**fields):
    ends = ({"lat": 10, "lon": 0}, {"lat": 400, "lon": 0})
    points = [{"posOffset": {"offsetLL": {"position-LL1": offset}}} for offset in ends]
    onward = [{"remoteIntersection": {"id": 3}, "connectingLane": {"lane": 2}} | fields]
    drawn = {"laneID": 1, "laneWidth": 350, "points": points, "connectsTo": onward}
    link = {"upstreamNodeId": {"id": 1}, "lanes": [drawn]}
    link["movements"] = [{"remoteIntersection": {"id": 3}, "phaseId": 7}]
    place = {"lat": 399_000_000, "long": 1_164_000_000}
    node = {"id": {"region": 0, "id": 2}, "refPos": place, "inLinks": [link]}
    return json.dumps({"mapFrame": {"nodes": [node]}}).encode()


def test_chinese_offsets_start_at_the_node_and_movements_name_the_phase():
    (segment,) = part(chinese(), "map.csae.json").segments
    first = segment.lanes[0]
    assert first.points == ((116.4, 39.900001), (116.4, 39.90004))
    assert (first.turns[0].lane, first.turns[0].intersection) == ("2-3:2", "2")
    assert (first.turns[0].group, segment.stop_line) == (7, True)
    assert only_lane(chinese(phaseId=9), "map.csae.json").turns[0].group == 9


def mapem(**fields):
    nodes = [
        {"delta": {"node_xy": {"x": 1000, "y": 0}}},
        {"delta": {"node_xy": {"x": 3000, "y": 0}}},
    ]
    attributes = {"directional_use": ["ingressPath"], "shared_with": [],
                  "lane_type": {"bike_lane": []}}  # fmt: skip
    drawn = {"lane_id": 1, "lane_attributes": attributes, "node_list": {"nodes": nodes}}
    known = {"id": {"region": 250, "id": 7}, "revision": 1, "lane_set": [drawn],
             "ref_point": {"latitude": 395_952_649, "longitude": -1_050_914_122}}  # fmt: skip
    body = {"intersections": [known | fields]}
    whole = {"message_type": "mapem", "source_uuid": "r", "timestamp": 1, "message": body}
    return json.dumps(whole).encode()


def test_the_european_map_is_the_same_in_other_words():
    found = only_lane(mapem(), "mapem.json")
    assert (found.name, found.kind) == ("250/7:1", "bicycle")
    assert metres(found.points)[:, 0] == pytest.approx([40.0, 10.0], abs=0.005)


def test_an_unavailable_reference_point_is_named():
    gone = {"latitude": 900_000_001, "longitude": 1_800_000_001}
    assert reason_of(mapem(ref_point=gone), "mapem.json") is Reason.UNAVAILABLE
