"""What a cell shows its neighbours, and what a neighbour makes of it."""

import numpy as np
import pytest

from operators.decode.geometry import place_text
from operators.events.rows import rows_of
from operators.events.strips import merged, strips_of
from operators.events.waiting import Waiting, complete, take
from operators.frame import ObjectClass
from tests.builders import HOME, START_US, degrees
from tests.operators.events.borders import CELLS, FIRST_M, WEST_M, a_car, of_kind, pictures, told
from tests.operators.events.pictures import ENCODER, TICK_US


def at(tick, *users):
    """Pictures of the three cells at one tick, by cell."""
    shown = pictures(tick * TICK_US / 1e6, lambda t: users, step_us=tick * TICK_US)
    return {one["cell_key"]: one for one in shown}


def with_features(picture, *names, visibility_m=None):
    """The picture, if to each of its objects all of some features apply."""
    count = picture["count"]
    return picture | {
        "features": list(names),
        "feature_count": np.full(count, len(names), "<u2").tobytes(),
        "feature_index": np.tile(np.arange(len(names)), count).astype("<u2").tobytes(),
        "weather": [{"visibility_m": visibility_m}] * min(count, 1),
    }


def test_a_neighbour_is_shown_what_is_near_its_border_and_nothing_else():
    near, far = a_car(1, FIRST_M - 100.0), a_car(2, FIRST_M - 400.0)
    picture = with_features(at(1, near, far)[HOME.key], "a", "b")
    strips = strips_of(picture)
    assert CELLS[1] in strips
    strip = strips[CELLS[1]]
    assert np.frombuffer(strip["track_id"], "<u8").tolist() == [1]
    assert (strip["features"], len(strip["feature_index"])) == (["a", "b"], 4)
    assert strips_of(at(1, far)[HOME.key]) == {}


def test_a_merged_picture_holds_each_track_and_each_feature_once():
    shown = at(1, a_car(1, FIRST_M - 20.0), a_car(2, FIRST_M + 20.0))
    own = with_features(shown[CELLS[0]], "here", "both", visibility_m=100.0)
    other = with_features(shown[CELLS[1]], "both", "there", visibility_m=900.0)
    strip = strips_of(other)[CELLS[0]]
    whole = merged(own, [strip, strip])
    assert (whole["count"], whole["own"]) == (2, 1)
    assert whole["features"] == ["here", "both", "there"]
    assert np.frombuffer(whole["feature_index"], "<u2").tolist() == [0, 1, 1, 2]
    rows = rows_of(whole)
    assert rows["own"].tolist() == [True, False]
    assert rows["x_m"] == pytest.approx([FIRST_M - 20.0, FIRST_M + 20.0], abs=0.1)
    seen_m = [whole["weather"][k]["visibility_m"] for k in rows["weather_index"].tolist()]
    assert seen_m == [100.0, 900.0]


def judged(own_ticks, strip_ticks):
    """Ticks that can be judged of those that came, and whether each has a strip."""
    waiting = Waiting()
    packed = [
        [ENCODER.encode({"tick_us": tick * TICK_US, "cell_key": key}) for tick in ticks]
        for key, ticks in (("own", own_ticks), ("other", strip_ticks))
    ]
    take(waiting, *packed, 0)
    found = complete(waiting, all_of_them=False)
    return [(one["tick_us"] // TICK_US, len(strips)) for one, strips in found]


def test_a_picture_waits_for_any_neighbour_a_little_and_for_one_that_spoke_longer():
    assert judged(range(1, 6), []) == [(1, 0), (2, 0)]
    assert judged(range(1, 6), range(1, 6)) == [(1, 1), (2, 1)]
    assert judged(range(1, 8), [1]) == [(1, 1)]
    assert judged(range(1, 14), [1]) == [(1, 1), (2, 0), (3, 0)]


def test_an_ambulance_and_who_is_near_in_the_next_cell_are_one_event():
    def place(t):
        x_m = FIRST_M - 330.0 + 10.0 * t
        kind = {"object_class": ObjectClass.EMERGENCY}
        return [a_car(1, x_m, 10.0, **kind), a_car(2, FIRST_M + 40.0 - 5.0 * t, -5.0, WEST_M)]

    def a_report(t):
        lat, lon = degrees(FIRST_M - 330.0 + 10.0 * t, 700.0)
        return START_US + round(t * 1e6), {
            "feature_id": "vehicle/1", "kind": "emergency_vehicle", "source_id": "unit",
            "receive_time_us": START_US + round(t * 1e6), "issued_us": START_US + round(t * 1e6),
            "valid_from_us": None, "valid_to_us": None, "area": place_text(lon, lat),
            "radius_m": 300.0, "cancelled": False, "properties": {}, "topic": "raw.context",
            "partition": 0, "offset": round(t),
        }  # fmt: skip

    shown = [with_features(one, "vehicle/1") for one in pictures(6.0, place)]
    found = of_kind(told(shown, [a_report(t) for t in range(7)]), "emergency_vehicle")
    assert [one["change"] for one in found].count("opened") == 1
    assert len({one["event_id"] for one in found}) == 1
    assert {one["track_ids"][0] for one in found} == {1, 2}  # the next cell does not see the first
