import json
from io import BytesIO

import pytest

from infra.roads.geojson import read_geojson
from infra.roads.imported import ImportFileError
from infra.roads.read import Choices, read_network
from operators.road.network import Turn


def a_feature(lane="a", points=((11.0, 48.0, 500.0), (11.001, 48.0)), kind="LineString", **said):
    properties = said if lane is None else {"lane": lane, **said}
    geometry = {"type": kind, "coordinates": points}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def text_of(*features):
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def imported(*features):
    return read_geojson(BytesIO(text_of(*features)), "town")


def test_features_are_lanes_and_share_segments():
    found = imported(
        a_feature("a1", segment="a", width_m=3.0, limit_kmh=36, next_lanes=["b", "else/c"]),
        a_feature("a2", segment="a", limit_mps=12.5, stop_line=True, colour="red"),
        a_feature("b", kind="LineString", both_ways=True) | {"id": 7},
        a_feature(None) | {"id": 8},
    )
    a, b, eight = found.segments
    assert [segment.name for segment in found.segments] == ["town/a", "town/b", "town/8"]
    assert [lane.name for lane in a.lanes] == ["town/a1", "town/a2"]
    assert (a.limit_mps, a.stop_line, a.lanes[0].width_m) == (12.5, True, 3.0)
    assert a.lanes[0].turns == (Turn("town/b"), Turn("else/c"))
    assert b.lanes[0].both_ways
    assert (eight.limit_mps, eight.lanes[0].width_m, eight.lanes[0].turns) == (None, 3.5, ())


def test_signals_let_turns_go():
    one = {"next_lanes": ["b"], "signals": ["1/7#2"]}
    two = {"next_lanes": ["b"], "signals": ["1/7#2", "1/7#3"]}
    turns = [{"lane": "b", "intersection": "1/7", "group": 4}]
    found = imported(
        a_feature("a", **one), a_feature("b", **two), a_feature("c", turns=turns),
        a_feature("d", signals=["1/7#2"]),
    )  # fmt: skip
    ways = {s.lanes[0].name: s.lanes[0].turns for s in found.segments}
    assert ways["town/a"] == (Turn("town/b", "1/7", 2),)
    assert ways["town/b"] == (Turn("", "1/7", 2), Turn("", "1/7", 3), Turn("town/b"))
    assert ways["town/c"] == (Turn("town/b", "1/7", 4),)
    assert ways["town/d"] == (Turn("", "1/7", 2),)


@pytest.mark.parametrize(
    ("feature", "said"),
    [
        (a_feature(kind="Point"), "Invalid enum value 'Point' - at `$.geometry.type`"),
        (a_feature(width_m=-1), "Expected `float` > 0.0 - at `$.properties.width_m`"),
        (a_feature(signals=["7"]), "`$.properties.signals[0]`"),
        (a_feature(None), "no property lane and no id"),
        (a_feature(points=[(11.0, 48.0), (11.0, 48.0)]), "shorter than half a metre"),
        (a_feature(points=[(11.0, 480.0), (11.0, 48.0)]), "no degrees"),
        (a_feature("ok"), "another lane has its name"),
    ],
)
def test_a_feature_that_is_no_lane_is_accounted_for(feature, said):
    found = imported(a_feature("ok"), feature)
    assert (found.account.read["lanes"], found.account.kept("lanes")) == (2, 1)
    ((_, reason),) = found.account.skipped
    assert said in reason


def test_what_is_no_collection_is_refused(tmp_path):
    with pytest.raises(ImportFileError, match="FeatureCollection"):
        read_geojson(BytesIO(b'{"type": "Feature"}'), "town")
    path = tmp_path / "town.geojson"
    path.write_bytes(text_of(a_feature()))
    assert read_network(path, Choices("town")) == imported(a_feature())
