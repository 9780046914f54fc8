import numpy as np
import pytest

from operators.account.echo import Echoes
from operators.reasons import Use
from tests.builders import START_US, a_frame, a_row
from tests.operators.account.faulty import outputs_with
from tests.operators.account.world import (
    FIRST_MINUTE_US,
    HONEST,
    MINUTE_US,
    Echo,
    a_world,
    minutes,
    told,
)

TICK_US, CUT_US = 100_000, 100_000
OTHER, OWN = np.uint64(1), np.uint64(2)


def judged(places, delay_us=200_000, mask=OTHER, shift_m=0.0, speed_mps=10.0):
    """Echoes after 20 looks at a source (slot 1) that tells where things were shown."""
    echoes = Echoes()
    for k in range(20):
        tick_us = START_US + k * TICK_US
        rows = [a_row(x_m=x + k, vx_mps=speed_mps, sources=mask) for x in places]
        echoes.note(tick_us, np.concatenate(rows), ["b"])
        back = a_frame([[x + k + shift_m, 0.0] for x in places], tick_us,
                       source_id="b", receive_time_us=tick_us + delay_us)  # fmt: skip
        echoes.judge([back], ["a", "b"], CUT_US)
    return echoes


def test_who_repeats_what_was_shown_is_named_and_held_back():
    echoes = judged([0.0, 50.0])
    assert echoes.named() == ["b"]
    frames = [a_frame(source_id="a"), a_frame([[1, 1], [2, 2]], source_id="b")]
    kept, ((frame, links),) = echoes.hold_back(frames)
    assert [f.source_id for f in kept] == ["a"]
    assert frame.source_id == "b"
    assert links["use"].tolist() == [Use.QUARANTINED] * 2


@pytest.mark.parametrize(
    "honest",
    [
        {"shift_m": 0.05},  # beside, as a sensor is
        {"delay_us": 50_000},  # before it could have come back
        {"mask": OWN},  # nobody else sees it: what is shown is its own
        {"speed_mps": 0.5},  # what stands is where it was
    ],
)
def test_who_does_not_repeat_is_not_named(honest):
    assert judged([0.0, 50.0], **honest).named() == []


def test_a_source_that_stops_repeating_is_cleared():
    echoes = judged([0.0, 50.0])
    for k in range(200):
        tick_us = START_US + (20 + k) * TICK_US
        echoes.note(tick_us, a_row(x_m=2.0 * k, vx_mps=10.0, sources=OTHER), ["b"])
        own = a_frame([[2.0 * k + 0.4, 0.0]], tick_us, source_id="b")
        echoes.judge([own], ["a", "b"], CUT_US)
    assert echoes.named() == []


def test_what_is_remembered_is_bounded():
    echoes = Echoes()
    for k in range(100):
        rows = np.concatenate([a_row(x_m=i, vx_mps=9.0) for i in range(100)])
        echoes.note(START_US + k * TICK_US, rows, [])
    assert len(echoes.shown) == 30 * 64 * 24


def test_an_echo_of_the_station_is_named_within_its_first_seconds_and_not_fused():
    (early, late) = (
        minutes(outputs_with("echo"), at_us)["echo"]
        for at_us in (FIRST_MINUTE_US - MINUTE_US, FIRST_MINUTE_US)
    )
    assert {"ECHO", "QUARANTINED"} <= set(early["faults"]) & set(late["faults"])
    assert early["quarantined"] > 2 * early["used"] > 0
    assert late["used"] == 0
    assert late["share_s"] == 0.0


def test_the_same_with_a_sensors_noise_is_a_sensor():
    entries = minutes(told(a_world((*HONEST, Echo.unit), warm_up_s=5, seconds=1), Echo(0.3)))
    assert entries["echo"]["faults"] == []
