"""What the station runs with: the only reader of the environment and of ``station.toml``.

A setting is taken from the environment (``STATION_<SECTION>_<KEY>``), else from the file, else
from the defaults here. Everything is checked before anything starts; an error says where the value
stands (file and line, or variable), which setting it is, and what to do. Secrets are read from the
environment only and are never part of a `repr` or of a written file.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, NoReturn

import schemas
from jobs.sections import (
    BROKER_MAX_TRANSACTION_MS,
    CHECKS,
    LOCAL,
    ClickHouse,
    Flink,
    ForeignTopic,
    FormatFiles,
    Kafka,
    Local,
    Registry,
    Retention,
    Serve,
)
from jobs.setting_values import PREFIX, Key, SettingsError, Value, from_file, variable
from operators.errors import ParameterError
from operators.parameters import Parameters

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings; `run` decides rows, everything else only where and how it runs.

    Parameters
    ----------
    partitions
        Number of partitions of topics, by name, where it differs from the catalogue's.
    topics
        Topics of others that the fusion job reads too, by name.
    mappings
        TOML of the mappings that `formats.mappings` holds, by the name of their feed.
    """

    kafka: Kafka = field(default_factory=Kafka)
    registry: Registry = field(default_factory=Registry)
    clickhouse: ClickHouse = field(default_factory=ClickHouse)
    retention: Retention = field(default_factory=Retention)
    flink: Flink = field(default_factory=Flink)
    run: Parameters = field(default_factory=Parameters)
    formats: FormatFiles = field(default_factory=FormatFiles)
    partitions: Mapping[str, int] = field(default_factory=dict)
    topics: Mapping[str, ForeignTopic] = field(default_factory=dict)
    mappings: Mapping[str, str] = field(default_factory=dict)
    serve: Serve = field(default_factory=Serve)
    local: Local = field(default_factory=Local)

    @property
    def state_dir(self) -> Path:
        """Folder of the local station's state."""
        return Path(self.local.state_dir)


_SECTIONS: dict[str, type[Any]] = {
    "kafka": Kafka,
    "registry": Registry,
    "clickhouse": ClickHouse,
    "retention": Retention,
    "flink": Flink,
    "run": Parameters,
    "formats": FormatFiles,
    "serve": Serve,
    "local": Local,
}


def _catalogue() -> dict[str, Key]:
    """Every setting by its path, such as ``kafka.bootstrap``."""
    keys = {
        f"{section}.{f.name}": Key(f.type, "secret" in f.metadata)  # type: ignore[arg-type]
        for section, kind in _SECTIONS.items()
        for f in fields(kind)
    }
    return keys | {f"partitions.{topic}": Key(int) for topic in schemas.topics()}


_FOREIGN = {f.name: Key(f.type) for f in fields(ForeignTopic)}  # type: ignore[arg-type]


def _key_of(path: str) -> Key | None:
    """What is known about a setting; those of foreign topics have the topic's name within."""
    section, _, rest = path.partition(".")
    name, _, key = rest.rpartition(".")
    if section == "topics" and name:
        return _FOREIGN.get(key)
    return _catalogue().get(path)


def _shown() -> list[str]:
    paths = [path for path, key in _catalogue().items() if not key.secret]
    return [*paths, *(f"topics.NAME.{key}" for key in _FOREIGN)]


