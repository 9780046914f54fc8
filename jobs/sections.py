"""Sections of the settings, and which values each setting may have.

Each part of the station is ``local`` (started by `station up`) or the address of a real one.
`jobs.settings` reads them.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

LOCAL = "local"
BROKER_MAX_TRANSACTION_MS = 900_000  # a Kafka broker refuses longer ones by default


def secret() -> Any:
    """Declare a field that is read from the environment only and never shown."""
    return field(default="", repr=False, metadata={"secret": True})


@dataclass(frozen=True, slots=True)
class Kafka:
    """The broker.

    Parameters
    ----------
    bootstrap
        ``local``, or ``host:port`` of one or more brokers, separated by commas.
    security
        ``PLAINTEXT`` (loopback only), ``SSL`` or ``SASL_SSL`` (SCRAM-SHA-512).
    username, password
        Of ``SASL_SSL``; the password from the environment only.
    ca_file
        Certificates to trust; empty trusts those of the system.
    """

    bootstrap: str = LOCAL
    security: str = "PLAINTEXT"
    username: str = ""
    ca_file: str = ""
    password: str = secret()

    def client(self) -> dict[str, str]:
        """Give the configuration of a librdkafka client."""
        config = {"bootstrap.servers": self.bootstrap, "security.protocol": self.security}
        if self.ca_file:
            config["ssl.ca.location"] = self.ca_file
        if self.security == "SASL_SSL":
            config |= {
                "sasl.mechanism": "SCRAM-SHA-512",
                "sasl.username": self.username,
                "sasl.password": self.password,
            }
        return config

    def java(self) -> dict[str, str]:
        """Give the configuration of a Java client, as Flink's connector takes it."""
        config = {"bootstrap.servers": self.bootstrap, "security.protocol": self.security}
        if self.ca_file:
            config |= {"ssl.truststore.type": "PEM", "ssl.truststore.location": self.ca_file}
        if self.security == "SASL_SSL":
            module = "org.apache.flink.kafka.shaded.org.apache.kafka.common.security.scram"
            user, word = (json.dumps(text) for text in (self.username, self.password))
            config |= {
                "sasl.mechanism": "SCRAM-SHA-512",
                "sasl.jaas.config": f"{module}.ScramLoginModule required "
                f"username={user} password={word};",
            }
        return config


@dataclass(frozen=True, slots=True)
class Registry:
    """The schema registry: ``local`` or its URL; user and password are kept out of the URL."""

    url: str = LOCAL
    username: str = ""
    password: str = secret()

    def address(self) -> str:
        """Give the URL with user and password, as clients of the registry take it."""
        if not self.username:
            return self.url
        user, word = (quote(text, safe="") for text in (self.username, self.password))
        return self.url.replace("://", f"://{user}:{word}@", 1)


@dataclass(frozen=True, slots=True)
class ClickHouse:
    """The warehouse.

    Parameters
    ----------
    url
        ``local``, or ``clickhouse://host:port`` (``clickhouses://`` for TLS).
    database
        Of the tables; ``<database>_raw`` is the one for raw bytes.
    cluster
        Name of a cluster of replicas that all tables shall be on; empty for a single server.
    username, password
        Credentials; the password from the environment only.
    """

    url: str = LOCAL
    database: str = "station"
    cluster: str = ""
    username: str = "default"
    password: str = secret()

    def client(self) -> dict[str, Any]:
        """Arguments of `clickhouse_driver.Client`, without the database."""
        parts = urlsplit(self.url)
        secure = parts.scheme == "clickhouses"
        return {
            "host": parts.hostname or "",
            "port": parts.port or (9440 if secure else 9000),
            "user": self.username,
            "password": self.password,
            "secure": secure,
        }


@dataclass(frozen=True, slots=True)
class Retention:
    """How long the warehouse keeps what, in days since it was loaded.

    Parameters
    ----------
    states_days
        States of objects at every tick.
    seconds_days
        States of objects once a second.
    rollups_days
        Sums over areas and minutes.
    links_days
        The observations behind the states.
    pictures_days
        One row for each cell and tick.
    raw_days
        Raw bytes of refused records.
    accounts_days
        All else: tracks, their events, ledgers, context.
    """

    states_days: int = 7
    seconds_days: int = 180
    rollups_days: int = 3650
    links_days: int = 3
    pictures_days: int = 90
    raw_days: int = 14
    accounts_days: int = 400


@dataclass(frozen=True, slots=True)
class Flink:
    """Where and how the jobs run.

    Parameters
    ----------
    rest_url
        ``local``, or the REST address of a cluster on which the jobs run.
    mode
        ``thread`` (Python inside the TaskManager) or ``process``; savepoints do not move between.
    parallelism
        Of the fusion job; on the local station its number of TaskManagers, each of which takes
        most of a core. Rows do not depend on it.
    checkpoint_interval_ms, checkpoint_timeout_ms
        Distance of checkpoints, and how long one may take.
    checkpoint_dir
        URL of the folder of checkpoints; empty takes the state folder of the local station.
    restart_budget_ms
        How long a restart after a failure may take; open transactions have to outlive it.
    transaction_timeout_ms
        After this the broker ends a transaction by itself.
    exclude_silent_ms
        A partition of the station's own topics that is silent for so long, pulses included, no
        longer holds time; 0 never lets one go. For a partition that is dead, and only until it is
        back: which records a picture then holds depends on when they are read.
    id_prefix
        First part of transactional ids and of consumer groups; one for each station on a broker.
    """

    rest_url: str = LOCAL
    mode: str = "thread"
    parallelism: int = 1
    checkpoint_interval_ms: int = 1000
    checkpoint_timeout_ms: int = 60_000
    checkpoint_dir: str = ""
    restart_budget_ms: int = 120_000
    transaction_timeout_ms: int = 600_000
    exclude_silent_ms: int = 0
    id_prefix: str = "station"

    def group(self, job: str) -> str:
        """Consumer group under which a job commits its offsets."""
        return f"{self.id_prefix}.{job}"

    def transactional_prefix(self, job: str) -> str:
        """Prefix of the transactional ids of a job's sinks."""
        return f"{self.id_prefix}-{job}"


