"""Who stands with nothing ahead, and who behind somebody."""

import numpy as np

from benchmarks.events.town import a_lane
from operators.events.kinds import EventKind
from operators.events.standing import standing
from operators.road.network import RoadPart, Segment
from tests.operators.events.test_ahead import scene_of

LANES = tuple(a_lane(f"F:{k}", [(-60.0, y), (60.0, y)]) for k, y in enumerate((0.0, 3.5)))
STREET = RoadPart("street", (Segment("F", LANES, 13.9),))


def heads(*users):
    """Rows of those who stand with nothing ahead of them."""
    found = standing(scene_of(*users, part=STREET)).found
    return found["row"][found["kind"] == EventKind.STOPPED_VEHICLE].tolist()


def test_who_waits_half_way_into_the_next_lane_stands_behind_who_is_ahead_in_it():
    ahead = {"x_m": 10.0, "heading_rad": 0.0}
    squeezed = {"y_m": 1.8, "heading_rad": np.radians(11.0)}
    assert heads(ahead, squeezed) == [0]


def test_who_stands_on_the_next_lane_is_not_behind():
    assert heads({"x_m": 10.0, "heading_rad": 0.0}, {"y_m": 3.5, "heading_rad": 0.0}) == [0, 1]
