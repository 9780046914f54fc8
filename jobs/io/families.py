"""The ids of one object, joined where an alias is written.

An alias says that one id goes on as another. Chains of them come about, and who asks for an object
by any of its ids wants the rest: `track_family` has each id beside each other one. What is missing
of it is found from what is there, so a block that is sent again, or late, comes to the same table.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from clickhouse_driver import Client
from scipy.cluster.hierarchy import DisjointSet

from jobs.io.joined import TableRows

TABLE: Final = "track_event"  # whose rows tell of aliases
_ASKED: Final = 4096  # ids in one question, so that its text is within the server's bounds

Pair = tuple[int, int]


def aliases_of(rows: TableRows) -> dict[str, list[Pair]]:
    """Ids that are one object, two by two, of each run."""
    columns = (rows.columns[name] for name in ("run_id", "kind", "track_id", "other_track_id"))
    found: dict[str, list[Pair]] = defaultdict(list)
    for run, kind, one, other in zip(*columns, strict=True):
        if kind == "alias" and other is not None:
            found[run].append((int(one), int(other)))
    return found


def families(pairs: Iterable[Pair]) -> list[set[int]]:
    """Sets of ids that pairs hold together, in whatever order they come."""
    joined = DisjointSet()
    for one, other in pairs:
        joined.add(one)
        joined.add(other)
        joined.merge(one, other)
    found: list[set[int]] = joined.subsets()
    return found


def join_families(client: Client, database: str, rows: TableRows) -> None:
    """Write down what the aliases of a block add to the families that are there.

    Parameters
    ----------
    client
        Connection to the warehouse, on which the block was confirmed.
    database
        Database of the tables.
    rows
        Rows of `track_event`.
    """
    for run, pairs in aliases_of(rows).items():
        there = _there(client, database, run, {one for pair in pairs for one in pair})
        new = [
            (run, one, other)
            for family in families([*there, *pairs])
            for one in sorted(family)
            for other in sorted(family)
            if one != other and (one, other) not in there
        ]
        if new:
            client.execute(
                f"INSERT INTO {database}.track_family (run_id, track_id, other) VALUES",
                new,
                settings={"async_insert": 0, "use_numpy": False},
            )


def _there(client: Client, database: str, run: str, ids: set[int]) -> set[Pair]:
    """Pairs of the families that any of `ids` is in."""
    direct = set(_pairs(client, database, run, ids))
    # of a family that one of them is in, what its members are to each other
    return direct | set(_pairs(client, database, run, {one for _, one in direct} - ids))


def _pairs(client: Client, database: str, run: str, ids: set[int]) -> Iterator[Pair]:
    asked = sorted(ids)
    for first in range(0, len(asked), _ASKED):
        yield from client.execute(
            f"SELECT track_id, other FROM {database}.track_family"
            " WHERE track_id IN %(ids)s AND run_id = %(run)s",
            {"ids": asked[first : first + _ASKED], "run": run},
            settings={"use_numpy": False},
        )
