"""What the front remembers about one source: recent records, delays, the second's count."""

from dataclasses import dataclass, field

import msgspec
import numpy as np

from operators.align.clock import WINDOW, coarse_offset_us

VERSION = 1
_EVERY = 5  # delays between two looks at the clock: it moves slowly, and this is the hot path
# One delay, the least, is kept of each so much receive time. A busy gateway sends a hundred records
# in that, and when its uplink stalls for a second all hundred are late by one and the same cause.
BUCKET_US = 100_000


class SourceMemory(msgspec.Struct, array_like=True):
    """Packed memory of one source.

    Parameters
    ----------
    version
        Of this layout.
    offset_us
        Coarse clock offset that is applied.
    delays_us
        Last delays, the least of each bucket of receive time, packed little-endian int64.
    young, old
        Hashes of the records of this and of the previous generation, packed uint64.
    turned_us
        Receive time at which the young generation began.
    records
        Delays kept so far.
    second, in_second
        Which second of receive time is counted, and its records.
    bucket
        Which bucket of receive time the last delay is of.
    signals
        By intersection, what was told of its signals last (`operators.road.intake.news`).
    parts
        By piece of a road network, the digest of its content and the cells that know it.
    """

    version: int = VERSION
    offset_us: int = 0
    delays_us: bytes = b""
    young: bytes = b""
    old: bytes = b""
    turned_us: int = 0
    records: int = 0
    second: int = 0
    in_second: int = 0
    bucket: int = -1
    signals: dict[str, list[int]] = {}
    parts: dict[str, list[str]] = {}


_DECODER = msgspec.msgpack.Decoder(SourceMemory)
_ENCODER = msgspec.msgpack.Encoder()


@dataclass(slots=True)
class Recall:
    """A memory unpacked for one wake of the front."""

    memory: SourceMemory
    known: set[int] = field(default_factory=set)

    def count(self, second: int) -> int:
        """Count one record in `second`; the number of them so far."""
        memory = self.memory
        if memory.second != second:
            memory.second, memory.in_second = second, 0
        memory.in_second += 1
        return memory.in_second

    def repeated(self, digest: int, receive_time_us: int, horizon_us: int) -> bool:
        """True if a record of this hash was taken in the last `horizon_us`; else remember it.

        Two generations, turned every horizon, so that a hash is kept for one to two horizons.
        """
        memory = self.memory
        if receive_time_us - memory.turned_us > horizon_us:
            fresh = receive_time_us - memory.turned_us <= 2 * horizon_us
            memory.old, memory.young = (memory.young if fresh else b""), b""
            memory.turned_us = receive_time_us
            self.known = _hashes(memory)
        if digest in self.known:
            return True
        self.known.add(digest)
        memory.young += digest.to_bytes(8, "little")
        return False

    def clock(self, delay_us: int, nominal_delay_us: int, receive_time_us: int) -> int:
        """Take one delay; the coarse offset to apply from now on, microseconds."""
        memory, bucket = self.memory, receive_time_us // BUCKET_US
        if bucket == memory.bucket:
            least_us = int.from_bytes(memory.delays_us[-8:], "little", signed=True)
            delay = min(delay_us, least_us).to_bytes(8, "little", signed=True)
            memory.delays_us = memory.delays_us[:-8] + delay
            return memory.offset_us
        delay = delay_us.to_bytes(8, "little", signed=True)
        memory.delays_us = (memory.delays_us + delay)[-8 * WINDOW :]
        memory.bucket = bucket
        memory.records += 1
        if memory.records % _EVERY == 0:
            delays = np.frombuffer(memory.delays_us, "<i8")
            memory.offset_us = coarse_offset_us(delays, nominal_delay_us, memory.offset_us)
        return memory.offset_us

    def pack(self) -> bytes:
        """Bytes of the memory."""
        return _ENCODER.encode(self.memory)


def recall(packed: bytes | None) -> Recall:
    """Memory of a source from its bytes; a new one from None."""
    memory = _DECODER.decode(packed) if packed else SourceMemory()
    return Recall(memory, _hashes(memory))


def _hashes(memory: SourceMemory) -> set[int]:
    return set(np.frombuffer(memory.old + memory.young, "<u8").tolist())
