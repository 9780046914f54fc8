"""Age at the reader while the station takes part of its rate, live."""

from dataclasses import dataclass

import numpy as np

from benchmarks.measure import BenchmarkError
from benchmarks.mixes import Mix
from infra.demo.watch import Ages, LiveReader
from infra.local.station import LocalStation
from infra.replay.outbox import producer_of
from infra.replay.send import send_live
from jobs.io.avro import AvroCodec

_PERCENTILES = (50, 99)


@dataclass(frozen=True, slots=True)
class Age:
    """Percentiles 50 and 99, milliseconds.

    Parameters
    ----------
    records_per_s
        What was sent.
    work_ms
        Read time - tick - cut, of pictures.
    age_ms
        Read time - event time of an object's last observation, of object rows.
    pictures, rows
        How many were counted.
    """

    records_per_s: float
    work_ms: tuple[float, float]
    age_ms: tuple[float, float]
    pictures: int
    rows: int


def measure_age(station: LocalStation, mix: Mix, codec: AvroCodec, warm_s: float) -> Age:
    """Send a mix at its own pace; percentiles of what came after `warm_s` of it.

    Raises
    ------
    BenchmarkError
        If the reader saw nothing.
    """
    settings = station.resolved
    reader = LiveReader(settings.kafka.client(), codec, settings.run.cut_us)
    reader.start()
    send_live(mix.messages, mix.entries, producer_of(settings.kafka))
    ages = reader.end()
    if not ages.ticks_us:
        msg = "no picture with objects came while messages were sent"
        raise BenchmarkError(msg)
    return _of(ages, mix, warm_s)


def _of(ages: Ages, mix: Mix, warm_s: float) -> Age:
    span_s = (mix.messages[-1].receive_time_us - mix.messages[0].receive_time_us) / 1e6
    # The reader ends with the sending, so the last of what it saw is the end of the data.
    ticks = np.array(ages.ticks_us)
    late = np.flatnonzero(ticks > ticks.max() - (span_s - warm_s) * 1e6)
    work_ms = np.array(ages.work_us)[late] / 1e3
    age_ms = np.concatenate([ages.age_us[i] for i in late]) / 1e3
    work = np.percentile(work_ms, _PERCENTILES).tolist()
    age = np.percentile(age_ms, _PERCENTILES).tolist()
    return Age(
        len(mix.messages) / span_s, (work[0], work[1]), (age[0], age[1]), len(late), len(age_ms)
    )
