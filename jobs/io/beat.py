"""What one beat of the pulse brings to a reader of the station's own topics."""

from collections.abc import Iterable

# One record batch of Kafka's format 2 (61 bytes) with a record of key `pulse` and no value (12).
PULSE_BYTES = 73


def pulse_bytes(partitions: Iterable[int], readers: int) -> int:
    """Bytes that one beat of the pulse brings to each of several readers, at least.

    A watermark moves when every partition has its pulse, so a reader has no use for the first of
    them alone; it would ask the broker two or three times for each beat.

    Parameters
    ----------
    partitions
        Number of partitions of each topic that they share; a topic goes to the readers in turns.
    readers
        Their number.
    """
    return max(1, PULSE_BYTES * sum(count // readers for count in partitions))
