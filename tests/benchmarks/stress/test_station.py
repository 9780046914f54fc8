"""The same frames through the whole flow."""

from collections import Counter

from benchmarks.stress.faults import again, silent
from benchmarks.stress.station import published
from tests.benchmarks.stress.scene import frames

FEW = [frame for frame in frames() if frame.event_time_us < 1_700_000_000_000_000 + 3_000_000]


def test_every_record_has_a_fate_and_repeats_are_duplicates():
    once, twice = published(FEW), published(again(FEW, 2))
    assert once.fates == Counter(ACCEPTED=len(FEW))
    assert twice.fates == Counter(ACCEPTED=len(FEW), DUPLICATE=len(FEW))
    assert {t: rows.tobytes() for t, rows in once.pictures.items()} == {
        t: rows.tobytes() for t, rows in twice.pictures.items()
    }
    assert max(map(len, once.pictures.values())) > 5


def test_a_unit_that_falls_silent_goes_missing():
    assert "unit-1" in published(silent(FEW, ["unit-1"], [(0.5, 99.0)])).missing_s
    late = [s for name, s in published(FEW).missing_s.items() if name == "unit-1"]
    assert all(second > 3.0 for second in late)
