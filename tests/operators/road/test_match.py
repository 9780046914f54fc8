"""Lanes of objects: where geometry decides, where history does, and where nothing does."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.frame import ObjectClass
from operators.road.lanes import LANE, cell_lanes, pack_parts
from operators.road.match import match
from operators.road.network import RoadPart
from operators.road.recall import MEMORY, recall
from operators.track import TRACK_ROW
from tests.builders import HOME, a_row
from tests.operators.road.signals import a_lane, a_part, a_segment, an_approach


def lanes_of(*segments):
    part = msgspec.json.decode(a_part(*segments), type=RoadPart)
    return cell_lanes(HOME.key, pack_parts([part]))


def an_object(x_m, y_m, sigma_m=0.3, vx_mps=10.0, vy_mps=0.0, **fields):
    variance = sigma_m**2
    known = {"x_m": x_m, "y_m": y_m, "vx_mps": vx_mps, "vy_mps": vy_mps, "track_id": 7}
    return a_row(cov_xx_m2=variance, cov_yy_m2=variance, **known | fields)


def names(lanes, numbers):
    """Lane ids by number, None for -1."""
    return [int(lanes.lanes["lane_id"][n]) if n >= 0 else None for n in numbers]


def ids(*wanted):
    part = msgspec.json.decode(a_part(*wanted), type=RoadPart)
    return {lane.name: lane.lane_id for s in part.segments for lane in s.lanes}


def drive(lanes, places, **fields):
    """Numbers of the lanes of one track that is at these places tick after tick."""
    memory, found = np.zeros(0, MEMORY), []
    for x, y in places:
        told, memory = match(an_object(x, y, **fields), memory, lanes, 0.1)
        found.append(told[0])
    return found


def test_an_object_in_the_middle_of_a_lane_is_on_it():
    lanes, known = lanes_of(an_approach()), ids(an_approach())
    told, _ = match(an_object(-100, -1.5), np.zeros(0, MEMORY), lanes, 0.1)
    assert names(lanes, told["lane"]) == [known["in:1"]]
    assert told["along_m"][0] == pytest.approx(100.0, abs=0.01)
    assert told["across_m"][0] == pytest.approx(0.25, abs=0.01)


def test_between_two_lanes_the_segment_is_known_and_the_lane_is_not():
    told, _ = match(an_object(-100, 0.05), np.zeros(0, MEMORY), lanes_of(an_approach()), 0.1)
    assert told["lane"].tolist() == [-1]
    assert told["segment"][0] >= 0


@pytest.mark.parametrize(
    ("kind", "y_m", "expected"),
    [
        (ObjectClass.BICYCLE, -3.35, "cycles"),  # its place is known wrongly, within the car's lane
        (ObjectClass.BICYCLE, -1.75, "cars"),  # but who rides in the middle of it is on it
        (ObjectClass.CAR, -3.65, None),
        (ObjectClass.CAR, -4.0, "cycles"),  # in the middle of it
        (ObjectClass.UNKNOWN, -3.35, "cars"),
        (ObjectClass.UNKNOWN, -3.65, "cycles"),
    ],
)
def test_beside_a_lane_for_cyclists_it_counts_who_somebody_is(kind, y_m, expected):
    """Edges at 0, -3.5 and -4.5 m."""
    road = a_segment(
        "road",
        a_lane("cycles", [(-200, -4), (0, -4)], 1.0, kind="bicycle"),
        a_lane("cars", [(-200, -1.75), (0, -1.75)]),
    )
    lanes = lanes_of(road)
    found = drive(lanes, [(-150 + n, y_m) for n in range(20)], object_class=kind)
    wanted = None if expected is None else ids(road)[expected]
    assert names(lanes, [found[-1]["lane"]]) == [wanted]
    assert found[-1]["segment"] >= 0


def test_a_sigma_as_wide_as_a_lane_decides_nothing():
    wide, _ = match(an_object(-100, -1.75, 3.0), np.zeros(0, MEMORY), lanes_of(an_approach()), 0.1)
    assert (wide["lane"].tolist(), wide["segment"].tolist()) == ([-1], [-1])


@pytest.mark.parametrize(("x", "y"), [(-100, 30), (-100, -6), (20, -1.75), (-220, -1.75)])
def test_off_the_road_and_beyond_its_ends_nothing_is_told(x, y):
    told, _ = match(an_object(x, y), np.zeros(0, MEMORY), lanes_of(an_approach()), 0.1)
    assert (told["lane"].tolist(), told["segment"].tolist()) == ([-1], [-1])


def test_who_drives_against_a_lane_is_not_on_it_and_who_stands_is():
    lanes = lanes_of(an_approach())
    against, _ = match(an_object(-100, -1.75, vx_mps=-10.0), np.zeros(0, MEMORY), lanes, 0.1)
    still, _ = match(an_object(-100, -1.75, vx_mps=-0.5), np.zeros(0, MEMORY), lanes, 0.1)
    assert against["lane"].tolist() == [-1]
    assert still["lane"][0] >= 0


def test_walkers_are_on_walkways_alone():
    walk = a_segment("w", a_lane("w:1", [(-100, -10), (-100, 10)], kind="pedestrian"))
    lanes, known = lanes_of(an_approach(), walk), ids(an_approach(), walk)
    there = {"x_m": -100, "y_m": -1.75, "vx_mps": 0.0}
    walker, _ = match(an_object(**there, object_class=7), np.zeros(0, MEMORY), lanes, 0.1)
    car, _ = match(an_object(**there, object_class=1), np.zeros(0, MEMORY), lanes, 0.1)
    assert names(lanes, walker["lane"]) == [known["w:1"]]
    assert names(lanes, car["lane"]) == [known["in:1"]]


def test_a_change_of_lane_is_told_after_a_second_and_never_wrongly():
    lanes, known = lanes_of(an_approach()), ids(an_approach())
    path = [(-150 + k, -1.75 if k < 20 else 1.75) for k in range(40)]
    told = names(lanes, [t["lane"] for t in drive(lanes, path)])
    assert set(told[:20]) == {known["in:1"]}
    assert known["in:1"] not in told[24:]
    assert set(told[32:]) == {known["in:2"]}


def test_who_goes_on_to_the_lane_that_follows_is_known_there_at_once():
    first = a_segment("a", a_lane("a", [(-200, 0), (-100, 0)], turns=[{"lane": "b"}]))
    second = a_segment("b", a_lane("b", [(-100, 0), (0, 0)]))
    lanes, known = lanes_of(first, second), ids(first, second)
    path = [(-120 + k, 0.3) for k in range(40)]
    told = names(lanes, [t["lane"] for t in drive(lanes, path)])
    assert set(told[:18]) == {known["a"]}
    assert set(told[26:]) == {known["b"]}


def test_where_lanes_lie_over_each_other_nothing_is_told():
    over = [a_segment(name, a_lane(name, [(-200, 0), (0, 0)])) for name in ("up", "down")]
    told = drive(lanes_of(*over), [(-100 + k, 0.0) for k in range(20)])
    assert {t["lane"] for t in told} == {t["segment"] for t in told} == {-1}


def test_an_intersections_own_map_names_what_it_draws_and_an_import_the_rest():
    """Whichever came first: the import's lane is half a metre off, as surveys are."""
    drawn = a_part(a_segment("m", a_lane("m", [(-100, 0), (0, 0)])))
    way = a_lane("i", [(-300, 0.5), (0, 0.5), (200, 0.5)])
    beside, against = a_lane("b", [(-300, 4), (200, 4)]), a_lane("a", [(200, 0.5), (-300, 0.5)])
    imported = a_part(a_segment("i", way, beside), a_segment("a", against), name="town/88")
    parts = [msgspec.json.decode(one, type=RoadPart) for one in (drawn, imported)]
    lanes = cell_lanes(HOME.key, pack_parts(parts))
    assert cell_lanes(HOME.key, pack_parts(parts[::-1])) is lanes  # the same bytes
    called = {lane.lane_id: lane.name for p in parts for s in p.segments for lane in s.lanes}

    def on(y_m, low_m, high_m):
        told = drive(lanes, [(x, y_m) for x in range(-200, high_m)])
        at = [one["lane"] for x, one in enumerate(told, -200) if x > low_m]
        return {called.get(number) for number in names(lanes, at)}

    assert on(0.2, -190, -110) == {"i"}
    assert on(0.2, -80, -10) == {"m"}
    assert on(0.2, 20, 150) == {"i"}
    assert on(4.2, -190, 150) == {"b"}


