"""The demo's figures, as a table for people and as JSON for programs."""

from collections import Counter
from dataclasses import dataclass

import msgspec
import numpy as np
from rich.console import Console
from rich.table import Table

from infra.demo.context import Applied
from infra.demo.context import table as context_table
from infra.demo.happened import Comparison
from infra.demo.happened import tables as happened_tables
from infra.demo.registration import Registration
from infra.demo.registration import table as registration_table
from infra.demo.rows import Accounts, Rows
from infra.demo.watch import Ages
from infra.simulator.score import Score
from operators.frame import ObjectClass


class Report(msgspec.Struct):
    """Figures of one demo; milliseconds, metres, shares of 0 to 1."""

    records_in: int
    dispositions: dict[str, int]
    observations_in: int
    uses: dict[str, int]
    fused_pictures_kafka: int
    fused_rows_kafka: int
    fused_rows_clickhouse: int
    tracks: int
    tracks_per_true_object: float
    truth_coverage: float
    false_row_share: float
    position_rmse_m: float
    best_single_source_rmse_m: float
    multi_source_linked_share: float
    id_switches: int
    input_delay_p50_ms: float
    cut_ms: float
    work_p50_ms: float
    work_p99_ms: float
    age_p50_ms: float
    age_p99_ms: float
    seconds_to_first_fused_row: float
    context: dict[str, Applied]

    def faults(self) -> list[str]:
        """What does not add up; empty if all sums close and rows are there and equal."""
        found = []
        if self.records_in != sum(self.dispositions.values()):
            found.append(
                f"{self.records_in} records in, {sum(self.dispositions.values())} disposed"
            )
        if self.observations_in != sum(self.uses.values()):
            found.append(f"{self.observations_in} observations, {sum(self.uses.values())} used")
        if self.fused_rows_kafka != self.fused_rows_clickhouse:
            rows = f"{self.fused_rows_kafka} in Kafka, {self.fused_rows_clickhouse} in ClickHouse"
            found.append(f"fused rows differ: {rows}")
        if not self.fused_rows_kafka:
            found.append("no fused row at all")
        return [*found, *(f for kind, one in self.context.items() for f in one.faults(kind))]


@dataclass(frozen=True, slots=True)
class Measured:
    """What a report is made of."""

    records_in: int
    rows: Rows
    accounts: Accounts
    rows_clickhouse: int
    score: Score
    ages: Ages
    input_delays_us: list[int]
    cut_us: int
    first_row_s: float
    registrations: list[Registration]
    applied: dict[str, Applied]
    happened: Comparison
    shift_us: int


def report(measured: Measured) -> Report:
    """Figures of a demo."""
    score, ages = measured.score, measured.ages
    work = np.array(ages.work_us or [0]) / 1000
    age = np.concatenate(ages.age_us or [np.zeros(1)]) / 1000
    return Report(
        records_in=measured.records_in,
        dispositions=measured.accounts.dispositions,
        observations_in=measured.accounts.observations,
        uses=dict(sorted(measured.accounts.uses.items())),
        fused_pictures_kafka=measured.rows.pictures,
        fused_rows_kafka=measured.rows.objects,
        fused_rows_clickhouse=measured.rows_clickhouse,
        tracks=len(np.unique(measured.rows.column("track_id"))),
        tracks_per_true_object=round(score.tracks_per_true_object, 4),
        truth_coverage=round(score.truth_coverage, 4),
        false_row_share=round(score.false_row_share, 5),
        position_rmse_m=round(score.position_rmse_m, 4),
        best_single_source_rmse_m=round(score.best_single_source_rmse_m, 4),
        multi_source_linked_share=round(score.multi_source_linked_share, 4),
        id_switches=score.id_switches,
        input_delay_p50_ms=round(float(np.median(measured.input_delays_us)) / 1000, 1),
        cut_ms=measured.cut_us / 1000,
        work_p50_ms=round(float(np.percentile(work, 50)), 1),
        work_p99_ms=round(float(np.percentile(work, 99)), 1),
        age_p50_ms=round(float(np.percentile(age, 50)), 1),
        age_p99_ms=round(float(np.percentile(age, 99)), 1),
        seconds_to_first_fused_row=round(measured.first_row_s, 1),
        context=measured.applied,
    )


def show(console: Console, figures: Report, measured: Measured, start_us: int) -> None:
    """Print the tables of a demo; the district began at `start_us`."""
    console.print(_sources(measured.accounts))
    console.print(_classes(measured.rows))
    console.print(context_table(measured.applied))
    console.print(registration_table(measured.registrations))
    for made in happened_tables(measured.happened, start_us):
        console.print(made)
    table = Table(title="What came out", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, value in _lines(figures):
        table.add_row(name, value)
    console.print(table)


def _sources(accounts: Accounts) -> Table:
    table = Table(title="Records in, and what became of them")
    for name in ("source", "disposition", "reason"):
        table.add_column(name)
    table.add_column("records", justify="right")
    for (source, disposition, reason), count in sorted(accounts.records.items()):
        table.add_row(source, disposition, reason, str(count))
    return table


def _classes(rows: Rows) -> Table:
    table = Table(title="Tracks by class")
    table.add_column("class")
    table.add_column("tracks", justify="right")
    table.add_column("rows", justify="right")
    ids, classes = rows.column("track_id"), rows.column("object_class")
    seen: Counter[int] = Counter(classes.tolist())
    for value, count in sorted(seen.items()):
        name = ObjectClass(value).name.lower()
        table.add_row(name, str(len(np.unique(ids[classes == value]))), str(count))
    return table


def _lines(figures: Report) -> list[tuple[str, str]]:
    return [
        ("pictures in Kafka", f"{figures.fused_pictures_kafka}"),
        ("object rows in Kafka (committed)", f"{figures.fused_rows_kafka}"),
        ("object rows in ClickHouse", f"{figures.fused_rows_clickhouse}"),
        ("observations / uses", f"{figures.observations_in} / {sum(figures.uses.values())}"),
        ("position error, fused (RMSE)", f"{figures.position_rmse_m:.2f} m"),
        ("position error, best single source", f"{figures.best_single_source_rmse_m:.2f} m"),
        ("tracks per true object", f"{figures.tracks_per_true_object:.2f}"),
        ("true objects in view that were shown", f"{figures.truth_coverage:.1%}"),
        ("rows without a true object", f"{figures.false_row_share:.2%}"),
        ("objects of several sources linked to them", f"{figures.multi_source_linked_share:.0%}"),
        ("age at the reader p50 / p99", f"{figures.age_p50_ms:.0f} / {figures.age_p99_ms:.0f} ms"),
        ("  of it input delay p50", f"{figures.input_delay_p50_ms:.0f} ms"),
        ("  of it the cut", f"{figures.cut_ms:.0f} ms"),
        ("  of it work p50 / p99", f"{figures.work_p50_ms:.0f} / {figures.work_p99_ms:.0f} ms"),
        ("start to first fused row", f"{figures.seconds_to_first_fused_row:.1f} s"),
    ]
