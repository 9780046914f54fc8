"""Alerts from their XML to the flags of objects, through the whole pipeline."""

import pytest

from operators.enrich.told import ContextFlag
from tests.builders import (
    CONTEXT,
    HOME,
    SECOND_US,
    START_US,
    a_log,
    an_observation,
    column,
    degrees,
    outputs_of,
    tallies,
    values,
)
from tests.operators.decode.test_cap import alert, info

EMERGENCY = int(ContextFlag.EMERGENCY)
TIMES = "<onset>2026-01-01T00:00:00Z</onset>"
SENT = [f"2026-09-21T13:{k:02d}:00+00:00" for k in range(5)]


def around(x_m):
    """A circle of 30 m, as CAP writes it."""
    lat, lon = degrees(x_m, 0.0)
    return f"<circle>{lat:.7f},{lon:.7f} 0.03</circle>"


def message(number, kind, area="", refers_to=()):
    """A message of the chain, with references to others by number."""
    references = " ".join(f"fire@city,a{k},{SENT[k]}" for k in refers_to)
    body = info(area, times=TIMES) if area else ""
    return alert(body, f"a{number}", kind, sent=SENT[number], references=references).encode()


CHAIN = [
    message(0, "Alert", around(0.0)),
    message(1, "Update", around(0.0) + around(100.0), [0]),
    message(2, "Update", around(100.0), [1]),
    message(3, "Cancel", "", [2]),
]
REACH = [{0.0}, {0.0, 100.0}, {100.0}, set()]


def marked(messages):
    """Distances of the flagged objects east of the middle, just before each next message."""
    log = a_log()
    log.declare("office", kind="feed", format="cap")
    for k, body in enumerate(messages):
        log.add(START_US + (k + 2) * SECOND_US, body, CONTEXT, source="office", format="")
    for k in range(10 * len(messages) + 20):
        log.see(START_US + 100_000 * k, [an_observation(0.0), an_observation(100.0)])
    outputs = outputs_of(log)
    assert tallies(outputs)["CONTEXT", ""] == len(messages)
    found = {}
    for value in values(outputs, "fused.objects"):
        lon, lat = column(value, "lon_e7", "<i4") / 1e7, column(value, "lat_e7", "<i4") / 1e7
        x, _ = HOME.frame.to_local(lon, lat)
        alarmed = column(value, "context_flags", "<u4") & EMERGENCY != 0
        found[value["tick_us"]] = {round(at, -2) for at in x[alarmed].tolist()}
    before = [START_US + (k + 3) * SECOND_US - 100_000 for k in range(len(messages))]
    assert found[START_US + 2 * SECOND_US - 100_000] == set()
    assert found[START_US + 2 * SECOND_US] == found[before[0]]  # from the tick of its receipt on
    return [found[tick] for tick in before]


def test_a_chain_of_updates_that_names_only_the_last_is_followed_to_its_cancellation():
    assert marked(CHAIN) == REACH


@pytest.mark.parametrize("again", [0, 1])
def test_an_old_message_that_comes_again_brings_nothing_back(again):
    assert marked([*CHAIN[:3], CHAIN[again] + b"\n"])[-1] == REACH[2]


def test_an_alert_that_comes_after_its_cancellation_does_not_act():
    assert marked([CHAIN[0], CHAIN[3], CHAIN[2]]) == [REACH[0], REACH[0], REACH[0]]
