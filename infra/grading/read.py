"""What the tables say of one source between two instants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clickhouse_driver import Client

Row = Mapping[str, Any]

# One row for each minute; where a source is seen by several cells, weighed by its frames.
_MINUTES = """
SELECT minute,
    sumIf(completeness * known_s, isFinite(completeness))
        / sumIf(known_s, isFinite(completeness)) AS completeness,
    sum(if(frames = 0, 0, delay_p50_s) * frames) / sum(frames) AS delay_p50_s,
    sum(if(frames = 0, 0, delay_p95_s) * frames) / sum(frames) AS delay_p95_s,
    sumIf(clock_s * frames, registered) / sumIf(frames, registered) AS clock_s,
    sumIf(sqrt(pow(bias_east_m, 2) + pow(bias_north_m, 2)) * frames, registered)
        / sumIf(frames, registered) AS bias_m,
    sumIf(noise_m * frames, isFinite(noise_m)) / sumIf(frames, isFinite(noise_m)) AS noise_m,
    sum(hits) / sum(looks) AS detection,
    arraySort(arrayDistinct(arrayFlatten(groupArray(faults)))) AS named
FROM
(
    SELECT * FROM source_quality
    WHERE source_id = %(source)s AND minute >= %(first)s AND minute < %(last)s
        AND (toDate(minute), run_id) IN (SELECT day, run_id FROM chosen_run)
    LIMIT 1 BY run_id, source_id, minute, cell_key
)
GROUP BY minute ORDER BY minute
"""
_SHARES = """
SELECT minute, sumIf(share_s, source_id = %(source)s) / sum(share_s) AS share,
    sumIf(exclusive_s, source_id = %(source)s) AS exclusive_s
FROM
(
    SELECT * FROM source_contribution
    WHERE minute >= %(first)s AND minute < %(last)s
        AND (toDate(minute), run_id) IN (SELECT day, run_id FROM chosen_run)
        AND cell_key IN (SELECT cell_key FROM source_contribution WHERE source_id = %(source)s)
    LIMIT 1 BY run_id, source_id, minute, cell_key
)
GROUP BY minute ORDER BY minute
"""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything on the page of one source.

    Parameters
    ----------
    source_id, first, last
        Who, and from when to when.
    grades
        Rows of `source_grade`, one for each profile.
    dimensions
        Rows of `source_dimension`.
    limits
        Rows of `grade_limit_in_force`.
    minutes, shares
        One row for each minute.
    """

    source_id: str
    first: datetime
    last: datetime
    grades: Sequence[Row]
    dimensions: Sequence[Row]
    limits: Sequence[Row]
    minutes: Sequence[Row]
    shares: Sequence[Row]


def read(client: Client, source_id: str, first: datetime, last: datetime) -> Report:
    """Ask the tables; `client` is in the warehouse's database."""
    asked = {"source": source_id, "first": first, "last": last}
    between = "(first=%(first)s, last=%(last)s) WHERE source_id = %(source)s"
    return Report(
        source_id,
        first,
        last,
        _rows(client, f"SELECT * FROM source_grade{between}", asked),
        _rows(client, f"SELECT * FROM source_dimension{between} ORDER BY dimension", asked),
        _rows(client, "SELECT * FROM grade_limit_in_force ORDER BY profile, dimension", asked),
        _rows(client, _MINUTES, asked),
        _rows(client, _SHARES, asked),
    )


def newest_minute(client: Client, source_id: str) -> datetime | None:
    """Last minute in which the source has an account; None if it has none."""
    rows = client.execute(
        "SELECT max(minute), count() FROM source_quality WHERE source_id = %(source)s",
        {"source": source_id},
    )
    return rows[0][0] if rows[0][1] else None


def _rows(client: Client, query: str, asked: Mapping[str, Any]) -> list[Row]:
    rows, columns = client.execute(query, asked, with_column_types=True)
    names = [name for name, _ in columns]
    return [dict(zip(names, row, strict=True)) for row in rows]
