"""What late records are worth: used by rolling back, against dropped.

    python -m benchmarks.late [--seconds 60] [--seeds 3] [--out FILE]

The simulated district, through the pipeline in memory. A fifth of the probes' records is received
800 ms later than it would be. With an acceptance bound of 2 s they are used, with one of 0.5 s they
are LATE. Told is the position error of published rows against the truth, over all objects and over
the vehicles that are probes: with probes alone, at 10 Hz and at 1 Hz, and with the roadside units.
What was published before a late record came stays; the gain is in the rows after it.
"""

import argparse
import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from rich.progress import Progress

from benchmarks.machine import description
from infra.demo.rows import Accounts, Rows, gather
from infra.simulator.scenario import Scenario, Simulated, sense, simulate
from infra.simulator.score import GATE_M, FusedRows, score
from operators.parameters import Parameters
from operators.pipeline import LogRecord, Pipeline, run
from operators.raw import RawRecord
from operators.routes import SOURCES
from operators.tracker import warm_up

START_US = 1_763_850_000_000_000
SECOND_US = 1_000_000
WARM_UP_US = 10 * SECOND_US
LATE_SHARE = 0.2
LATE_US = 800_000
USED, DROPPED = 2 * SECOND_US, SECOND_US // 2
CASES = {
    "none late": (0.0, USED),
    "late, used": (LATE_SHARE, USED),
    "late, dropped": (LATE_SHARE, DROPPED),
}
_PARTITIONS = {"raw.roadside": 0, "raw.probe": 0, "raw.context": 0}


