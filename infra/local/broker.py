"""One Kafka broker in KRaft mode: its files, its commands, its probe."""

import socket
import struct
from pathlib import Path

from infra.local import paths
from infra.local.java import archive_options, log_configuration

MAX_RECORD_BYTES = 16 * 1024 * 1024
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
log.dirs={data}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
num.network.threads=2
num.io.threads=4
message.max.bytes={largest}
replica.fetch.max.bytes={largest}
log.message.timestamp.type=LogAppendTime
log.segment.bytes=134217728
log.cleaner.dedupe.buffer.size=8388608
"""
_API_VERSIONS = struct.pack(">ihhih", 10, 18, 0, 1, -1)  # length, key, version, correlation, client


def prepare(state_dir: Path, port: int, controller: int) -> None:
    """Write the broker's configuration."""
    folder = state_dir / "kafka"
    folder.mkdir(parents=True, exist_ok=True)
    text = _PROPERTIES.format(
        port=port, controller=controller, data=folder / "data", largest=MAX_RECORD_BYTES
    )
    (folder / "server.properties").write_text(text, "utf-8")


def formatted(state_dir: Path) -> bool:
    """Whether the data folder belongs to a cluster already."""
    return (state_dir / "kafka" / "data" / "meta.properties").is_file()


def format_command(state_dir: Path, cluster_id: str) -> list[str]:
    """Command that makes the data folder one of the cluster."""
    return [
        *_java(64),
        *archive_options("broker", make=False),
        *("-cp", paths.broker_classpath(), "kafka.tools.StorageTool", "format"),
        f"--cluster-id={cluster_id}",  # in one word: it may begin with a dash
        *("-c", str(state_dir / "kafka" / "server.properties")),
        "--ignore-formatted",
    ]


def command(state_dir: Path, heap_mib: int, *, archive: bool = False) -> list[str]:
    """Command of the broker."""
    return [
        *_java(heap_mib),
        *archive_options("broker", make=archive),
        *log_configuration(state_dir, "broker"),
        f"-Dkafka.logs.dir={state_dir / 'logs'}",
        *("-cp", paths.broker_classpath(), "kafka.Kafka"),
        str(state_dir / "kafka" / "server.properties"),
    ]


def _java(heap_mib: int) -> list[str]:
    return [paths.java(), f"-Xmx{heap_mib}m", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xss512k"]


def answers(port: int) -> bool:
    """Whether a broker answers a request for its versions."""
    try:
        with socket.create_connection(("127.0.0.1", port), 0.5) as link:
            link.sendall(_API_VERSIONS)
            return len(link.recv(8)) == 8
    except OSError:
        return False
