"""Signals whose map came elsewhere find their cells by way of their intersection."""

from operators.frame import SourceKind
from operators.ingress import TopicRule
from tests.builders import (
    SECOND_US,
    START_US,
    Log,
    an_observation,
    column,
    fates,
    outputs_of,
    values,
)
from tests.operators.road.signals import GREEN, RED, a_part, a_segment, a_spat, an_approach

TENTH_US = 100_000
SPAT, MAP = "topic.OdeSpatJson", "topic.OdeMapJson"
FOREIGN = {
    SPAT: TopicRule("spatem.json", SourceKind.ROADSIDE, True, source="ode-signals", keyed=False),
    MAP: TopicRule("network.json", SourceKind.ROADSIDE, True, source="ode-maps", keyed=False),
}


def a_drive(*maps):
    """A car on the lane of group 1; maps by instant; signals on a topic of their own."""
    log = Log()
    log.declare("unit-1")
    log.declare("ode-signals", "ode-maps", format=None)
    for at_us, body in maps:
        log.add(at_us, body, MAP, format="", source="", key="m")
    for k in range(40):
        at_us = START_US + k * TENTH_US
        log.see(at_us, [an_observation(-100 + k, -1.75, vx=10.0, vy=0.0)])
        body = a_spat(at_us, {1: RED if k < 20 else GREEN, 2: RED})
        log.add(at_us + 30_000, body, SPAT, format="", source="", key=f"stream-{k}")
    return log


def phases(log):
    """Phases that the car was shown, by tick in tenths since the start."""
    pictures = [v for v in values(outputs_of(log, foreign=FOREIGN), "fused.objects") if v["count"]]
    return {(v["tick_us"] - START_US) // TENTH_US: column(v, "signal_phase", "u1")[0]
            for v in pictures}  # fmt: skip


def test_an_object_knows_the_signal_that_came_on_another_topic_than_its_map():
    log = a_drive((START_US - 2 * SECOND_US, a_part(an_approach())))
    found = phases(log)
    assert {found[k] for k in range(5, 19)} == {RED}
    assert {found[k] for k in range(22, 39)} == {GREEN}
    assert fates(outputs_of(log, foreign=FOREIGN))["CONTEXT", ""] == 41


def test_without_a_map_nobody_knows_it():
    assert set(phases(a_drive()).values()) == {0}


def test_a_map_of_another_intersection_changes_nothing():
    other = a_part(an_approach(), name="intersection/250/8")
    assert set(phases(a_drive((START_US - 2 * SECOND_US, other))).values()) == {0}


def test_a_map_that_moved_takes_the_signals_along():
    """What was known stays where it is known, and ends there."""
    away = {"name": "in:1", "points": [[116.0, 39.0], [116.001, 39.0]], "width_m": 3.5}
    found = phases(
        a_drive(
            (START_US - 2 * SECOND_US, a_part(an_approach())),
            (START_US + SECOND_US, a_part(a_segment("in", away))),
        )
    )
    assert {found[k] for k in range(5, 10)} == {RED}
    assert {found[k] for k in range(12, 39)} == {0}
