from collections import namedtuple

import pytest

from benchmarks import late
from infra.simulator.scenario import Sent

Simulated = namedtuple("Simulated", "sources sent")


def simulated(n=1000):
    sent = [
        Sent(topic, topic[-1], "f", b"%d" % k, late.START_US + 1000 * k, late.START_US + 1000 * k)
        for k in range(n)
        for topic in ("raw.probe", "raw.roadside")
    ]
    return Simulated([{"source_id": "e"}], sent)


def times(log, topic):
    """Receive time of each record by its content."""
    return {one.record.body: one.record.receive_time_us for one in log if one.topic == topic}


def test_a_fifth_of_the_probes_records_comes_800_ms_later_and_nothing_else():
    plain, moved = (late.log_of(simulated(), s, 1, probes_only=False) for s in (0.0, 0.2))
    assert times(plain, "raw.roadside") == times(moved, "raw.roadside")
    probes = times(plain, "raw.probe")
    delays = [at - probes[body] for body, at in times(moved, "raw.probe").items()]
    assert set(delays) == {0, late.LATE_US}
    assert sum(map(bool, delays)) == pytest.approx(200, abs=40)


@pytest.mark.parametrize("probes_only", [True, False])
def test_a_log_is_in_the_order_of_its_receive_times_and_offsets(probes_only):
    log = late.log_of(simulated(), 0.2, 1, probes_only=probes_only)
    received = [one.record.receive_time_us for one in log]
    assert received == sorted(received)
    assert [one.record.offset for one in log] == list(range(len(log)))
    assert ("raw.roadside" in {one.topic for one in log}) != probes_only


def test_the_bounds_lie_on_both_sides_of_the_delay():
    assert late.DROPPED < late.LATE_US < late.USED


def test_the_table_tells_the_mean_over_the_seeds():
    outcomes = [
        late.Outcome(seed, "probes 1 Hz", "late, used", float(seed), 3.0, 0.5, 1, 10, 100)
        for seed in (1, 2)
    ] + [
        late.Outcome(1, group, case, 9.0, 9.0, 0.9, 9, 9, 9)
        for group in late.GROUPS
        for case in late.CASES
        if (group, case) != ("probes 1 Hz", "late, used")
    ]
    wanted = "probes 1 Hz   late, used"
    (line,) = [one for one in late.table(outcomes).splitlines() if one.startswith(wanted)]
    assert line.split()[5:] == ["1.500", "3.000", "0.500", "1.0", "10", "100"]
