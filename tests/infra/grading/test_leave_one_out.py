from infra.grading.leave_one_out import losses, source_of
from tests.operators.account.world import EAST, FIRST_MINUTE_US, HONEST, SECOND_US, line, places

LENGTH_US = 6 * SECOND_US


def recording(alone):
    """All units see all vehicles but two, which `alone` sees alone."""
    made = []
    for unit in HONEST:
        for at_us in range(FIRST_MINUTE_US, FIRST_MINUTE_US + LENGTH_US, 100_000):
            event_us = at_us + 1000 * unit.phase_ms
            seen = places(event_us)[0 if unit is alone else 2 :]
            made.append((event_us, line(unit.name, event_us, seen, 0.3)))
    return [body for _, body in sorted(made)]


def test_what_one_source_sees_alone_is_lost_without_it():
    found = {loss.source_id: loss for loss in losses(recording(EAST))}
    assert set(found) == {"east", "west", "south"}
    assert found["east"].lost_s > 2 * 4.0
    assert found["west"].lost_s < 1.0
    assert found["west"].apart_m < 0.5
    assert found["west"].sigma_without_m > found["west"].sigma_m
    assert all(loss.switches == 0 for loss in found.values())


def test_a_line_that_cannot_be_read_has_no_source():
    assert [source_of(one) for one in (b"{", b"[]", b'{"source": "a"}')] == ["", "", "a"]
