"""What the station runs with: the only reader of the environment and of ``station.toml``.

A setting is taken from the environment (``STATION_<SECTION>_<KEY>``), else from the file, else
from the defaults here. Everything is checked before anything starts; an error says where the value
stands (file and line, or variable), which setting it is, and what to do. Secrets are read from the
environment only and are never part of a `repr` or of a written file.
"""

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
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
    Kafka,
    Local,
    Registry,
    Retention,
)
from operators.errors import ParameterError
from operators.parameters import Parameters

_PREFIX = "STATION_"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class SettingsError(ValueError):
    """A setting that cannot be used; the text says where it stands and what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings; `run` decides rows, everything else only where and how it runs.

    Parameters
    ----------
    partitions
        Number of partitions of topics, by name, where it differs from the catalogue's.
    """

    kafka: Kafka = field(default_factory=Kafka)
    registry: Registry = field(default_factory=Registry)
    clickhouse: ClickHouse = field(default_factory=ClickHouse)
    retention: Retention = field(default_factory=Retention)
    flink: Flink = field(default_factory=Flink)
    run: Parameters = field(default_factory=Parameters)
    partitions: Mapping[str, int] = field(default_factory=dict)
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
    "local": Local,
}


@dataclass(frozen=True, slots=True)
class _Key:
    kind: type[Any]
    secret: bool = False


def _catalogue() -> dict[str, _Key]:
    """Every setting by its path, such as ``kafka.bootstrap``."""
    keys = {
        f"{section}.{f.name}": _Key(f.type, "secret" in f.metadata)  # type: ignore[arg-type]
        for section, kind in _SECTIONS.items()
        for f in fields(kind)
    }
    return keys | {f"partitions.{topic}": _Key(int) for topic in schemas.topics()}


def _variable(path: str) -> str:
    return _PREFIX + path.upper().replace(".", "_")


@dataclass(frozen=True, slots=True)
class _Value:
    value: Any
    origin: str


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
    values = _from_file(file) if file else {}
    values |= _from_environment(env)
    settings = _build(values)
    _check(settings, values)
    state = ((file.parent if file else Path()) / settings.local.state_dir).resolve()
    return replace(settings, local=replace(settings.local, state_dir=str(state)))


def _from_file(file: Path) -> dict[str, _Value]:
    try:
        text = file.read_text("utf-8")
        tree = tomllib.loads(text)
    except OSError as error:
        msg = f"{file}: cannot be read ({error.strerror}); name an existing file"
        raise SettingsError(msg) from error
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        msg = f"{file}:{line[1] if line else '?'}: no valid TOML: {error}"
        raise SettingsError(msg) from error
    keys, lines, values = _catalogue(), _lines(text), {}
    for path, value in _leaves(tree):
        origin = f"{file}:{lines.get(path, '?')}"
        if path not in keys:
            msg = f"{origin}: {path}: unknown setting" + _near(path, keys)
            raise SettingsError(msg)
        if keys[path].secret:
            msg = f"{origin}: {path}: a secret; remove it here and set {_variable(path)}"
            raise SettingsError(msg)
        values[path] = _Value(_typed(value, keys[path].kind, f"{origin}: {path}"), origin)
    return values


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _lines(text: str) -> dict[str, int]:
    """Line of each setting; the parser keeps none."""
    table, found = "", {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[([^\[\]]+)\]", line):
            table = re.sub(r"[\s\"']", "", header[1]) + "."
        elif key := re.match(r"\s*([\w.\"' -]+?)\s*=", line):
            found[table + re.sub(r"[\s\"']", "", key[1])] = number
    return found


def _near(path: str, keys: Mapping[str, _Key]) -> str:
    section = path.partition(".")[0] + "."
    known = [key for key, what in keys.items() if key.startswith(section) and not what.secret]
    names = known or sorted({key.partition(".")[0] for key in keys})
    return "; known are " + ", ".join(names)


def _typed(value: Any, kind: type[Any], where: str) -> Any:
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        words = {str: "a text in quotes", int: "a whole number", float: "a number"}
        msg = f"{where}: is {value!r}; write {words[kind]}"
        raise SettingsError(msg)
    return value


def _from_environment(env: Mapping[str, str]) -> dict[str, _Value]:
    by_variable = {_variable(path): (path, key) for path, key in _catalogue().items()}
    values = {}
    for name in sorted(env):
        if not name.startswith(_PREFIX) or name == "STATION_CONFIG":
            continue
        if name not in by_variable:
            msg = f"environment: {name}: unknown setting; unset it or correct its name"
            raise SettingsError(msg)
        path, key = by_variable[name]
        values[path] = _Value(_parsed(env[name], key, name), f"environment {name}")
    return values


def _parsed(text: str, key: _Key, name: str) -> Any:
    try:
        return key.kind(text)
    except ValueError:
        word = "a whole number" if key.kind is int else "a number"
        msg = f"environment: {name}: is {text!r}; set {word}"
        raise SettingsError(msg) from None


def _build(values: Mapping[str, _Value]) -> Settings:
    made: dict[str, Any] = {}
    for section, kind in _SECTIONS.items():
        own = _of(section, values)
        try:
            made[section] = kind(**own)
        except ParameterError as error:
            named = [name for name in own if f"{name}=" in str(error)]
            path = f"{section}.{named[0]}" if named else section
            _refuse(path, str(error), values)
    return Settings(**made, partitions=_of("partitions", values))


def _of(section: str, values: Mapping[str, _Value]) -> dict[str, Any]:
    split = ((*path.partition("."), value.value) for path, value in values.items())
    return {name: value for of, _, name, value in split if of == section}


def _refuse(path: str, why: str, values: Mapping[str, _Value]) -> NoReturn:
    origin = values[path].origin if path in values else "default"
    msg = f"{origin}: {path}: {why}"
    raise SettingsError(msg)


def _check(settings: Settings, values: Mapping[str, _Value]) -> None:
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


def _check_security(kafka: Kafka, values: Mapping[str, _Value]) -> None:
    hosts = [one.strip().rpartition(":")[0].strip("[]") for one in kafka.bootstrap.split(",")]
    near = kafka.bootstrap == LOCAL or all(host in _LOOPBACK for host in hosts)
    if kafka.security == "PLAINTEXT" and not near:
        why = "a broker on another host, in plain text; set kafka.security to SSL or SASL_SSL"
        _refuse("kafka.bootstrap", why, values)
    if kafka.security == "SASL_SSL" and not (kafka.username and kafka.password):
        why = "SASL_SSL wants kafka.username and the variable STATION_KAFKA_PASSWORD"
        _refuse("kafka.security", why, values)


def _check_transactions(flink: Flink, values: Mapping[str, _Value]) -> None:
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
    for section, kind in _SECTIONS.items():
        part = getattr(settings, section)
        lines.append(f"[{section}]")
        lines += [
            f"{f.name} = {json.dumps(getattr(part, f.name), ensure_ascii=False)}"
            for f in fields(kind)
            if "secret" not in f.metadata
        ]
    lines.append("[partitions]")
    lines += [f'"{topic}" = {count}' for topic, count in settings.partitions.items()]
    return "\n".join(lines) + "\n"


def child_environment() -> dict[str, str]:
    """Environment of a process that gets its settings by file: this one's, with secrets only."""
    secrets = {_variable(path) for path, key in _catalogue().items() if key.secret}
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_PREFIX) or name in secrets
    }
