"""Reading and checking the TOML of a mapping, so that nothing is left to find out on the road."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any, NoReturn, get_args

import msgspec

from operators.decode.mapping.declared import Choice, Declared, Number, Path, Spread, Time
from operators.decode.mapping.units import DIMENSIONS
from operators.errors import ParameterError
from operators.frame import ObjectClass

FORMS = (
    "iso", "epoch_s", "epoch_ms", "epoch_us", "seconds_of_day", "time_of_day", "receipt",
)  # fmt: skip
ZONE = re.compile(r"([+-])(\d\d):([0-5]\d)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}")
_MAX_DELAY_MS = 60_000.0
_KINDS = ("weather", "emergency", "work_zone", "incident", "warning")
_CLASSES = tuple(c.name.lower() for c in ObjectClass)
_AXES = dict.fromkeys("xyz", "length")
_DIMENSIONS = {
    "position": _AXES | dict.fromkeys(("lat", "lon"), "degrees"),
    "motion": dict.fromkeys(("speed", "vx", "vy"), "speed") | {"heading": "angle"},
    "size": dict.fromkeys(("length", "width", "height"), "length"),
    "accuracy": _AXES | {"position": "length", "speed": "speed", "heading": "angle"},
    "object": dict.fromkeys(("score", "class_confidence"), "ratio"),
    "feature": {"radius": "length"},
}
_Fault = tuple[str, str]


def parse_mapping(name: str, text: str) -> Declared:
    """One mapping from its TOML.

    Parameters
    ----------
    name
        Of the feed; its format is ``mapping.<name>``.
    text
        The TOML.

    Raises
    ------
    ParameterError
        The text names the file, the key, what is wrong and what may stand there.
    """
    if not _NAME.fullmatch(name):
        _refuse(name, "", "a file's name has letters, digits, _ and - (61 at most) before .toml")
    try:
        made = msgspec.convert(tomllib.loads(text), Declared)
    except tomllib.TOMLDecodeError as error:
        _refuse(name, "", f"no valid TOML: {error}")
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$.")
        _refuse(name, where.rstrip("`"), what[:1].lower() + what[1:] + _known(what, where))
    for key, wrong in _faults(made):
        _refuse(name, key, wrong)
    return made


def number_of(given: str | Number | None) -> Number | None:
    """A number that was given by its path alone, or in full."""
    return Number(path=given) if isinstance(given, str) else given


def numbers(made: Declared) -> Iterator[tuple[str, str, Any]]:
    """Key, dimension and declaration of every number that a mapping gives."""
    for section, keys in _DIMENSIONS.items():
        table = getattr(made, section)
        for key, dimension in keys.items():
            given = getattr(table, key, None)
            if given is not None:
                yield f"{section}.{key}", dimension, number_of(given)


def _refuse(name: str, key: str, wrong: str) -> NoReturn:
    msg = ": ".join(part for part in (f"{name}.toml", key, wrong) if part)
    raise ParameterError(msg)


def _known(what: str, where: str) -> str:
    """Keys that a table may hold in which an unknown one stood."""
    if "unknown field" not in what:
        return ""
    kinds: list[Any] = [Declared]
    for key in filter(None, re.split(r"[.`\[\]]+", where)):
        fields = [f for kind in kinds for f in msgspec.structs.fields(kind)]
        of_key = [f.type for f in fields if f.encode_name == key]
        kinds = [t for kind in of_key for t in (kind, *get_args(kind)) if _is_table(t)] or kinds
    names = sorted({f.encode_name for kind in kinds for f in msgspec.structs.fields(kind)})
    return f"; known are {', '.join(names)}"


def _is_table(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _faults(made: Declared) -> Iterator[_Fault]:
    for key, dimension, given in numbers(made):
        yield from _of_number(key, given, dimension)
    yield from _of_position(made)
    yield from _of_places(made)
    yield from _of_motion(made)
    for key, time in times(made):
        yield from _of_time(key, time)
    yield from _of_words(made)
    yield from _of_feature(made)
    yield from _of_paths(made)


def _of_number(key: str, given: Any, dimension: str) -> Iterator[_Fault]:
    units = DIMENSIONS[dimension]
    if given.unit and given.unit not in units:
        yield f"{key}.unit", f"{given.unit!r} is none; known are {', '.join(units)}"
    if isinstance(given, Number | Spread) and (given.path is None) == (given.value is None):
        yield key, "give either the path of the value or one value for all"
    if not 0 < abs(given.factor) < 1e12:
        yield f"{key}.factor", "has to be a number other than 0"


def _of_position(made: Declared) -> Iterator[_Fault]:
    given = made.position
    degrees, metres = (given.lat, given.lon), (given.x, given.y)
    ways = [all(p is not None for p in pair) for pair in (degrees, metres)]
    halves = [any(p is not None for p in pair) for pair in (degrees, metres)]
    if ways != halves or sum(ways) + (given.place is not None) != 1:
        yield "position", "give lat and lon, or x and y, or place"
    if given.datum is not None and ways[1]:
        yield "position.datum", "is of degrees; metres are about a pose, or in the entry's frame"
    if given.pose is not None:
        if not ways[1]:
            yield "position.pose", "is for x and y"
        if not (abs(given.pose.lat_deg) <= 90 and abs(given.pose.lon_deg) <= 180):
            yield "position.pose", "lat_deg is -90 to 90, lon_deg -180 to 180"


def _of_places(made: Declared) -> Iterator[_Fault]:
    if (made.position.place is None) == bool(made.places):
        yield "places", "position.place and a table [places.NAME] for each place go together"
    for name, site in made.places.items():
        if not (abs(site.lat_deg) <= 90 and abs(site.lon_deg) <= 180):
            yield f"places.{name}", "lat_deg is -90 to 90, lon_deg -180 to 180"


def _of_motion(made: Declared) -> Iterator[_Fault]:
    given = made.motion
    if (given.vx is None) != (given.vy is None) or (given.vx is not None and given.speed):
        yield "motion", "give vx and vy, or speed"
    directed = given.heading is not None or made.position.place is not None
    if given.speed is not None and not directed:
        yield "motion.speed", "needs motion.heading, or places with heading_deg"
    if made.accuracy.position is not None and (made.accuracy.x or made.accuracy.y):
        yield "accuracy", "give position, or x and y"
    if (made.accuracy.x is None) != (made.accuracy.y is None):
        yield "accuracy", "x and y go together"


def times(made: Declared) -> Iterator[tuple[str, Time]]:
    """Key and declaration of every instant that a mapping gives."""
    yield "time", made.time
    if made.feature is not None:
        for key in ("starts", "ends"):
            given = getattr(made.feature, key)
            if given is not None:
                yield f"feature.{key}", given


def _of_time(key: str, given: Time) -> Iterator[_Fault]:
    if given.form not in FORMS and "%y" not in given.form.lower():
        known = ", ".join(FORMS)
        yield f"{key}.form", f"{given.form!r} is none; known are {known}, or such as %d.%m.%Y %H:%M"
    if (given.path is None) != (given.form == "receipt"):
        yield f"{key}.path", "is needed, but for the form receipt, which has none"
    if not ZONE.fullmatch(given.zone):
        yield f"{key}.zone", f"{given.zone!r} is no offset such as +08:00"
    if not 0 <= given.delay_ms <= _MAX_DELAY_MS:
        yield f"{key}.delay_ms", f"is {given.delay_ms:g}; 0 to {_MAX_DELAY_MS:g}"


def _of_words(made: Declared) -> Iterator[_Fault]:
    choices: list[tuple[str, Choice | None, tuple[str, ...]]] = [("class", made.classes, _CLASSES)]
    if made.feature is not None:
        kind = made.feature.kind
        if isinstance(kind, Choice):
            choices.append(("feature.kind", kind, _KINDS))
        elif kind not in _KINDS:
            yield "feature.kind", f"{kind!r} is none; known are {', '.join(_KINDS)}"
    for key, choice, words in choices:
        given = {*choice.map.values(), choice.other} if choice is not None else set()
        for word in sorted(given - set(words)):
            yield key, f"{word!r} is none; known are {', '.join(words)}"


def _of_feature(made: Declared) -> Iterator[_Fault]:
    if (made.kind == "feed") != (made.feature is not None):
        yield "feature", "a feed has a table [feature], roadside and probe have none"
    if made.feature is None:
        return
    if made.position.x is not None:
        yield "position", "a feature needs lat and lon, or place"
    if made.feature.lasts_min is not None and not 0 < made.feature.lasts_min < 1e6:
        yield "feature.lasts_min", "has to be positive"


def paths(made: Declared) -> Iterator[tuple[str, Path]]:
    """Key and path of every value that a mapping reads."""
    for key, _, given in numbers(made):
        if given.path is not None:
            yield key, given.path
    for key, time in times(made):
        if time.path is not None:
            yield key, time.path
    yield from _other_paths(made)


def _other_paths(made: Declared) -> Iterator[tuple[str, Path]]:
    found: dict[str, Path | None] = {
        "source": made.source,
        "position.place": made.position.place,
        "object.id": made.object.id,
        "class": made.classes.path if made.classes else None,
    }
    feature = made.feature
    if feature is not None:
        found["feature.id"] = feature.id
        found["feature.kind"] = feature.kind.path if isinstance(feature.kind, Choice) else None
        found["feature.cancelled"] = feature.cancelled.path if feature.cancelled else None
        found |= {f"feature.properties.{name}": path for name, path in feature.properties.items()}
    yield from ((key, path) for key, path in found.items() if path is not None)


def _of_paths(made: Declared) -> Iterator[_Fault]:
    if made.syntax == "json":
        return
    if made.objects is not None:
        yield "objects", "is for JSON; in CSV each line is an object"
    if len(made.csv.delimiter) != 1:
        yield "csv.delimiter", "is one character"
    for key, path in paths(made):
        if not isinstance(path, str) or path.startswith("/"):
            yield key, "in CSV a path is the name of a column"
        elif made.csv.columns and path not in made.csv.columns:
            yield key, f"column {path!r} is not among csv.columns"
