"""Figures of records of subscribed vehicles, of made instants."""

import msgspec
import pytest

from benchmarks.measure import BenchmarkError
from benchmarks.subscribed import Seen, figures

TICK = 1_790_000_000_000_000
CUT_US = 100_000


@pytest.fixture
def seen() -> Seen:
    """Two vehicles at two of three ticks, the second one not found at first."""
    made = Seen()
    for tick, late_us in ((TICK, 150_000), (TICK + 200_000, 250_000)):
        for k in range(2):
            vehicle = None if (tick, k) == (TICK, 1) else {"track_id": k}
            told = {"tick_us": tick, "vehicle": vehicle, "objects": [{}] * (1 + k), "other": 1}
            made.take(msgspec.json.encode(told), tick + late_us)
    return made


def test_work_is_counted_from_the_cut(seen: Seen) -> None:
    found = figures(seen, 2, TICK, TICK + 300_000, CUT_US)
    assert found["work_ms"] == pytest.approx([100.0, 150.0])
    assert found["found"] == 0.75
    assert found["objects"] == 1.5
    assert found["vehicles_told_a_tick"] == 1.0
    assert found["ticks_told"] == pytest.approx(2 / 3)


def test_only_ticks_of_the_span_count(seen: Seen) -> None:
    found = figures(seen, 2, TICK + 100_000, TICK + 300_000, CUT_US)
    assert found["work_ms"] == pytest.approx([150.0, 150.0])
    assert found["found"] == 1.0


def test_nothing_told_is_no_figure(seen: Seen) -> None:
    with pytest.raises(BenchmarkError, match="a second late"):
        figures(seen, 2, TICK + 300_000, TICK + 400_000, CUT_US)
