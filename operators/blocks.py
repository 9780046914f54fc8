"""Cut a topic into blocks: a pure function of its records.

Cuts stand at absolute multiples of the append time, never at "since the last cut" or at what
happens to be there. So a block that is built again after a failure, from whatever checkpoint, is
the same block.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby

import msgspec

from operators.raw import RawRecord, receive_time_us, take_place, unpack_raw
from operators.step import Output, Result, State

BLOCK = "block"  # route of a finished block
SCHEMA = "v0"  # how rows are made of a block's records


class Span(msgspec.Struct, array_like=True):
    """Offsets that a block holds of one partition: the first and the last."""

    partition: int
    first: int
    last: int


class PackedBlock(msgspec.Struct, array_like=True):
    """Records of one topic between two cuts.

    Parameters
    ----------
    topic
        Where they stand.
    spans
        Which they are, in the order of the partitions.
    records
        Their bytes, in the order of partitions and offsets.
    """

    topic: str
    spans: list[Span]
    records: list[bytes]


class _BlockOfPartition(msgspec.Struct, array_like=True):
    topic: str
    partition: int
    first: int
    last: int
    records: list[bytes]


block_decoder = msgspec.msgpack.Decoder(PackedBlock)
block_encoder = msgspec.msgpack.Encoder()


def unpack_parked(content: bytes) -> PackedBlock:
    """Read a block that was put aside, also one of the time when a block was of one partition."""
    try:
        return block_decoder.decode(content)
    except msgspec.ValidationError:
        old = msgspec.msgpack.decode(content, type=_BlockOfPartition)
        return PackedBlock(old.topic, [Span(old.partition, old.first, old.last)], old.records)


def token_of(block: PackedBlock, topic_id: str) -> str:
    """What is the same whenever this block is built, and different for any other.

    Nothing of the loader is in it: a block that is sent again after a change of its settings is
    the same block.

    Parameters
    ----------
    block
        The block.
    topic_id
        Kafka's own id of its topic: one that was made anew starts at offset 0 again.
    """
    spans = ",".join(f"{s.partition}:{s.first}-{s.last}" for s in block.spans)
    return f"{topic_id}:{spans}:{SCHEMA}"


class Blocks:
    """The cutting as a `KeyedStep`; the key is the topic, it keeps no value.

    An insert costs the engine about the same whatever it holds, so one block holds all partitions
    (decision 20). Its events are raw records with their partition before them (`place_raw`).

    Parameters
    ----------
    interval_us
        Distance of the cuts in append time, microseconds.
    records
        The most that one block holds; what an interval has beyond is in further blocks.
    """

    def __init__(self, interval_us: int, records: int) -> None:
        self._interval_us = interval_us
        self._records = records

    def wake_for(self, event: bytes) -> int:
        """End of the interval ``(k D, (k + 1) D]`` of append time that holds the record."""
        appended_us = receive_time_us(take_place(event)[1])
        return -(-appended_us // self._interval_us) * self._interval_us

    def on_wake(
        self, key: str, state: State, due: Sequence[bytes], shared: Mapping[str, bytes], at_us: int
    ) -> Result:
        """Cut what one interval of append time holds."""
        placed = [take_place(event) for event in due]
        records = sorted((partition, unpack_raw(event)) for partition, event in placed)
        starts = range(0, len(records), self._records)
        blocks = [_block(key, records[start : start + self._records]) for start in starts]
        return Result(None, {}, [Output(BLOCK, key, block_encoder.encode(b)) for b in blocks])


def _block(topic: str, records: Sequence[tuple[int, RawRecord]]) -> PackedBlock:
    spans = []
    for partition, run in groupby(records, key=lambda placed: placed[0]):
        offsets = [record.offset for _, record in run]
        spans.append(Span(partition, offsets[0], offsets[-1]))
    return PackedBlock(topic, spans, [record.body or b"" for _, record in records])
