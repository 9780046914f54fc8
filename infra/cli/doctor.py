"""`station doctor`: look whether everything is there that the station needs."""

import importlib.metadata
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import typer
from rich.table import Table

from infra.cli.errors import console
from infra.cli.options import Config, station_of
from infra.local import paths
from infra.local.java import ARCHIVES
from infra.local.station import LocalStation
from jobs.settings import Settings

_LEAST_MEMORY_GIB = 4.0
_LEAST_DISK_GIB = 5.0
_PACKAGES = (
    "apache-flink",
    "chdb-core",
    "clickhouse-driver",
    "confluent-kafka",
    "fastavro",
    "numba",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Parameters
    ----------
    subject, fine, found
        What was looked at, whether it will do, and what is there.
    remedy
        What to do if it will not.
    """

    subject: str
    fine: bool
    found: str
    remedy: str = ""


def doctor(config: Config = None) -> None:
    """Check programs, memory, disk, ports and packages; exit status 1 if something is missing."""
    findings = list(examine(station_of(config)))
    table = Table("", "what", "found", "what to do")
    for one in findings:
        mark = "[green]✓[/green]" if one.fine else "[red]✗[/red]"
        table.add_row(mark, one.subject, one.found, "" if one.fine else one.remedy)
    console.print(table)
    raise typer.Exit(0 if all(one.fine for one in findings) else 1)


def examine(station: LocalStation) -> Iterator[Finding]:
    """Make all checks."""
    yield _java()
    maven = shutil.which("mvn")
    yield Finding("Maven", bool(maven), maven or "none", "install Maven; `make setup` fetches jars")
    free_gib = psutil.virtual_memory().available / 2**30
    yield Finding(
        "memory", free_gib >= _LEAST_MEMORY_GIB, f"{free_gib:.1f} GiB free",
        f"free {_LEAST_MEMORY_GIB:.0f} GiB, or lower flink.parallelism",
    )  # fmt: skip
    yield _disk(station.state_dir)
    yield from _jars()
    yield from (_package(name) for name in _PACKAGES)
    if not station.running:
        yield from _ports(station.settings)


def _java() -> Finding:
    remedy = "install a Java 17 runtime and put it on the PATH"
    program = shutil.which("java")
    if program is None:
        return Finding("Java 17", False, "none", remedy)
    said = subprocess.run([program, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "([\d.]+)', said)
    found = version[1] if version else said[:60]
    return Finding("Java 17", found.startswith("17."), found, remedy)


def _disk(state_dir: Path) -> Finding:
    place = next(folder for folder in (state_dir, *state_dir.parents) if folder.exists())
    free_gib = shutil.disk_usage(place).free / 2**30
    return Finding(
        "disk", free_gib >= _LEAST_DISK_GIB, f"{free_gib:.0f} GiB free below {place}",
        f"free {_LEAST_DISK_GIB:.0f} GiB, or set local.state_dir",
    )  # fmt: skip


def _jars() -> Iterator[Finding]:
    kinds = (("broker jars", paths.broker_classpath), ("Flink connector", paths.connector_jars))
    for subject, look in kinds:
        try:
            look()
            yield Finding(subject, True, "there")
        except paths.MissingProgramError as error:
            yield Finding(subject, False, "missing", str(error))
    archives = len(list(ARCHIVES.glob("*.jsa")))
    yield Finding(
        "class archives",
        bool(archives),
        f"{archives}",
        "run `make setup`: starts take half as long",
    )


def _package(name: str) -> Finding:
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, False, "not installed", "run `make setup`")
    return Finding(name, True, version)


def _ports(given: Settings) -> Iterator[Finding]:
    local = given.local
    wanted = {
        "local.kafka_port": local.kafka_port,
        "local.registry_port": local.registry_port,
        "local.clickhouse_port": local.clickhouse_port,
        "local.fusion_rest_port": local.fusion_rest_port,
        "local.warehouse_rest_port": local.warehouse_rest_port,
    }
    for name, port in wanted.items():
        if port:
            with socket.socket() as probe:
                taken = probe.connect_ex(("127.0.0.1", port)) == 0
            yield Finding(name, not taken, f"{port} is {'taken' if taken else 'free'}",
                          "end who uses it, or set another port (0: any)")  # fmt: skip
