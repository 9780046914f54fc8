"""Whether the rows of a run add up, from the tables alone.

Each sum is kept by another step on another way into the warehouse, so rows that are missing or
there twice show in one of them.
"""

from dataclasses import dataclass

from clickhouse_driver import Client


@dataclass(frozen=True, slots=True)
class Account:
    """What a run's tables say; each pair of numbers has to be equal.

    Parameters
    ----------
    records
        Raw records by their dispositions.
    offsets_missing
        Offsets between the first and the last span of a partition that no span holds; negative if
        some are in two.
    observations, uses, links
        Observations of the accepted records, observations by their use, and their links.
    objects_told, objects
        Objects that the pictures count, and rows of objects.
    sequence_breaks
        Pictures whose number neither follows that of their cell's picture before nor is the first
        since the cell woke: behind pictures that are missing, or there twice.
    parked
        Blocks that are parked now, of whatever run.
    """

    records: int
    offsets_missing: int
    observations: int
    uses: int
    links: int
    objects_told: int
    objects: int
    sequence_breaks: int
    parked: int

    def faults(self, records_sent: int | None = None) -> list[str]:
        """Say what does not add up; nothing if all does.

        Parameters
        ----------
        records_sent
            Raw records that the run had to take; None if that is not known.
        """
        pairs = {
            f"{self.records:,} records by disposition, {records_sent or 0:,} sent": (
                self.records,
                self.records if records_sent is None else records_sent,
            ),
            f"{self.offsets_missing:,} offsets are in no span": (self.offsets_missing, 0),
            f"{self.observations:,} observations, {self.uses:,} uses": (
                self.observations,
                self.uses,
            ),
            f"{self.observations:,} observations, {self.links:,} links": (
                self.observations,
                self.links,
            ),
            f"{self.objects_told:,} objects in pictures, {self.objects:,} rows": (
                self.objects_told,
                self.objects,
            ),
            f"{self.sequence_breaks:,} breaks in the sequences of pictures": (
                self.sequence_breaks,
                0,
            ),
            f"{self.parked:,} blocks are parked": (self.parked, 0),
        }
        return [words for words, (one, other) in pairs.items() if one != other]


_SPANS = """SELECT sum(last - first + 1 - held) FROM (
    SELECT min(first_offset) AS first, max(last_offset) AS last,
        toInt64(sum(last_offset - first_offset + 1)) AS held
    FROM {database}.record_span WHERE run_id = %(run)s GROUP BY topic, partition)"""
_SEQUENCES = """SELECT countIf(sequence != before + 1 AND (sequence != 0 OR tick = earlier)) FROM (
    SELECT tick, sequence, lagInFrame(toInt64(sequence), 1, -1) OVER place AS before,
        lagInFrame(tick) OVER place AS earlier
    FROM {database}.picture WHERE run_id = %(run)s
    WINDOW place AS (PARTITION BY cell_key ORDER BY tick, sequence
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW))"""
_QUERIES = {
    "records": "SELECT sum(records) FROM {database}.record_ledger WHERE run_id = %(run)s",
    "offsets_missing": _SPANS,
    "observations": "SELECT sum(observations) FROM {database}.record_ledger WHERE run_id = %(run)s",
    "uses": "SELECT sum(observations) FROM {database}.observation_ledger WHERE run_id = %(run)s",
    "links": "SELECT count() FROM {database}.fused_link WHERE run_id = %(run)s",
    "objects_told": "SELECT sum(count) FROM {database}.picture WHERE run_id = %(run)s",
    "objects": "SELECT count() FROM {database}.fused_object_state WHERE run_id = %(run)s",
    "sequence_breaks": _SEQUENCES,
    "parked": "SELECT count() FROM {database}_raw.parked_block",
}


def account(client: Client, database: str, run_id: str) -> Account:
    """Add up the rows of a run."""
    return Account(
        **{
            name: int(client.execute(query.format(database=database), {"run": run_id})[0][0])
            for name, query in _QUERIES.items()
        }
    )
