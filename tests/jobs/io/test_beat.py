"""How long a fetch waits for pulses."""

import pytest

from jobs.io.beat import PULSE_BYTES, pulse_bytes


@pytest.mark.parametrize(
    ("partitions", "readers", "pulses"),
    [
        ([4, 4, 1, 1, 1], 1, 11),
        ([4, 4, 1, 1, 1], 2, 4),  # one reader may get none of the topics of one partition
        ([4], 3, 1),
        ([1], 1, 1),
    ],
)
def test_a_fetch_waits_for_the_pulses_that_are_sure_to_come(partitions, readers, pulses):
    assert pulse_bytes(partitions, readers) == pulses * PULSE_BYTES


def test_a_reader_without_a_sure_partition_waits_for_nothing():
    assert pulse_bytes([1, 1], 2) == 1
