"""Which incident can be which event."""

import pytest

from operators.events.duplicate import may_be
from operators.events.kinds import EventKind

STANDS, STOPS = EventKind.STOPPED_VEHICLE, EventKind.GROUP_STOP
WRONG, WALKS = EventKind.WRONG_WAY, EventKind.VULNERABLE_ON_CARRIAGEWAY


@pytest.mark.parametrize(
    ("properties", "kinds"),
    [
        ({"cause": "2", "subcause": "0"}, {STANDS, STOPS}),
        ({"cause": "94", "subcause": "2"}, {STANDS}),
        ({"cause": "14", "subcause": "1"}, {WRONG}),
        ({"cause": "11", "subcause": "0"}, {WALKS}),
        ({"cause": "10", "subcause": "4"}, set()),
        ({"event_type": "101", "description": ""}, {STANDS, STOPS}),
        ({"itis_codes": "769 513"}, {STANDS, STOPS}),
        ({"itis_codes": "1286"}, {WALKS}),
        ({"itis_codes": "² -513 " + "9" * 5000}, {STANDS, STOPS, WRONG}),
        ({"itis_codes": ""}, {STANDS, STOPS, WRONG}),
        ({"event": "crash on the bridge"}, {STANDS, STOPS, WRONG}),
        ({"cause": "somebody fell asleep"}, {STANDS, STOPS, WRONG}),
    ],
)
def test_the_cause_of_an_incident_says_which_events_it_can_be(properties, kinds):
    assert may_be(properties) == kinds


def test_deeds_of_a_moment_and_queues_are_duplicates_of_nothing():
    never = {EventKind.HARD_BRAKING, EventKind.CONFLICT, EventKind.QUEUE_END}
    assert not never & may_be({})