def test_a_cell_without_roads_tells_nothing():
    told, memory = match(an_object(0, 0), np.zeros(0, MEMORY), lanes_of(), 0.1)
    assert told["lane"].tolist() == [-1]
    assert memory["lane_id"].tolist() == [[0] * 4]


def test_of_many_lanes_near_the_nearest_count():
    wide = [a_lane(f"w:{k}", [(-200, 1.5 * k), (0, 1.5 * k)], width_m=1.5) for k in range(20)]
    lanes, known = lanes_of(a_segment("w", *wide)), ids(a_segment("w", *wide))
    for k in range(20):
        told, _ = match(an_object(-100, 1.5 * k, 0.1), np.zeros(0, MEMORY), lanes, 0.1)
        assert names(lanes, told["lane"]) == [known[f"w:{k}"]]


def test_who_waits_at_the_stop_line_is_on_the_lane_that_ends_there():
    turns = [{"lane": name} for name in ("left", "on", "right")]
    first = a_segment("a", a_lane("a", [(-200, 0), (0, 0)], turns=turns))
    ways = [(5, 20), (20, 0), (5, -20)]
    onward = [
        a_segment(turn["lane"], a_lane(turn["lane"], [(0, 0), way]))
        for turn, way in zip(turns, ways, strict=True)
    ]
    lanes, known = lanes_of(first, *onward), ids(first, *onward)
    told = drive(lanes, [(-3.0, 0.2)] * 30, vx_mps=0.0)
    assert set(names(lanes, [t["lane"] for t in told])) == {known["a"]}