# Which sources, and how often a probe reports.
GROUPS = {"probes 10 Hz": (True, 10.0), "probes 1 Hz": (True, 1.0), "all, 10 Hz": (False, 10.0)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Error and fates of one run."""

    seed: int
    group: str
    case: str
    position_rmse_m: float
    probe_rmse_m: float
    coverage: float
    id_switches: int
    late_records: int
    used_observations: int


def log_of(simulated: Simulated, share: float, seed: int, *, probes_only: bool) -> list[LogRecord]:
    """The scenario's records, a share of the probes' received later, as the broker has them."""
    rng = random.Random(seed)
    entries = [
        LogRecord(SOURCES, 0, _raw(START_US - WARM_UP_US, "", msgspec.json.encode(one)))
        for one in simulated.sources
    ]
    records = []
    for sent in simulated.sent:
        late = sent.topic == "raw.probe" and rng.random() < share
        if probes_only and sent.topic != "raw.probe":
            continue
        received = sent.receive_time_us + LATE_US * late
        record = _raw(received, sent.format, sent.payload, sent.source_id)
        records.append(LogRecord(sent.topic, _PARTITIONS[sent.topic], record))
    records.sort(key=lambda one: one.record.receive_time_us)
    return [
        one._replace(record=one.record._replace(offset=n))
        for n, one in enumerate([*entries, *records])
    ]


def _raw(receive_time_us: int, form: str, body: bytes, source: str = "") -> RawRecord:
    return RawRecord(0, receive_time_us - receive_time_us % 1000, 0, form, source, "", body)


def fused(log: list[LogRecord], acceptance_us: int) -> tuple[Rows, Accounts]:
    """Published rows and both ledgers of a log."""
    outputs = run(log, Pipeline(Parameters(acceptance_us=acceptance_us)), step_us=SECOND_US // 10)
    return gather((one.route, msgspec.msgpack.decode(one.value)) for one in outputs)


def probe_rmse_m(simulated: Simulated, rows: FusedRows, fleets: Iterable[str]) -> float:
    """Error over the rows that lie nearest to a vehicle that is a probe, within the gate.

    The same vehicles whatever became of their records, which the contributors of a row would not
    be.
    """
    truth = simulated.truth
    rows = rows.within(int(truth.time_us[0]), int(truth.time_us[-1]))
    probes = np.any([simulated.views[name].any(axis=0) for name in fleets], axis=0)
    squares = []
    for tick in np.unique(rows.time_us):
        here = rows.time_us == tick
        state = truth.at(np.array([tick]))
        distance = np.hypot(
            rows.x_m[here][:, None] - state.x_m[0], rows.y_m[here][:, None] - state.y_m[0]
        )
        distance[np.isnan(distance)] = np.inf
        nearest, least = distance.argmin(axis=1), distance.min(axis=1)
        squares.append(least[(least <= GATE_M) & probes[nearest]] ** 2)
    return float(np.sqrt(np.concatenate(squares).mean()))


def outcome(scenario: Scenario, simulated: Simulated, group: str, case: str) -> Outcome:
    """Run one case over a scenario and score what it published after the warm-up."""
    share, acceptance_us = CASES[case]
    probes_only, _ = GROUPS[group]
    log = log_of(simulated, share, scenario.seed, probes_only=probes_only)
    rows, accounts = fused(log, acceptance_us)
    fleets = [fleet.source_id for fleet in scenario.fleets]
    scored, made = simulated.since(START_US + WARM_UP_US), rows.fused(scenario.placement)
    views = {k: v for k, v in scored.views.items() if k in fleets or not probes_only}
    whole = score(scored.truth, views, scored.frames, made)
    return Outcome(
        scenario.seed,
        group,
        case,
        whole.position_rmse_m,
        probe_rmse_m(scored, made, fleets),
        whole.truth_coverage,
        whole.id_switches,
        accounts.dispositions.get("LATE", 0),
        accounts.uses["USED"],
    )


def table(outcomes: list[Outcome]) -> str:
    """Means over the seeds, a line for each combination."""
    lines = [
        f"{'sources':13} {'case':14} {'RMSE m':>7} {'probes m':>8} {'coverage':>8} "
        f"{'switches':>8} {'late':>6} {'used':>7}"
    ]
    for group in GROUPS:
        for case in CASES:
            some = [one for one in outcomes if (one.group, one.case) == (group, case)]
            rmse, probes, seen, switches, late, used = np.mean(
                [
                    (
                        one.position_rmse_m,
                        one.probe_rmse_m,
                        one.coverage,
                        one.id_switches,
                        one.late_records,
                        one.used_observations,
                    )
                    for one in some
                ],
                axis=0,
            )
            lines.append(
                f"{group:13} {case:14} {rmse:7.3f} {probes:8.3f} {seen:8.3f} {switches:8.1f} "
                f"{late:6.0f} {used:7.0f}"
            )
    return "\n".join(lines)


def report(outcomes: list[Outcome], seconds: float) -> dict[str, Any]:
    """Everything as JSON."""
    return {
        "machine": description(),
        "seconds": seconds,
        "late_share": LATE_SHARE,
        "late_us": LATE_US,
        "acceptance_us": {"used": USED, "dropped": DROPPED},
        "outcomes": outcomes,
    }


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.late", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, help="JSON file to write")
    options = parser.parse_args()
    warm_up()
    outcomes = []
    with Progress() as progress:
        task = progress.add_task("runs", total=options.seeds * len(GROUPS) * len(CASES))
        for seed in range(1, options.seeds + 1):
            scenario = replace(Scenario(START_US), duration_s=options.seconds, seed=seed)
            truth = simulate(scenario).truth
            for group, (_, rate_hz) in GROUPS.items():
                fleets = tuple(replace(one, rate_hz=rate_hz) for one in scenario.fleets)
                slower = replace(scenario, fleets=fleets)
                simulated = sense(slower, truth)
                for case in CASES:
                    outcomes.append(outcome(slower, simulated, group, case))
                    progress.advance(task)
    print(table(outcomes))
    if options.out:
        text = msgspec.json.encode(report(outcomes, options.seconds))
        options.out.write_bytes(msgspec.json.format(text))


if __name__ == "__main__":
    main()
