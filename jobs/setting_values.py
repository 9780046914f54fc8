"""Values of settings as they stand in a file, with the line that each came from."""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PREFIX = "STATION_"


class SettingsError(ValueError):
    """A setting that cannot be used; the text says where it stands and what to do."""


@dataclass(frozen=True, slots=True)
class Key:
    """Type of a setting, and whether it may stand in the environment only."""

    kind: type[Any]
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Value:
    """A value and where it was found."""

    value: Any
    origin: str


KeyOf = Callable[[str], Key | None]


def variable(path: str) -> str:
    """Environment variable of a setting."""
    return PREFIX + path.upper().replace(".", "_")


def from_file(file: Path, key_of: KeyOf, known: Iterable[str]) -> dict[str, Value]:
    """All values of a file by the path of their setting.

    Parameters
    ----------
    file
        TOML.
    key_of
        What is known about a setting, None if there is none of that path.
    known
        Paths of settings to name where one is unknown.

    Raises
    ------
    SettingsError
        With file and line.
    """
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
    lines, values = _lines(text), {}
    for path, value in _leaves(tree):
        origin, key = f"{file}:{lines.get(path, '?')}", key_of(path)
        if key is None:
            msg = f"{origin}: {path}: unknown setting" + _near(path, known)
            raise SettingsError(msg)
        if key.secret:
            msg = f"{origin}: {path}: a secret; remove it here and set {variable(path)}"
            raise SettingsError(msg)
        values[path] = Value(_typed(value, key.kind, f"{origin}: {path}"), origin)
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


def _near(path: str, known: Iterable[str]) -> str:
    section = path.partition(".")[0] + "."
    paths = list(known)
    names = [one for one in paths if one.startswith(section)]
    return "; known are " + ", ".join(names or sorted({one.partition(".")[0] for one in paths}))


def _typed(value: Any, kind: type[Any], where: str) -> Any:
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        words = {
            str: "a text in quotes",
            int: "a whole number",
            float: "a number",
            bool: "true or false",
        }
        msg = f"{where}: is {value!r}; write {words[kind]}"
        raise SettingsError(msg)
    return value
