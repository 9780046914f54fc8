"""One demo from the first record to the last figure."""

import math
import time
from collections.abc import Callable, Iterator
from typing import Any

from clickhouse_driver import Client, errors

from infra.demo.context import applied
from infra.demo.happened import TOPICS, compare
from infra.demo.plan import send_district, send_recordings
from infra.demo.registration import registrations
from infra.demo.report import Measured
from infra.demo.rows import Accounts, Rows, gather
from infra.demo.watch import LiveReader, committed
from infra.replay.messages import RecordedMessage
from infra.replay.outbox import Watcher
from infra.simulator.placement import Placement
from infra.simulator.scenario import Scenario, Simulated
from infra.simulator.score import FusedRows, Score, score
from jobs.io.avro import AvroCodec
from jobs.io.registry import register_all
from jobs.settings import Settings

QUIET_S = 14.0  # cells publish for 10 s after the last input; then their seconds close
PATIENCE_S = 180.0  # without a new row, until the ledgers close and the warehouse has it all
_MARGIN_S = 3.0
UNACCOUNTED = "the ledgers do not account for all that was sent"
WARM_UP_S = 20.0  # of the district: code is still being compiled, tracks begin; not scored

Say = Callable[[str], None]


class DemoError(RuntimeError):
    """The demo cannot tell its figures; the text says why and what to do."""


def run(
    settings: Settings,
    recordings: list[list[RecordedMessage]],
    declared: int,
    simulated: Simulated,
    scenario: Scenario,
    up_us: int,
    say: Say,
    watch: Watcher,
    ready: Callable[[], None],
) -> Measured:
    """Send everything, wait until it has arrived, and measure.

    Parameters
    ----------
    settings
        With the addresses of the running parts.
    recordings, simulated, scenario
        What is sent, and what the simulated district was made of.
    declared
        Entries of the recordings' sources that were sent before.
    up_us
        When the start of the station began, UTC microseconds.
    say, watch
        Told what happens, and how far the sending is.
    ready
        Returns when the whole station is up: a job that starts takes half of a small machine, and
        the district is there to measure what runs.

    Raises
    ------
    DemoError
        If rows do not arrive in the warehouse.
    """
    codec = AvroCodec(register_all(settings.registry.address()))
    reader = LiveReader(settings.kafka.client(), codec, settings.run.cut_us)
    reader.start()
    say("recordings: real messages of vehicles and roadside units, at their own pace")
    records = send_recordings(recordings, settings.kafka)
    say("waiting for the jobs behind the fusion job")
    ready()
    say("a simulated district: four roadside units, twenty probes, signals, fog, an alert")
    sent, shift_us = send_district(simulated, settings.kafka, watch)
    say("waiting until the last pictures are committed and loaded")
    records_in = declared + records + sent
    rows, accounts = _await_accounts(settings, codec, records_in, say)
    loaded = _await_loaded(settings, rows.objects)
    ages = reader.end()
    first_s = (ages.first_row_us - up_us) / 1e6 if ages.first_row_us else math.nan
    return Measured(
        records_in=records_in,
        rows=rows,
        accounts=accounts,
        rows_clickhouse=loaded,
        score=_score(simulated, rows, scenario.placement, shift_us),
        ages=ages.since(_scored_from_us(simulated, shift_us)),
        input_delays_us=[s.receive_time_us - s.event_time_us for s in simulated.sent],
        cut_us=settings.run.cut_us,
        first_row_s=first_s,
        registrations=registrations(simulated, _records(settings, codec, "source.quality")),
        applied=applied(scenario, rows, _records(settings, codec, "context.features")),
        happened=compare(simulated, _records(settings, codec, *TOPICS), shift_us),
        shift_us=shift_us,
    )


def _records(
    settings: Settings, codec: AvroCodec, *topics: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Committed records of topics; a source's last minute is told when the next one begins."""
    return committed(settings.kafka.client(), codec, topics)


def _await_accounts(
    settings: Settings, codec: AvroCodec, sent: int, say: Say
) -> tuple[Rows, Accounts]:
    """What is committed, once both ledgers account for all that was sent and nothing more comes.

    After `PATIENCE_S` without a new picture it is what there is: the report then says which sums
    do not close.
    """
    time.sleep(QUIET_S)
    limit, before = time.monotonic() + PATIENCE_S, -1
    while True:
        rows, accounts = gather(committed(settings.kafka.client(), codec))
        closed = accounts.records.total() == sent
        closed &= accounts.uses.total() == accounts.observations
        if closed and rows.pictures == before:
            return rows, accounts
        if time.monotonic() > limit:
            say(f"{UNACCOUNTED}: {accounts.records.total()} of {sent} records after {PATIENCE_S} s")
            return rows, accounts
        if rows.pictures != before:
            limit, before = time.monotonic() + PATIENCE_S, rows.pictures
        time.sleep(_MARGIN_S)


def _scored_from_us(simulated: Simulated, shift_us: int) -> int:
    """Wall time from which on the district is scored, UTC microseconds."""
    return int(simulated.truth.time_us[0] + WARM_UP_S * 1e6) + shift_us


def _score(simulated: Simulated, rows: Rows, placement: Placement, shift_us: int) -> Score:
    """Score of the district's rows, moved back to the scenario's own times."""
    scored = simulated.since(int(simulated.truth.time_us[0] + WARM_UP_S * 1e6))
    fused = rows.fused(placement)
    own = FusedRows(
        fused.time_us - shift_us,
        fused.track_id,
        fused.object_class,
        fused.x_m,
        fused.y_m,
        fused.sources,
    )
    return score(scored.truth, scored.views, scored.frames, own)


def _await_loaded(settings: Settings, expected: int) -> int:
    """Rows in the warehouse, once they are as many as expected or no more come."""
    client = client_of(settings)
    query = f"SELECT count() FROM {settings.clickhouse.database}.fused_object_state FINAL"
    limit, loaded = time.monotonic() + PATIENCE_S, -1
    while time.monotonic() < limit:
        before = loaded
        try:
            loaded = client.execute(query)[0][0]
        except (errors.Error, OSError, EOFError):
            client.disconnect()
        if loaded >= expected:
            # One more look after a while: rows that come twice must not pass.
            time.sleep(_MARGIN_S)
            return int(client.execute(query)[0][0])
        if loaded != before:
            limit = time.monotonic() + PATIENCE_S
        time.sleep(0.5)
    return loaded


def client_of(settings: Settings) -> Client:
    """A client of the warehouse."""
    options: dict[str, Any] = settings.clickhouse.client()
    return Client(**options, database=settings.clickhouse.database)


def longest_path(settings: Settings, count: int = 8) -> list[tuple[Any, ...]]:
    """Points of the vehicle that was followed longest: instant, latitude, longitude, speed."""
    client = client_of(settings)
    found = client.execute(
        "SELECT track_id FROM fused_object_state WHERE object_class IN (1, 3, 4) "
        "GROUP BY track_id ORDER BY count() DESC, track_id LIMIT 1"
    )
    if not found:
        return []
    points = client.execute(
        "SELECT tick, lat_e7 / 1e7, lon_e7 / 1e7, "
        "round(sqrt(pow(velocity_east_mps, 2) + pow(velocity_north_mps, 2)), 1), track_id "
        "FROM fused_object_state WHERE track_id = %(track)s ORDER BY tick",
        {"track": found[0][0]},
    )
    return list(points[:: max(1, len(points) // count)])
