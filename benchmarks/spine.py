"""How fast the spine of the station is, beside its own floor, in one run on one station.

    python -m benchmarks.spine [--quick] [--out FILE]

(a) a no-op job of the fusion job's topology, (b) the fusion job, (c) `operators.pipeline` in
memory on one core, (d) the load of what (b) published into the real tables, (e) age at the reader
at half of the rate of (b). How each is measured, and what it leaves out: `benchmarks/README.md`.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import mixes
from benchmarks.age import Age, measure_age
from benchmarks.load import preload
from benchmarks.loading import Loaded, load_all
from benchmarks.machine import description, load_average
from benchmarks.measure import Rate
from benchmarks.mixes import Mix
from benchmarks.runs import fusion_rate, noop_rate, pipeline_rate
from infra.local import paths
from infra.local.state import JobPlan
from infra.local.station import LocalStation
from jobs.io.avro import AvroCodec
from jobs.io.registry import register_all
from jobs.runtime.clock import now_us
from jobs.settings import Settings
from operators.tracker import warm_up

RESULTS = Path(__file__).parent / "results"
_HALF_LOAD_OF = "rsm"
_WIDTH = 2  # TaskManagers of the job that is measured
_UNIT_HZ = 1e6 / mixes.PERIOD_US


@dataclass(frozen=True, slots=True)
class Sizes:
    """Seconds of data: of each mix for the jobs and in memory, of warm-up and half load."""

    mix_s: dict[str, float]
    memory_s: float
    warm_s: float
    live_s: float


FULL = Sizes({"bsm": 8.0, "rsm": 10.0, "sdsm": 10.0}, 5.0, 20.0, 30.0)
QUICK = Sizes({"bsm": 2.0, "rsm": 2.0, "sdsm": 2.0}, 2.0, 5.0, 5.0)
_MAKERS: dict[str, Callable[[float, int], Mix]] = {
    "bsm": mixes.bsm,
    "rsm": mixes.rsm,
    "sdsm": mixes.sdsm,
}


@dataclass(frozen=True, slots=True)
class Rates:
    """Records a second of one mix, with the load of the machine when each was measured."""

    mix: str
    records: int
    objects: int
    noop: Rate
    fusion: Rate
    pipeline: Rate
    rows: int
    load_average: tuple[float, float, float]

    @property
    def ratio(self) -> float:
        """Fusion over no-op."""
        return self.fusion.per_s / self.noop.per_s


def measure(station: LocalStation, sizes: Sizes) -> tuple[list[Rates], Loaded]:
    """(a) to (d), one after the other."""
    settings = station.resolved
    codec = AvroCodec(register_all(settings.registry.address()))
    rates = [measure_mix(station, name, sizes, codec) for name in sizes.mix_s]
    say("(d) loading what was published")
    return rates, load_all(settings, codec, sum(one.rows for one in rates))


def measure_half(station: LocalStation, sizes: Sizes, rates: Sequence[Rates]) -> Age:
    """(e), on a station of its own: nothing waits in its topics."""
    settings = station.resolved
    codec = AvroCodec(register_all(settings.registry.address()))
    half = next(one.fusion.per_s for one in rates if one.mix == _HALF_LOAD_OF) / 2
    say(f"(e) age at {half:,.0f} records/s")
    seconds, units = sizes.warm_s + sizes.live_s, max(1, round(half / _UNIT_HZ))
    live = mixes.rsm(seconds, settings.flink.parallelism, units)
    return measure_age(station, live, codec, sizes.warm_s)


def measure_mix(station: LocalStation, name: str, sizes: Sizes, codec: AvroCodec) -> Rates:
    """(a), (b) and (c) of one mix."""
    settings = station.resolved
    width = settings.flink.parallelism
    mix = _MAKERS[name](sizes.mix_s[name], width)
    say(f"{name}: {len(mix.messages):,} messages of {mix.objects} into the topics")
    preload(mix, width, settings.kafka, settings.run)
    say(f"{name}: (a) no-op job")
    noop, load_a = noop_rate(station, mix), load_average()
    say(f"{name}: {noop.per_s:,.0f} records/s; (b) fusion job")
    (fusion, rows), load_b = fusion_rate(station, mix, codec), load_average()
    say(f"{name}: {fusion.per_s:,.0f} records/s; (c) pipeline")
    warm_up()
    part = _MAKERS[name](sizes.memory_s, width)
    pipeline, load_c = pipeline_rate(part, settings.run, width), load_average()
    say(f"{name}: {pipeline.per_s:,.0f} records/s")
    loads = (load_a, load_b, load_c)
    return Rates(name, len(mix.messages), mix.objects, noop, fusion, pipeline, rows, loads)


def rate_table(rates: Sequence[Rates], loaded: Loaded) -> str:
    """The rates as text; k is a thousand a second."""
    lines = [
        f"{'':10}{'no-op (a)':>18}{'fusion (b)':>18}{'memory, 1 core (c)':>20}{'b/a':>7}{'b/c':>7}",
        f"{'mix':10}" + f"{'k records   k obs':>18}" * 2 + f"{'k records   k obs':>20}",
    ]
    for one in rates:
        both = [
            f"{r.per_s / 1e3:9.2f}{r.per_s * one.objects / 1e3:8.1f}"
            for r in (one.noop, one.fusion, one.pipeline)
        ]
        lines.append(
            f"{one.mix:10}{both[0]:>18}{both[1]:>18}{both[2]:>20}"
            f"{one.ratio:7.2f}{one.fusion.per_s / one.pipeline.per_s:7.2f}"
        )
    lines.append(
        f"(d) warehouse: {loaded.rows_per_s / 1e3:,.0f} k rows/s over {loaded.rows:,} rows in "
        f"{loaded.blocks} blocks, {loaded.decode_share:.0%} of it reading Avro"
    )
    return "\n".join(lines)


def age_line(age: Age) -> str:
    """The age at half load as text."""
    return (
        f"(e) at {age.records_per_s:,.0f} rsm/s: work p50 {age.work_ms[0]:.0f} / p99 "
        f"{age.work_ms[1]:.0f} ms, age p50 {age.age_ms[0]:.0f} / p99 {age.age_ms[1]:.0f} ms "
        f"({age.pictures:,} pictures, {age.rows:,} rows)"
    )


def _settings() -> Settings:
    given = Settings()
    return replace(given, flink=replace(given.flink, parallelism=_WIDTH))


def say(text: str) -> None:
    print(f"{_now():%H:%M:%S}  {text}", file=sys.stderr, flush=True)


def _now() -> datetime:
    return datetime.fromtimestamp(now_us() / 1e6, UTC)


def _written(file: Path | None, result: dict[str, Any]) -> Path:
    hostname = result["machine"]["hostname"]
    chosen = file or RESULTS / f"{_now():%Y%m%d}" / f"{hostname}.json"
    chosen.parent.mkdir(parents=True, exist_ok=True)
    chosen.write_bytes(msgspec.json.format(msgspec.json.encode(result)) + b"\n")
    return chosen


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.spine")
    parser.add_argument("--quick", action="store_true", help="2 s of each mix: a smoke test")
    parser.add_argument("--out", type=Path, help="default: benchmarks/results/DATE/HOST.json")
    chosen = parser.parse_args()
    machine = description()
    say(f"load average {machine['load_average']}; starting a station")
    sizes = QUICK if chosen.quick else FULL
    with tempfile.TemporaryDirectory(prefix="spine-") as folder:
        plan = JobPlan("fusion", None, (), task_managers=_WIDTH)
        servers = ("broker", "registry", "engine")
        with LocalStation(Path(folder), servers, _settings(), [plan]) as station:
            rates, loaded = measure(station, sizes)
    print(rate_table(rates, loaded))
    say("starting a station with the fusion job")
    with tempfile.TemporaryDirectory(prefix="spine-") as folder:
        job = JobPlan("fusion", str(paths.ROOT / "jobs" / "fusion.py"), (), task_managers=_WIDTH)
        with LocalStation(Path(folder), chosen=_settings(), jobs=[job]) as station:
            age = measure_half(station, sizes, rates)
    print(age_line(age))
    result = {
        "quick": chosen.quick,
        "machine": machine,
        "mixes": [asdict(one) | {"fusion_over_noop": one.ratio} for one in rates],
        "warehouse": asdict(loaded),
        "half_load": asdict(age),
    }
    say(f"written to {_written(chosen.out, result)}")


if __name__ == "__main__":
    main()
