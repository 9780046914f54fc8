"""Seeded schedules of the pure core: reorder, repeat, crash and restore change no row.

    python -m benchmarks.schedules --count 500

A recording is run straight. Then, under each schedule, its records are handed over in any order
that the watermark allows, some of them twice; the keys of a stage run as if on subtasks of their
own, so that what they send meets in any order; and at any moment everything is lost and taken up
from bytes that were put away before, by new step objects. Every record of every topic must be
equal and in its key's order. The same checks with a mechanism broken on purpose are in
`tests/operators/test_schedules.py`.
"""

import argparse
import heapq
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
from rich.progress import track

from benchmarks.schedules_context import FOREIGN
from benchmarks.schedules_recording import recording
from operators.parameters import Parameters
from operators.pipeline import FOREVER_US, LogRecord, Pipeline, Stage, run
from operators.reasons import Disposition
from operators.routes import DEAD, RECORDS, SOURCES
from operators.shared import Shared
from operators.step import Output, State

RECORDINGS = 20
PARAMETERS = Parameters(tick_us=200_000, quiet_us=400_000)
Rows = dict[tuple[str, str], list[bytes]]
Saved = list[tuple[dict[str, State], dict[tuple[int, str], list[bytes]], dict[str, bytes]]]


class Subtasks(Stage):
    """A stage whose keys run apart: each sends in its own order, and they meet in any."""

    def __init__(self, stage: Stage, rng: random.Random) -> None:
        super().__init__(stage.step, stage._share)
        self._rng = rng

    def advance(self, watermark_us: int) -> Iterator[Output]:
        sent: dict[str, list[Output]] = {}
        while self._wakes and self._wakes[0][0] <= watermark_us:
            at_us, key = heapq.heappop(self._wakes)
            due = self._due.pop((at_us, key))
            self._rng.shuffle(due)
            sent.setdefault(key, []).extend(self._call(key, due, at_us))
        while left := sorted(key for key, outputs in sent.items() if outputs):
            yield sent[self._rng.choice(left)].pop(0)

    def saved(self) -> Any:
        states = {
            key: State(_copy(s.value), {name: bytes(bytearray(v)) for name, v in s.entries.items()})
            for key, s in self._states.items()
        }
        return states, {k: list(v) for k, v in self._due.items()}, dict(self._shared)

    def restore(self, saved: Any) -> None:
        states, due, shared = saved
        self._states, self._shared = dict(states), Shared(shared)
        self._due = {k: list(v) for k, v in due.items()}
        self._wakes = sorted(self._due)


def _copy(value: bytes | None) -> bytes | None:
    return None if value is None else bytes(bytearray(value))


@dataclass(slots=True)
class Counts:
    """What the schedules did."""

    schedules: int = 0
    records: int = 0
    moved: int = 0
    repeats: int = 0
    checkpoints: int = 0
    crashes: int = 0
    rows: int = 0
    different: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Point:
    """Where a run can be taken up again."""

    saved: Saved
    waiting: list[LogRecord]
    watermark_us: int
    sent: int


