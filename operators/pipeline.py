"""The whole flow in memory: the same steps that run in Flink, over a log in the order of its times.

It is the oracle of every job test, the offline command and the base of benchmarks. The watermark
is the caller's: `advance` wakes stage after stage with everything that is due, as a streaming
engine does when a watermark passes through.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol

from operators import tracker as default_tracker
from operators.cell import Tracker
from operators.decode.registry import decode as default_decode
from operators.enrich.versions import share_feature
from operators.front import Decode, Front
from operators.identity import Identity
from operators.ingress import DEFAULTS, TopicRule
from operators.parameters import Parameters
from operators.places import Places
from operators.publish import Publish
from operators.raw import RawRecord, pack_raw
from operators.routes import CELL, FEATURE, IDENTITY, PUBLISH, SOURCES
from operators.shared import Changes, Shared
from operators.sources import share_source
from operators.step import KeyedStep, Output, State

Share = Callable[[Mapping[str, bytes], bytes], Changes]

FOREVER_US = 2**62


class LogRecord(NamedTuple):
    """One record of a raw topic with its place in the log."""

    topic: str
    partition: int
    record: RawRecord


class Stage:
    """One step with the states of its keys and what waits for it.

    Parameters
    ----------
    step
        What runs.
    share
        How something broadcast changes what the stage shares; None if nothing is broadcast to it.
    """

    def __init__(self, step: KeyedStep, share: Share | None = None) -> None:
        self.step = step
        self._share = share
        self._shared = Shared()
        self._states: dict[str, State] = {}
        self._due: dict[tuple[int, str], list[bytes]] = {}
        self._wakes: list[tuple[int, str]] = []
        self._passed_us = -FOREVER_US

    def take(self, key: str, event: bytes) -> None:
        """Let an event wait for its instant, or for the next one if that has passed."""
        at_us = max(self.step.wake_for(event), self._passed_us + 1000)
        self._wake((at_us, key)).append(event)

    def broadcast(self, event: bytes) -> None:
        """Add something to what all keys share."""
        if self._share is not None:
            self._shared.change(self._share(self._shared, event))

    def advance(self, watermark_us: int) -> Iterator[Output]:
        """Wake every key that is due up to the watermark, in order of time and key."""
        self._passed_us = max(self._passed_us, watermark_us)
        while self._wakes and self._wakes[0][0] <= watermark_us:
            at_us, key = heapq.heappop(self._wakes)
            due = self._due.pop((at_us, key))
            yield from self._call(key, due, at_us)

    def _call(self, key: str, due: list[bytes], at_us: int) -> Iterable[Output]:
        state = self._states.get(key, State())
        result = self.step.on_wake(key, state, due, self._shared, at_us)
        entries = dict(state.entries)
        for name, value in result.entries.items():
            if value is None:
                entries.pop(name, None)
            else:
                entries[name] = value
        if result.value is None and not entries:
            self._states.pop(key, None)
        else:
            self._states[key] = State(result.value, entries)
        if result.wake_at_us is not None:
            self._wake((result.wake_at_us, key))
        return result.outputs

    def _wake(self, where: tuple[int, str]) -> list[bytes]:
        waiting = self._due.get(where)
        if waiting is None:
            waiting = self._due[where] = []
            heapq.heappush(self._wakes, where)
        return waiting


class Pipeline:
    """All steps in memory.

    Parameters
    ----------
    parameters
        Of the run.
    decode
        Adapters, as `operators.decode.registry.decode`.
    tracker
        What associates and fuses in a cell.
    suffix
        What a backfill's topics have behind the names of the live ones.
    foreign
        Topics that are not the station's own, and how their records are taken.
    """

    def __init__(
        self,
        parameters: Parameters,
        decode: Decode = default_decode,
        tracker: Tracker = default_tracker,
        suffix: str = "",
        foreign: Mapping[str, TopicRule] | None = None,
    ) -> None:
        rules = {topic + suffix: rule for topic, rule in DEFAULTS.items()} | dict(foreign or {})
        self._sources = SOURCES + suffix
        self.front = Stage(Front(parameters, decode, rules), share_source)
        self._stages = {
            CELL: Stage(Places(parameters, tracker)),
            IDENTITY: Stage(Identity(parameters)),
            PUBLISH: Stage(Publish(parameters), share_feature),
        }

    def take(self, record: LogRecord) -> None:
        """Take one record of a raw topic; a pulse only carries time, which is the caller's here."""
        if record.record.body is None:
            return
        event = pack_raw(record.record)
        if record.topic == self._sources:
            self.front.broadcast(event)
        self.front.take(f"{record.topic}/{record.partition}", event)

    def advance(self, watermark_us: int) -> list[Output]:
        """Let the watermark pass; the records for topics that come out, in order."""
        out: list[Output] = []
        for stage in (self.front, *self._stages.values()):
            for output in stage.advance(watermark_us):
                self._route(output, out)
        return out

    def _route(self, output: Output, out: list[Output]) -> None:
        stage = self._stages.get(output.route)
        if stage is not None:
            stage.take(output.key, output.value)
            return
        if output.route == FEATURE:
            self._stages[PUBLISH].broadcast(output.value)
            return
        out.append(output)


class Takes(Protocol):
    """What a log runs through: a pipeline, or the steps of another job."""

    def take(self, record: LogRecord) -> None:
        """Take one record."""

    def advance(self, watermark_us: int) -> list[Output]:
        """Let the watermark pass; what comes out."""
        ...


def run(log: Iterable[LogRecord], pipeline: Takes, step_us: int = 1_000_000) -> Iterator[Output]:
    """Run a log in order of receive time through a pipeline, to the end.

    Parameters
    ----------
    log
        Records in order of receive time, offsets rising in each partition.
    pipeline
        Where they go.
    step_us
        How often the watermark passes, microseconds of receive time; no row depends on it.
    """
    passed = None
    for record in log:
        received = record.record.receive_time_us
        if passed is None or received - passed > step_us:
            passed = received
            # Behind the newest record by the least unit of a receive time: more may share it.
            yield from pipeline.advance(received - 1000)
        pipeline.take(record)
    yield from pipeline.advance(FOREVER_US)