def test_who_leaves_the_road_is_on_no_lane_within_a_second():
    path = [(-150 + k, -1.75) for k in range(60)] + [(-90, -5.5)] * 10
    told = drive(lanes_of(an_approach()), path)
    assert all(t["lane"] >= 0 for t in told[:60])
    assert told[-1]["lane"] == told[-1]["segment"] == -1


@given(st.permutations([3, 5, 7, 9]), st.sets(st.sampled_from([2, 3, 7, 9, 11])))
def test_what_is_remembered_is_found_by_track_in_any_order(tracks, before):
    rows, there = np.zeros(4, TRACK_ROW), np.zeros(3, LANE)
    rows["track_id"], there["lane_id"] = tracks, [10, 20, 30]
    remembered = np.zeros(len(before), MEMORY)
    remembered["track_id"] = sorted(before)
    remembered["lane_id"] = [20, 15, 0, 30]
    known, numbers = np.zeros(4, MEMORY), np.empty((4, 4), np.int64)
    rising = recall(rows, remembered, there, known, numbers)
    assert rising == (tracks == sorted(tracks))
    for track, row, found in zip(tracks, known, numbers.tolist(), strict=True):
        assert row["track_id"] == (track if track in before else 0)
        assert found == ([1, -1, -2, 2] if track in before else [-2] * 4)


def test_what_is_remembered_is_sorted_by_track_whatever_the_rows():
    lanes = lanes_of(an_approach())
    rows = np.concatenate([an_object(-100 - k, -1.75, track_id=k) for k in (3, 1, 2)])
    told, memory = match(rows, np.zeros(0, MEMORY), lanes, 0.1)
    assert memory["track_id"].tolist() == [1, 2, 3]
    again, _ = match(rows, memory, lanes, 0.1)
    assert again["lane"].tolist() == told["lane"].tolist()