class Schedule:
    """One schedule over one log.

    Parameters
    ----------
    log
        In order of receive time.
    rng
        Decides everything.
    counts
        Where to count what is done.
    """

    def __init__(self, log: list[LogRecord], rng: random.Random, counts: Counts) -> None:
        self._rng, self._counts = rng, counts
        self._waiting = list(log)
        self._watermark_us = log[0].record.receive_time_us - 1000
        self._outputs: list[Output] = []
        self._pipeline = self._built()
        self._point = self._checkpoint()

    def run(self) -> list[Output]:
        """Everything that was committed, in the order sent."""
        left = self._rng.randint(1, 3)  # crashes
        while self._waiting:
            for _ in range(self._rng.randint(1, 25)):
                self._hand_over()
            self._pass()
            chance = self._rng.random()
            if chance < 0.25:
                self._point = self._checkpoint()
            elif chance < 0.4 and left:
                left -= 1
                self._crash()
        self._outputs += self._pipeline.advance(FOREVER_US)
        return self._outputs

    def _built(self) -> Pipeline:
        made = Pipeline(PARAMETERS, foreign=FOREIGN)
        made.front = Subtasks(made.front, self._rng)
        made._stages = {name: Subtasks(stage, self._rng) for name, stage in made._stages.items()}
        return made

    def _stages(self) -> list[Any]:
        return [self._pipeline.front, *self._pipeline._stages.values()]

    def _hand_over(self) -> None:
        """Any record within a second of the oldest may come next, whatever its partition."""
        if not self._waiting:
            return
        until_us = self._waiting[0].record.receive_time_us + 1_000_000
        reach = sum(one.record.receive_time_us <= until_us for one in self._waiting)
        at = self._rng.randrange(reach)
        self._counts.moved += at > 0
        self._pipeline.take(self._waiting.pop(at))

    def _pass(self) -> None:
        """Let the watermark go as far as the records that wait allow, or less."""
        least = min((one.record.receive_time_us for one in self._waiting), default=FOREVER_US)
        if least == FOREVER_US:
            return
        limit_us = least - 1000
        passed = self._rng.choice([limit_us, (limit_us + self._watermark_us) // 2])
        self._watermark_us = max(self._watermark_us, passed)
        self._outputs += self._pipeline.advance(self._watermark_us)

    def _checkpoint(self) -> _Point:
        self._counts.checkpoints += 1
        saved = [stage.saved() for stage in self._stages()]
        return _Point(saved, list(self._waiting), self._watermark_us, len(self._outputs))

    def _crash(self) -> None:
        """Lose all since the checkpoint, what was sent too; new objects go on from its bytes."""
        self._counts.crashes += 1
        self._pipeline = self._built()
        for stage, saved in zip(self._stages(), self._point.saved, strict=True):
            stage.restore(saved)
        self._waiting = list(self._point.waiting)
        self._watermark_us = self._point.watermark_us
        del self._outputs[self._point.sent :]


def with_repeats(log: list[LogRecord], rng: random.Random) -> tuple[list[LogRecord], int]:
    """The log with some raw records sent again, up to 0.9 s later; and how many.

    A repeat gets an offset between those of its neighbours, so that no other record's changes:
    a recording's offsets lie far apart.
    """
    by_time = sorted(log, key=lambda one: one.record.receive_time_us)
    again = [
        one._replace(record=one.record._replace(receive_time_us=received))
        for one in by_time
        if one.topic != SOURCES and rng.random() < 0.2
        for received in [one.record.receive_time_us + rng.randrange(0, 900_000, 1000)]
    ]
    again.sort(key=lambda one: one.record.receive_time_us)
    made = list(log)
    for n, one in enumerate(again, 1):
        before = max(
            other.record.offset
            for other in by_time
            if other[:2] == one[:2] and other.record.receive_time_us <= one.record.receive_time_us
        )
        made.append(one._replace(record=one.record._replace(offset=before + n)))
    return sorted(made, key=lambda one: one.record.receive_time_us), len(again)


def rows_of(outputs: list[Output]) -> tuple[Rows, Counter[str]]:
    """Records of each topic and key in order, and the ledger of records as counts by fate.

    The ledger names offsets and counts repeats, so it is compared by what it counts. Dead letters
    have the order of the partition that they come from, not of the source that is their key.
    """
    rows: Rows = {}
    fates: Counter[str] = Counter()
    for output in outputs:
        key = output.key
        if output.route == DEAD:
            letter = msgspec.msgpack.decode(output.value)
            key = f"{letter['topic']}/{letter['partition']}"
        if output.route != RECORDS:
            rows.setdefault((output.route, key), []).append(output.value)
            continue
        for entry in msgspec.msgpack.decode(output.value)["entries"]:
            fates[f"{entry['disposition']} {entry['reason']}"] += entry["records"]
    return rows, fates


def straight(seed: int) -> tuple[list[LogRecord], Rows, Counter[str]]:
    """The log of a recording, and what it gives when nothing happens on the way."""
    log = recording(seed)
    return log, *rows_of(list(run(log, Pipeline(PARAMETERS, foreign=FOREIGN))))


def check(seed: int, reference: tuple[list[LogRecord], Rows, Counter[str]], counts: Counts) -> None:
    """Run one schedule and note the first difference from the straight run in `counts`."""
    log, wanted, wanted_fates = reference
    rng = random.Random(seed)
    log, repeats = with_repeats(log, rng) if seed % 2 else (log, 0)
    rows, fates = rows_of(Schedule(log, rng, counts).run())
    counts.schedules += 1
    counts.records += len(log)
    counts.repeats += repeats
    counts.rows += sum(map(len, rows.values()))
    repeated = f"{Disposition.DUPLICATE.name} REPEATED"
    fates[repeated] -= repeats
    if +fates != +wanted_fates:
        counts.different.append(f"schedule {seed}: fates {dict(fates)}, not {dict(wanted_fates)}")
    for where in sorted(wanted.keys() | rows.keys()):
        if rows.get(where) != wanted.get(where):
            counts.different.append(f"schedule {seed}: {where[0]} of {where[1]} differs")
            return


def main() -> None:
    """Run the command line; exit code 1 if anything differed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.schedules", description=__doc__)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--first", type=int, default=0, help="seed of the first schedule")
    options = parser.parse_args()
    counts, references = Counts(), {}
    for seed in track(range(options.first, options.first + options.count), "schedules"):
        number = seed % RECORDINGS
        if number not in references:
            references[number] = straight(number)
        check(seed, references[number], counts)
    fates = sum((fates for _, _, fates in references.values()), Counter())
    print(f"recordings  {len(references)}, records by fate {dict(sorted(fates.items()))}")
    print(f"schedules   {counts.schedules}, {counts.records} records, {counts.rows} rows compared")
    print(f"out of turn {counts.moved}; sent again {counts.repeats}")
    print(f"checkpoints {counts.checkpoints}; crashes and restores {counts.crashes}")
    print(f"different   {len(counts.different)}")
    for line in counts.different[:10]:
        print(f"  {line}")
    raise SystemExit(bool(counts.different))


if __name__ == "__main__":
    main()
