import math

import numpy as np
import pytest

from operators.frame import ObjectClass, empty_observations
from operators.fuse.attributes import (
    FIRST_HEADING_VOTES,
    class_probability,
    take_class,
    take_heading,
    take_height,
    take_size,
    wrapped,
)
from operators.fuse.state import TRACK


def a_track(vx=0.0, vy=0.0):
    track = np.zeros(1, TRACK)
    track["z_m"] = track["heading_rad"] = track["size_m"] = np.nan
    track["mean"][0] = 0.0, 0.0, vx, vy
    track["heading_votes"] = FIRST_HEADING_VOTES
    track["covariance"][0] = 1, 0, 0, 0, 1, 0, 0, 0.1, 0, 0.1
    return track


def seen(**fields):
    made = empty_observations(1)
    for name, value in fields.items():
        made[name] = value
    return made[0]


def test_class_follows_the_weight_of_votes():
    track = a_track()[0]
    take_class(track, seen(object_class=ObjectClass.VAN, class_confidence=0.4))
    for _ in range(3):
        take_class(track, seen(object_class=ObjectClass.CAR, class_confidence=0.9))
    assert track["object_class"] == ObjectClass.CAR
    assert class_probability(track) == pytest.approx(2.7 / 3.6, rel=1e-5)


def test_a_track_without_votes_is_unknown():
    track = a_track()[0]
    take_class(track, seen(object_class=ObjectClass.UNKNOWN, class_confidence=1.0))
    take_class(track, seen(object_class=250))
    assert (track["object_class"], class_probability(track)) == (ObjectClass.UNKNOWN, 1.0)


def test_a_class_may_change_its_mind():
    track = a_track()[0]
    for _ in range(500):
        take_class(track, seen(object_class=ObjectClass.CAR, class_confidence=1.0))
    for _ in range(30):
        take_class(track, seen(object_class=ObjectClass.BUS, class_confidence=1.0))
    assert track["object_class"] == ObjectClass.BUS


def test_size_is_a_weighted_mean_of_what_was_given():
    track = a_track()[0]
    take_size(track, seen(length_m=4.0, score=1.0))
    take_size(track, seen(length_m=5.0, width_m=2.0, score=0.25))
    take_size(track, seen(length_m=np.inf, width_m=-1.0))
    assert track["size_m"][:2].tolist() == pytest.approx([4.2, 2.0])
    assert math.isnan(track["size_m"][2])


def test_height_filter_moves_towards_what_is_seen():
    track = a_track()[0]
    take_height(track, seen(z_m=10.0), 0.0)
    take_height(track, seen(), 0.1)
    take_height(track, seen(z_m=12.0), 0.1)
    assert 10.9 < track["z_m"] < 11.2


def test_heading_is_averaged_across_the_wrap():
    track = a_track()[0]
    take_heading(track, seen(heading_rad=3.1), True, False, 0.1)
    for _ in range(20):
        take_heading(track, seen(heading_rad=-3.1), True, False, 0.1)
    assert abs(wrapped(float(track["heading_rad"]) + 3.1)) < 0.02


def test_heading_comes_from_motion_only_above_two_metres_a_second():
    slow, fast = a_track(0.0, 1.9)[0], a_track(0.0, 5.0)[0]
    for track in (slow, fast):
        take_heading(track, seen(), False, False, 0.1)
    assert math.isnan(slow["heading_rad"])
    assert fast["heading_rad"] == pytest.approx(math.pi / 2)


@pytest.mark.parametrize(("trusted", "heading"), [(False, 0.0), (True, math.pi)])
def test_a_box_the_wrong_way_round_is_turned_unless_trusted(trusted, heading):
    track = a_track(10.0, 0.0)[0]
    take_heading(track, seen(heading_rad=math.pi), trusted, False, 0.1)
    assert abs(wrapped(float(track["heading_rad"]) - heading)) < 1e-6


def test_flips_of_a_standing_box_do_not_turn_the_track():
    track = a_track()[0]
    for k in range(20):
        take_heading(track, seen(heading_rad=0.3 + math.pi * (k % 2)), False, False, 0.1)
    assert track["heading_rad"] == pytest.approx(0.3, abs=1e-5)
