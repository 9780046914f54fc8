"""The Flink environment of a job: execution mode, checkpoints, latency."""

from pathlib import Path

from pyflink.common import Configuration
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import StreamTableEnvironment

from jobs.settings import Settings

JARS = Path(__file__).resolve().parents[2] / ".jars" / "flink"


def environment(
    settings: Settings, parallelism: int
) -> tuple[StreamExecutionEnvironment, StreamTableEnvironment]:
    """Stream and table environment of a job.

    Parameters
    ----------
    settings
        Of the station.
    parallelism
        Of every operator of the job that has no own.
    """
    flink = settings.flink
    config = Configuration()
    for key, value in {
        "python.execution-mode": flink.mode,
        "pipeline.auto-watermark-interval": "10 ms",
        "pipeline.object-reuse": "true",
        "execution.buffer-timeout.interval": "5 ms",
        "execution.checkpointing.interval": f"{flink.checkpoint_interval_ms} ms",
        "execution.checkpointing.timeout": f"{flink.checkpoint_timeout_ms} ms",
        "execution.checkpointing.mode": "EXACTLY_ONCE",
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "state.backend.type": "hashmap",
    }.items():
        config.set_string(key, value)
    if flink.checkpoint_dir:
        config.set_string("execution.checkpointing.dir", flink.checkpoint_dir)
    env = StreamExecutionEnvironment.get_execution_environment(config)
    env.set_parallelism(parallelism)
    env.add_jars(*(f"file://{jar}" for jar in sorted(JARS.glob("*.jar"))))
    table = StreamTableEnvironment.create(env)
    table.get_config().set("table.exec.uid.generation", "ALWAYS")
    table.get_config().set("table.local-time-zone", "UTC")
    return env, table
