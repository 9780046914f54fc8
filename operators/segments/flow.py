"""The steps of the segment job in memory: its oracle, and the base of its benchmarks."""

from collections.abc import Iterable, Iterator

from operators.enrich.versions import share_feature
from operators.events.join import EventJoin
from operators.events.step import EventStep
from operators.parameters import Parameters
from operators.pipeline import LogRecord, Stage
from operators.raw import RawRecord, pack_raw
from operators.routes import (
    APPROACH,
    CONTEXT,
    FEATURE,
    JOIN,
    NETWORK,
    OBJECTS,
    SCENE,
    SEGMENT,
    SIGNALS,
    WATCH,
)
from operators.segments.approach import ApproachStates
from operators.segments.scenes import Scenes
from operators.segments.segment import SegmentStates
from operators.segments.sort import Decode, Sort
from operators.step import Output

_READ = (OBJECTS, SIGNALS, NETWORK, CONTEXT)


def committed(outputs: Iterable[Output], at_us: int) -> Iterator[LogRecord]:
    """What the job reads of the fusion job's records, in their order, appended from `at_us` on."""
    read = (one for one in outputs if one.route in _READ)
    for k, one in enumerate(read):
        yield LogRecord(one.route, 0, RawRecord(k, at_us + k, 0, "", "", "", one.value))


class SegmentFlow:
    """All steps of the segment job; `operators.pipeline.run` runs a log of its topics through them.

    Parameters
    ----------
    parameters
        Of the run.
    decode
        As for `operators.segments.sort.Sort`.
    """

    def __init__(self, parameters: Parameters, decode: Decode) -> None:
        self.sort = Stage(Sort(parameters, decode))
        self._stages = {
            SCENE: Stage(Scenes(parameters)),
            SEGMENT: Stage(SegmentStates(parameters)),
            APPROACH: Stage(ApproachStates(parameters)),
            WATCH: Stage(EventStep(parameters), share_feature),
            JOIN: Stage(EventJoin()),
        }

    def take(self, record: LogRecord) -> None:
        """Take one record of a topic that the job reads; a pulse only carries time."""
        if record.record.body is not None:
            self.sort.take(f"{record.topic}/{record.partition}", pack_raw(record.record))

    def advance(self, watermark_us: int) -> list[Output]:
        """Let the watermark of append time pass; the records for topics that come out."""
        out: list[Output] = []
        for stage in (self.sort, *self._stages.values()):
            for output in stage.advance(watermark_us):
                to = self._stages.get(output.route)
                if output.route == FEATURE:
                    self._stages[WATCH].broadcast(output.value)
                elif to is not None:
                    to.take(output.key, output.value)
                else:
                    out.append(output)
        return out
