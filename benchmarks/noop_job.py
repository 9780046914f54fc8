"""The fusion job with steps that do nothing: the floor that the runtime itself sets."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks.noop_steps import TOPICS, Cell, Front, Identity, Publish, share_nothing
from jobs.flow import Flow, Topics, run
from jobs.runtime.environment import environment
from jobs.runtime.process import as_it_is
from jobs.settings import load

NOOP = Flow(
    job="noop",
    front=Front(),
    cell=Cell(),
    identity=Identity(),
    publish=Publish(),
    share_source=share_nothing,
    share_feature=share_nothing,
    encode=as_it_is,
    outputs=TOPICS,
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the job and hand it to Flink."""
    parser = argparse.ArgumentParser(prog="noop", description="The fusion job without its work.")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--backfill", required=True, help="name of the backfill's topic set")
    chosen = parser.parse_args(arguments)
    settings = load(chosen.config)
    env_tables = environment(settings, settings.flink.parallelism)
    run(env_tables, settings, NOOP, Topics(f".{chosen.backfill}"), bounded=True)


if __name__ == "__main__":
    main()
