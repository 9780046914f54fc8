"""The record ledger: what became of each raw record of a partition, second by second."""

import msgspec

from operators.parameters import Parameters
from operators.reasons import Disposition, Reason

SECOND_US = 1_000_000


class Tally(msgspec.Struct, array_like=True):
    """Counts of one (source, disposition, reason) in one second."""

    records: int = 0
    observations: int = 0
    refused: int = 0


class RecordLedger(msgspec.Struct, array_like=True):
    """The open second of one partition.

    Parameters
    ----------
    second_us
        The ledger covers receive times in ``(second_us, second_us + 1 s]``.
    first_offset, last_offset
        Offsets that it covers, without a gap to the ledger before; -1 if none.
    next_offset
        The offset after the last that any ledger of this partition covered; -1 at the start.
    tallies
        By source, disposition name and reason code.
    """

    second_us: int = 0
    first_offset: int = -1
    last_offset: int = -1
    next_offset: int = -1
    tallies: dict[tuple[str, str, str], Tally] = {}

    def see(self, offset: int) -> None:
        """Note the offset of one record; offsets in between held pulses, which are no input.

        An offset that an earlier ledger covered (record times of a foreign topic may run against
        its offsets) widens nothing: it was a pulse there and is one record too many here.
        """
        if self.first_offset < 0:
            self.first_offset = offset if self.next_offset < 0 else self.next_offset
            self.last_offset = self.first_offset - 1
        self.last_offset = max(self.last_offset, offset)
        self.next_offset = self.last_offset + 1

    def add(
        self,
        source_id: str,
        disposition: Disposition,
        reason: Reason | None,
        observations: int = 0,
        refused: int = 0,
    ) -> None:
        """Count one record."""
        key = (source_id, disposition.name, reason.value if reason else "")
        tally = self.tallies.setdefault(key, Tally())
        tally.records += 1
        tally.observations += observations
        tally.refused += refused

    def record(self, topic: str, partition: int, parameters: Parameters) -> dict[str, object]:
        """The ledger as a record of ``ledger.records``."""
        records = sum(tally.records for tally in self.tallies.values())
        return {
            "topic": topic,
            "partition": partition,
            "second_us": self.second_us,
            "first_offset": self.first_offset,
            "last_offset": self.last_offset,
            "pulses": self.last_offset - self.first_offset + 1 - records,
            "station_id": parameters.station_id,
            "run_id": parameters.run_id,
            "entries": [
                {
                    "source_id": source,
                    "disposition": disposition,
                    "reason": reason,
                    "records": tally.records,
                    "observations": tally.observations,
                    "refused": tally.refused,
                }
                for (source, disposition, reason), tally in sorted(self.tallies.items())
            ],
        }


def second_of(at_us: int) -> int:
    """Start of the second ``(s, s + 1 s]`` that contains `at_us`, microseconds."""
    return (at_us - 1) // SECOND_US * SECOND_US
