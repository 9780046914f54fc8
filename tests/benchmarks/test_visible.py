"""Where the time from a tick to a visible row goes, of made instants."""

import pytest

from benchmarks.measure import BenchmarkError
from benchmarks.visible import Asker, Came, CommittedReader, parts_of

S = 1_000_000
TICK = 1_790_000_000 * S


@pytest.fixture
def reader():
    """Two pictures before a cut, which partition 1 passes later than partition 0."""
    made = CommittedReader.__new__(CommittedReader)
    first, second = Came(TICK + 200_000, TICK + S), Came(TICK + 900_000, TICK + S)
    made.came = {("a", TICK): first, ("a", TICK + 700_000): second}
    made.marks = {
        0: [first, second, Came(TICK + 1_100_000, TICK + 2 * S)],
        1: [Came(TICK + 1_000_000, TICK + 1_500_000), Came(TICK + 1_300_000, TICK + 2_300_000)],
    }
    return made


def asker(*seen):
    made = Asker.__new__(Asker)
    made.seen = {"a": list(seen)}
    return made


def test_the_parts_of_the_way_sum_to_the_whole(reader):
    spans = parts_of(reader, asker((TICK + 700_000, TICK + 2_600_000)), TICK)
    assert spans["visible"].tolist() == pytest.approx([2.6, 1.9])
    assert spans["fused"].tolist() == pytest.approx([0.2, 0.2])
    assert spans["committed"].tolist() == pytest.approx([0.8, 0.1])
    assert spans["cut"].tolist() == pytest.approx([1.3, 1.3])  # partition 1 is behind it at 2.3 s
    assert spans["inserted"].tolist() == pytest.approx([0.3, 0.3])


def test_a_picture_is_seen_with_the_first_answer_that_is_as_new(reader):
    spans = parts_of(
        reader, asker((TICK, TICK + 2_400_000), (TICK + 800_000, TICK + 3_400_000)), TICK
    )
    assert spans["visible"].tolist() == pytest.approx([2.4, 2.7])


def test_a_picture_that_nobody_sees_is_no_figure(reader):
    with pytest.raises(BenchmarkError, match="1 of 2 pictures"):
        parts_of(reader, asker((TICK, TICK + 2 * S)), TICK)


def test_nothing_to_see_is_no_figure(reader):
    with pytest.raises(BenchmarkError, match="no picture"):
        parts_of(reader, asker(), TICK + S)
