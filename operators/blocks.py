"""Cut a topic partition into blocks: a pure function of its records.

Cuts stand at absolute multiples of the offset and at seconds of the append time, never at "since
the last cut" or at what happens to be there. So a block that is built again after a failure, from
whatever checkpoint, is the same block.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby

import msgspec

from operators.raw import receive_time_us, unpack_raw
from operators.step import Output, Result, State

BLOCK = "block"  # route of a finished block
SCHEMA = "v0"  # how rows are made of a block's records


class PackedBlock(msgspec.Struct, array_like=True):
    """Records of one partition between two cuts.

    Parameters
    ----------
    topic, partition
        Where they stand.
    first, last
        Offsets of the first and the last.
    records
        Their bytes, in the order of offsets.
    """

    topic: str
    partition: int
    first: int
    last: int
    records: list[bytes]


block_decoder = msgspec.msgpack.Decoder(PackedBlock)
block_encoder = msgspec.msgpack.Encoder()


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
    return f"{topic_id}:{block.partition}:{block.first}-{block.last}:{SCHEMA}"


class Blocks:
    """The cutting as a `KeyedStep`; the key is ``topic/partition``, it keeps no value.

    Parameters
    ----------
    interval_us
        Distance of the cuts in append time, microseconds.
    offsets
        Distance of the cuts in offsets.
    """

    def __init__(self, interval_us: int, offsets: int) -> None:
        self._interval_us = interval_us
        self._offsets = offsets

    def wake_for(self, event: bytes) -> int:
        """End of the interval ``(k D, (k + 1) D]`` of append time that holds the record."""
        return -(-receive_time_us(event) // self._interval_us) * self._interval_us

    def on_wake(
        self, key: str, state: State, due: Sequence[bytes], shared: Mapping[str, bytes], at_us: int
    ) -> Result:
        """Cut what one interval of append time holds."""
        topic, _, partition = key.rpartition("/")
        records = sorted(unpack_raw(event) for event in due)
        outputs = []
        for _, run in groupby(records, key=lambda record: record.offset // self._offsets):
            block = list(run)
            packed = PackedBlock(
                topic,
                int(partition),
                block[0].offset,
                block[-1].offset,
                [record.body or b"" for record in block],
            )
            outputs.append(Output(BLOCK, key, block_encoder.encode(packed)))
        return Result(None, {}, outputs)
