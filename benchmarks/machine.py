"""What a figure was measured on."""

import os
import platform
from importlib.metadata import version
from typing import Any

from infra.local import paths

_PACKAGES = ("apache-flink", "chdb-core", "confluent-kafka", "fastavro", "numba", "numpy")


def load_average() -> float:
    """Load of the last minute: above the number of cores, others measured with us."""
    return os.getloadavg()[0]


def description() -> dict[str, Any]:
    """Cores, memory, load and versions."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    broker = sorted(jar.stem for jar in paths.BROKER_JARS.glob("kafka_*.jar"))
    return {
        "hostname": platform.node(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "memory_gib": round(pages / 2**30, 1),
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "versions": {
            "python": platform.python_version(),
            "broker": broker[0] if broker else "",
            **{name: version(name) for name in _PACKAGES},
        },
    }
