"""What was: questions to the warehouse with typed parameters, within limits."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from clickhouse_driver import Client
from clickhouse_driver.errors import Error as ClickHouseError

from infra.serve.problems import ProblemError
from jobs.sections import ClickHouse

TIMEOUT_S = 10.0
MOST_ROWS = 10_000

# Of each day the run that it shows; a track goes by all ids that it ever had.
_TRACK = """
SELECT
    toUnixTimestamp64Micro(tick) AS tick_us, track_id, lat_e7 / 1e7 AS lat_deg,
    lon_e7 / 1e7 AS lon_deg, velocity_east_mps, velocity_north_mps, heading_rad,
    class_name AS class, existence, sqrt((cov_ee_m2 + cov_nn_m2) / 2) AS sigma_m, age_us, sources,
    run_id
FROM fused_object_state
WHERE frame = 'wgs84'
    AND tick >= fromUnixTimestamp64Micro(%(start)s) AND tick < fromUnixTimestamp64Micro(%(end)s)
    AND track_id IN (
        SELECT %(track)s UNION ALL
        SELECT track_id FROM track_name WHERE name = %(track)s
    )
    AND (toDate(tick), run_id) IN (SELECT day, run_id FROM chosen_run)
ORDER BY tick, track_id
LIMIT 1 BY tick
LIMIT %(limit)s
"""

_NEWEST = "SELECT max(minute) AS minute FROM source_quality HAVING count() > 0"
# Of all sources with '' for the source.
_GRADES = """
SELECT source_id, profile, grade, worst, value, samples, grades,
    toUnixTimestamp(from_time) * 1000000 AS from_us, toUnixTimestamp(to_time) * 1000000 AS to_us
FROM source_grade(first=%(first)s, last=%(last)s)
WHERE %(source)s IN ('', source_id)
ORDER BY source_id, profile
LIMIT %(limit)s
"""


class History:
    """Questions to a warehouse; each has a connection of its own.

    Parameters
    ----------
    warehouse
        Where it is.
    """

    def __init__(self, warehouse: ClickHouse) -> None:
        self._warehouse = warehouse

    def track(self, track_id: int, start_us: int, end_us: int, limit: int) -> list[dict[str, Any]]:
        """States of a track between two instants, oldest first.

        Raises
        ------
        ProblemError
            503 if the warehouse does not answer.
        """
        given = {"track": track_id, "start": start_us, "end": end_us, "limit": limit}
        rows = self.ask(_TRACK, given)
        return [row | {"track_id": str(row["track_id"])} for row in rows]

    def grades(self, source_id: str, minutes: int) -> list[dict[str, Any]]:
        """Grades of a source, or of all for an empty id, over the newest minutes.

        Raises
        ------
        ProblemError
            503 if the warehouse does not answer.
        """
        newest = self.ask(_NEWEST, {})
        if not newest:
            return []
        last = newest[0]["minute"] + timedelta(minutes=1)
        given = {"first": last - timedelta(minutes=minutes), "last": last}
        return self.ask(_GRADES, given | {"source": source_id, "limit": MOST_ROWS})

    def ask(self, query: str, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Rows of a query as dicts by column.

        Raises
        ------
        ProblemError
            503 if the warehouse does not answer.
        """
        try:
            with Client(
                **self._warehouse.client(),
                database=self._warehouse.database,
                connect_timeout=2.0,
                send_receive_timeout=TIMEOUT_S,
            ) as client:
                rows, columns = client.execute(query, dict(given), with_column_types=True)
        except (ClickHouseError, OSError, EOFError) as error:
            detail = "the warehouse does not answer; try again"
            raise ProblemError(503, "no warehouse", detail, {"Retry-After": "5"}) from error
        return _dicts(rows, [name for name, _ in columns])


def _dicts(rows: Sequence[Sequence[Any]], names: list[str]) -> list[dict[str, Any]]:
    return [dict(zip(names, row, strict=True)) for row in rows]
