"""Which run each day of the warehouse shows.

A choice covers a span of days; the view `chosen_run` takes the newest one that covers a day and
whose run has pictures of it. Nothing is copied or removed: a choice can be taken back by another.
"""

from datetime import date

from clickhouse_driver import Client

OPEN_END = date(2149, 6, 6)  # the last day of a Date: the choice of a live run has no end


def choose(client: Client, database: str, run_id: str, days: tuple[date, date], why: str) -> None:
    """Show `run_id` on all days of a span, both ends included, until a later choice.

    Parameters
    ----------
    client
        Connection to the warehouse.
    database
        Database of the tables.
    run_id
        The run; it need not have rows yet.
    days
        First and last day, of tick time.
    why
        For people who look at the table.
    """
    client.execute(
        f"INSERT INTO {database}.run_choice (number, first_day, last_day, run_id, reason)"
        f" SELECT max(number) + 1, %(first)s, %(last)s, %(run)s, %(why)s"
        f" FROM {database}.run_choice",
        {"first": days[0], "last": days[1], "run": run_id, "why": why},
    )


def follow_live(client: Client, database: str, run_id: str, today: date) -> None:
    """Show the live run from `today` on, unless it is the one that is followed already."""
    newest = client.execute(
        f"SELECT argMax(run_id, number) FROM {database}.run_choice WHERE last_day = %(end)s",
        {"end": OPEN_END},
    )
    if newest[0][0] != run_id:
        choose(client, database, run_id, (today, OPEN_END), "live")


def chosen(client: Client, database: str) -> dict[date, str]:
    """Run of each day that has pictures."""
    return dict(client.execute(f"SELECT day, run_id FROM {database}.chosen_run ORDER BY day"))


def days_of(client: Client, database: str, run_id: str) -> list[date]:
    """Days of which a run has pictures."""
    rows = client.execute(
        f"SELECT DISTINCT day FROM {database}.run_day WHERE run_id = %(run)s ORDER BY day",
        {"run": run_id},
    )
    return [day for (day,) in rows]
