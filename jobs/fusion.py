"""The fusion job: raw topics -> front -> cell -> identity -> publish -> fused topics.

One Flink job, so that no broker hop and no commit interval sits inside the latency. Run it with
``flink run -py jobs/fusion.py --config station.toml``.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from jobs.feeds import rules_of
from jobs.flow import Flow, Topics, run
from jobs.io.avro import AvroCodec, RouteEncoder
from jobs.io.registry import register_all
from jobs.runtime.environment import environment
from jobs.settings import Settings, load
from operators import tracker
from operators.decode.formats import Formats
from operators.enrich.versions import share_feature
from operators.front import Front
from operators.identity import Identity
from operators.ingress import DEFAULTS
from operators.places import Places
from operators.publish import Publish
from operators.routes import TOPICS
from operators.sources import share_source
from operators.warm import warm_up

JOB = "fusion"


def flow_of(settings: Settings, codec: AvroCodec, topics: Topics) -> Flow:
    """What the fusion job runs."""
    parameters, formats = settings.run, Formats(settings.mappings)
    rules = {topic + topics.suffix: rule for topic, rule in DEFAULTS.items()}
    rules |= rules_of(settings.topics)
    return Flow(
        job=JOB,
        front=Front(parameters, formats.decode, rules),
        cell=Places(parameters, tracker),
        identity=Identity(parameters),
        publish=Publish(parameters),
        share_source=share_source,
        share_feature=share_feature,
        encode=RouteEncoder(codec),
        outputs=TOPICS,
        warm_cell=warm_up,
    )


def _of(settings: Settings, chosen: argparse.Namespace) -> Settings:
    """Settings with what the command line says about this run; a backfill is a run of its own."""
    run_id = chosen.run or chosen.backfill or settings.run.run_id
    parallelism = chosen.parallelism or settings.flink.parallelism
    return replace(
        settings,
        run=replace(settings.run, run_id=run_id),
        flink=replace(settings.flink, parallelism=parallelism),
    )


def main(
    arguments: Sequence[str] | None = None,
    make: Callable[[Settings, AvroCodec, Topics], Flow] = flow_of,
) -> None:
    """Build the job and hand it to Flink."""
    parser = argparse.ArgumentParser(prog="fusion", description="The fusion job.")
    parser.add_argument("--config", type=Path, help="station.toml; default: as `station` takes it")
    parser.add_argument("--backfill", default="", help="name of a backfill's topic set")
    parser.add_argument("--run", default="", help="run_id of the rows; default: run.run_id")
    parser.add_argument("--parallelism", type=int, default=0, help="default: flink.parallelism")
    chosen = parser.parse_args(arguments)
    settings = _of(load(chosen.config), chosen)
    topics = Topics(f".{chosen.backfill}" if chosen.backfill else "")
    codec = AvroCodec(register_all(settings.registry.address()))
    env_tables = environment(settings, settings.flink.parallelism)
    flow = make(settings, codec, topics)
    run(env_tables, settings, flow, topics, bounded=bool(chosen.backfill))


if __name__ == "__main__":
    main()