def load(config: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read and check all settings.

    Parameters
    ----------
    config
        The file; None takes ``$STATION_CONFIG``, else ``station.toml`` here if there is one.
    environment
        The environment; None takes the one of this process.

    Raises
    ------
    SettingsError
        If the file is not there, or a setting is unknown, of the wrong type or refused.
    """
    env = os.environ if environment is None else environment
    file = config or (Path(env["STATION_CONFIG"]) if env.get("STATION_CONFIG") else None)
    if file is None and Path("station.toml").is_file():
        file = Path("station.toml")
    values = from_file(file, _key_of, _shown()) if file else {}
    values |= _from_environment(env)
    settings = _build(values)
    _check(settings, values)
    here = file.parent if file else Path()
    state = (here / settings.local.state_dir).resolve()
    settings = replace(settings, local=replace(settings.local, state_dir=str(state)))
    return _with_feeds(settings, here, values)


def _with_feeds(settings: Settings, here: Path, values: Mapping[str, Value]) -> Settings:
    """Settings with the mappings read, and foreign topics checked against them."""
    if not settings.formats.mappings and not settings.topics:
        return settings
    from jobs.feeds import FeedError, check_topics, read_mappings  # all adapters: half a second

    try:
        texts = {}
        if settings.formats.mappings:
            folder = (here / settings.formats.mappings).resolve()
            texts = read_mappings(folder)
            settings = replace(settings, formats=FormatFiles(str(folder)), mappings=texts)
        check_topics(settings.topics, texts)
    except FeedError as error:
        _refuse(error.key, error.why, values)
    return settings


def _from_environment(env: Mapping[str, str]) -> dict[str, Value]:
    by_variable = {variable(path): (path, key) for path, key in _catalogue().items()}
    values = {}
    for name in sorted(env):
        if not name.startswith(PREFIX) or name == "STATION_CONFIG":
            continue
        if name not in by_variable:
            msg = f"environment: {name}: unknown setting; unset it or correct its name"
            raise SettingsError(msg)
        path, key = by_variable[name]
        values[path] = Value(_parsed(env[name], key, name), f"environment {name}")
    return values


def _parsed(text: str, key: Key, name: str) -> Any:
    try:
        return key.kind(text)
    except ValueError:
        word = "a whole number" if key.kind is int else "a number"
        msg = f"environment: {name}: is {text!r}; set {word}"
        raise SettingsError(msg) from None


def _build(values: Mapping[str, Value]) -> Settings:
    made: dict[str, Any] = {}
    for section, kind in _SECTIONS.items():
        own = _of(section, values)
        try:
            made[section] = kind(**own)
        except ParameterError as error:
            named = [name for name in own if f"{name}=" in str(error)]
            path = f"{section}.{named[0]}" if named else section
            _refuse(path, str(error), values)
    return Settings(**made, partitions=_of("partitions", values), topics=_topics(values))


def _topics(values: Mapping[str, Value]) -> dict[str, ForeignTopic]:
    """Topics of others, by name."""
    said: dict[str, dict[str, Any]] = {}
    for path, value in _of("topics", values).items():
        name, _, key = path.rpartition(".")
        said.setdefault(name, {})[key] = value
    for name, keys in said.items():
        missing = sorted({"format", "kind"} - keys.keys())
        if missing:
            _refuse(f"topics.{name}.{missing[0]}", "is missing; write it", values)
    return {name: ForeignTopic(**keys) for name, keys in said.items()}


def _of(section: str, values: Mapping[str, Value]) -> dict[str, Any]:
    split = ((*path.partition("."), value.value) for path, value in values.items())
    return {name: value for of, _, name, value in split if of == section}


def _refuse(path: str, why: str, values: Mapping[str, Value]) -> NoReturn:
    origin = values[path].origin if path in values else "default"
    msg = f"{origin}: {path}: {why}"
    raise SettingsError(msg)


def _check(settings: Settings, values: Mapping[str, Value]) -> None:
    for path, (fits, words) in CHECKS.items():
        section, name = path.split(".")
        value = getattr(getattr(settings, section), name)
        if value != LOCAL and not fits(value):
            _refuse(path, f"is {value!r}; {words}", values)
    for topic, count in settings.partitions.items():
        if not 1 <= count <= 1000:
            _refuse(f"partitions.{topic}", f"is {count}; 1 to 1000", values)
    _check_security(settings.kafka, values)
    _check_transactions(settings.flink, values)
    _check_serve(settings.serve, values)


def _check_security(kafka: Kafka, values: Mapping[str, Value]) -> None:
    hosts = [one.strip().rpartition(":")[0].strip("[]") for one in kafka.bootstrap.split(",")]
    near = kafka.bootstrap == LOCAL or all(host in _LOOPBACK for host in hosts)
    if kafka.security == "PLAINTEXT" and not near:
        why = "a broker on another host, in plain text; set kafka.security to SSL or SASL_SSL"
        _refuse("kafka.bootstrap", why, values)
    if kafka.security == "SASL_SSL" and not (kafka.username and kafka.password):
        why = "SASL_SSL wants kafka.username and the variable STATION_KAFKA_PASSWORD"
        _refuse("kafka.security", why, values)


def _check_serve(serve: Serve, values: Mapping[str, Value]) -> None:
    if serve.host not in _LOOPBACK and not (serve.tokens_file and serve.certificate_file):
        why = "other hosts get in with tokens and TLS only; set serve.tokens_file, "
        _refuse("serve.host", why + "serve.certificate_file and serve.key_file", values)
    if bool(serve.certificate_file) != bool(serve.key_file):
        _refuse("serve.key_file", "certificate_file and key_file go together", values)


def _check_transactions(flink: Flink, values: Mapping[str, Value]) -> None:
    """Refuse a transaction that would not outlive a checkpoint and a restart.

    The broker ends it while the job still means to commit it, and rows
    would be lost.
    """
    path, limit = "flink.transaction_timeout_ms", flink.transaction_timeout_ms
    least = flink.checkpoint_timeout_ms + flink.restart_budget_ms
    if limit > BROKER_MAX_TRANSACTION_MS:
        why = f"is {limit}; the broker allows {BROKER_MAX_TRANSACTION_MS} (15 min) at most"
        _refuse(path, why, values)
    if limit <= least:
        why = f"is {limit}; it must exceed checkpoint_timeout_ms + restart_budget_ms = {least}"
        _refuse(path, why, values)


def as_toml(settings: Settings) -> str:
    """Give all settings but the secrets as the text of a configuration file."""
    lines = []
    tables = {section: getattr(settings, section) for section in _SECTIONS}
    tables |= {f"topics.{json.dumps(name)}": topic for name, topic in settings.topics.items()}
    for header, table in tables.items():
        lines.append(f"[{header}]")
        lines += [
            f"{f.name} = {json.dumps(getattr(table, f.name), ensure_ascii=False)}"
            for f in fields(table)
            if "secret" not in f.metadata
        ]
    lines.append("[partitions]")
    lines += [f'"{topic}" = {count}' for topic, count in settings.partitions.items()]
    return "\n".join(lines) + "\n"


def child_environment() -> dict[str, str]:
    """Environment of a process that gets its settings by file: this one's, with secrets only."""
    secrets = {variable(path) for path, key in _catalogue().items() if key.secret}
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(PREFIX) or name in secrets
    }
