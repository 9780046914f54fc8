"""All scenes: what happens, and what nearly happens, of each kind of event."""

from collections.abc import Callable

from benchmarks.events.driving import (
    brakes_gently,
    brakes_hard,
    bus_at_a_stop,
    drives_on_the_right,
    drives_the_wrong_way,
    drops_somebody,
    overtakes,
    parked_beside,
    passes_at_amber,
    passes_at_green,
    runs_the_red,
    starts_before_the_news,
    stays_on_the_left,
    stops_in_the_lane,
    stops_over_the_line,
    waits_at_red,
)
from benchmarks.events.meetings import (
    closes_up_fast,
    crosses_just_before,
    crosses_well_behind,
    cycles_on_the_motorway,
    dense_but_moving,
    follows_and_stops,
    group_stops_suddenly,
    joins_who_waits,
    meets_on_the_next_lane,
    misses_by_little,
    queue_at_red,
    queue_on_the_motorway,
    queue_on_two_lanes,
    walks_beside,
    walks_on_the_road,
    walks_over_the_crossing,
)
from benchmarks.events.script import Rng, Script
from benchmarks.events.third_parties import (
    ambulance_alone,
    ambulance_comes,
    ambulance_off_duty,
    drives_into_the_works,
    passes_the_works,
    road_with_works,
)

SCENES: tuple[Callable[[Rng], Script], ...] = (
    stops_in_the_lane, waits_at_red, drops_somebody, bus_at_a_stop, parked_beside,
    drives_the_wrong_way, stays_on_the_left, overtakes, drives_on_the_right,
    brakes_hard, brakes_gently,
    crosses_just_before, misses_by_little, closes_up_fast, crosses_well_behind, follows_and_stops,
    meets_on_the_next_lane,
    walks_on_the_road, cycles_on_the_motorway, walks_over_the_crossing, walks_beside,
    queue_on_the_motorway, dense_but_moving, queue_at_red, group_stops_suddenly,
    joins_who_waits, queue_on_two_lanes,
    runs_the_red, passes_at_green, passes_at_amber, stops_over_the_line, starts_before_the_news,
    ambulance_comes, ambulance_off_duty, ambulance_alone,
    drives_into_the_works, passes_the_works, road_with_works,
)  # fmt: skip