@dataclass(frozen=True, slots=True)
class FormatFiles:
    """Formats beside those of the release; they decide rows, as `run` does.

    Parameters
    ----------
    mappings
        Folder of mappings of home-made feeds, a TOML each; empty for none.
    """

    mappings: str = ""


@dataclass(frozen=True, slots=True)
class ForeignTopic:
    """A topic of others that is read as it is; it gets no pulse, and its times are the sender's.

    Parameters
    ----------
    format, kind
        Of records that do not say it, and of their sources: ``roadside``, ``probe``, ``feed``.
    source
        Source of records that name none; empty to reject them.
    keyed
        Whether a record's key names its source.
    disorder_ms
        How much older than the newest of its partition a record may be; one behind what the
        station has passed is LATE. All rows are later by this.
    idle_ms
        Wall time after which a quiet partition stops holding time.
    """

    format: str
    kind: str
    source: str = ""
    keyed: bool = True
    disorder_ms: int = 500
    idle_ms: int = 5000


@dataclass(frozen=True, slots=True)
class Serve:
    """The HTTP service.

    Parameters
    ----------
    host, port
        Where it listens; port 0 is any free one.
    tokens_file
        Who may ask (`infra.serve.tokens`); empty lets everybody on this machine in.
    certificate_file, key_file
        For TLS; both, or neither on this machine.
    """

    host: str = "127.0.0.1"
    port: int = 8088
    tokens_file: str = ""
    certificate_file: str = ""
    key_file: str = ""


@dataclass(frozen=True, slots=True)
class Local:
    """The station on this machine: folder of its state, memory in MiB, ports (0: a free one).

    With ``services = 1`` the service job and the HTTP service run too.
    """

    state_dir: str = ".station"
    broker_heap_mib: int = 384
    jobmanager_heap_mib: int = 192
    taskmanager_heap_mib: int = 448
    kafka_port: int = 0
    registry_port: int = 0
    clickhouse_port: int = 0
    fusion_rest_port: int = 0
    warehouse_rest_port: int = 0
    services: int = 0


def _address(text: str) -> bool:
    one = re.compile(r"\s*([^\s:,/\[\]]+|\[[0-9a-f:]+\]):\d{1,5}\s*")
    return all(one.fullmatch(address) for address in text.split(","))


def _url(*schemes: str) -> Callable[[str], bool]:
    def fits(text: str) -> bool:
        parts = urlsplit(text)
        return parts.scheme in schemes and bool(parts.hostname) and parts.username is None

    return fits


def _port(value: int) -> bool:
    return value == 0 or 1024 <= value <= 65535


def _one_of(*words: str) -> Callable[[str], bool]:
    return lambda value: value in words


def _at_least(least: int) -> Callable[[int], bool]:
    return lambda value: value >= least


_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*").fullmatch
_WEB = 'write "local" or http(s)://host:port without user and password (they have own settings)'
_PORTS = ("kafka", "registry", "clickhouse", "fusion_rest", "warehouse_rest")
CHECKS: dict[str, tuple[Callable[[Any], object], str]] = {
    "kafka.bootstrap": (_address, 'write "local" or host:port[,host:port...]'),
    "kafka.security": (_one_of("PLAINTEXT", "SSL", "SASL_SSL"), "PLAINTEXT, SSL or SASL_SSL"),
    "registry.url": (_url("http", "https"), _WEB),
    "clickhouse.url": (
        _url("clickhouse", "clickhouses"),
        'write "local" or clickhouse(s)://host:port without user and password',
    ),
    "clickhouse.database": (_NAME, "a name of letters, digits, _ and -"),
    "clickhouse.cluster": (lambda value: not value or _NAME(value), "a cluster's name, or empty"),
    **{f"retention.{name}": (_at_least(1), "at least 1 day") for name in Retention.__slots__},
    "flink.rest_url": (_url("http", "https"), _WEB),
    "flink.mode": (_one_of("thread", "process"), 'write "thread" or "process"'),
    "flink.parallelism": (lambda value: 1 <= value <= 1024, "1 to 1024"),
    "flink.checkpoint_interval_ms": (_at_least(100), "at least 100"),
    "flink.checkpoint_timeout_ms": (_at_least(1000), "at least 1000"),
    "flink.checkpoint_dir": (
        lambda value: not value or "://" in value,
        "a URL such as s3://bucket/folder, or empty",
    ),
    "flink.restart_budget_ms": (_at_least(1000), "at least 1000"),
    "flink.exclude_silent_ms": (lambda value: value == 0 or value >= 1000, "0, or at least 1000"),
    "flink.id_prefix": (_NAME, "a name of letters, digits, _ and -"),
    "serve.host": (bool, "name an address to listen at"),
    "serve.port": (_port, "0, or 1024 to 65535"),
    "local.state_dir": (bool, "name a folder"),
    "local.broker_heap_mib": (_at_least(256), "at least 256"),
    "local.jobmanager_heap_mib": (_at_least(160), "at least 160"),
    "local.taskmanager_heap_mib": (_at_least(256), "at least 256"),
    "local.services": (lambda value: value in (0, 1), "0 or 1"),
    **{f"local.{name}_port": (_port, "0, or 1024 to 65535") for name in _PORTS},
}
