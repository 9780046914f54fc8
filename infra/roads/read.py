"""Read a file of any known kind; which kind it is, its content tells."""

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from infra.roads.geojson import read_geojson
from infra.roads.imported import Imported, ImportFileError
from infra.roads.maps import is_map, read_maps
from infra.roads.osm import read_osm
from infra.roads.sumo import read_sumo

SUMO, GEOJSON, OSM, MAP = "sumo", "geojson", "osm", "map"
KINDS = (SUMO, GEOJSON, OSM, MAP)
_MARKS = ((b"<net ", SUMO), (b"<osm ", OSM), (b'"FeatureCollection"', GEOJSON))
_PBF = b"OSMHeader"
_LOOKED_AT = 1 << 16  # comments of a SUMO network may come before its first element
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user says about a file.

    Parameters
    ----------
    name
        Of the import.
    kind
        One of `KINDS`; None to guess.
    origin
        Latitude and longitude of the point 0,0 of a network in metres of no projection.
    lights
        What signal messages call an intersection (``region/id``), by its name in the file.
    left_hand
        Traffic keeps to the left, where the file does not tell sides.
    """

    name: str
    kind: str | None = None
    origin: tuple[float, float] | None = None
    lights: Mapping[str, str] = field(default_factory=dict)
    left_hand: bool = False


def _plain(path: Path) -> BinaryIO:
    return path.open("rb")


def read_network(
    path: Path, choices: Choices, opened: Callable[[Path], BinaryIO] = _plain
) -> Imported:
    """Read a file, also a gzipped one.

    Parameters
    ----------
    path, choices
        The file, and what is said about it.
    opened
        Opens it for bytes; a caller who shows how far the reading is gives a file of its own.

    Raises
    ------
    ImportFileError
        If it cannot be imported.
    """
    try:
        with opened(path) as raw:
            file = _unzipped(raw)
            kind = choices.kind or _guessed(file)
            return _READERS[kind](file, choices)
    except (OSError, EOFError) as error:
        msg = f"{path}: cannot be read ({error})"
        raise ImportFileError(msg) from error
    except ImportFileError as error:
        msg = f"{path}: {error}"
        raise ImportFileError(msg) from error


def _unzipped(file: BinaryIO) -> BinaryIO:
    zipped = file.read(2) == _GZIP
    file.seek(0)
    return cast("BinaryIO", gzip.GzipFile(fileobj=file)) if zipped else file


def _guessed(file: BinaryIO) -> str:
    head = file.read(_LOOKED_AT)
    file.seek(0)
    for mark, kind in _MARKS:
        if mark in head:
            return kind
    if is_map(head):
        return MAP
    if _PBF in head:
        msg = "PBF is not read; make XML of it: osmium cat FILE -o FILE.osm"
        raise ImportFileError(msg)
    msg = f"no road network that is known; say which it is: --format {' or '.join(KINDS)}"
    raise ImportFileError(msg)


def _sumo(file: BinaryIO, choices: Choices) -> Imported:
    return read_sumo(file, choices.name, origin=choices.origin, lights=choices.lights)


def _geojson(file: BinaryIO, choices: Choices) -> Imported:
    return read_geojson(file, choices.name)


def _osm(file: BinaryIO, choices: Choices) -> Imported:
    return read_osm(file, choices.name, left_hand=choices.left_hand)


def _map(file: BinaryIO, _choices: Choices) -> Imported:
    return read_maps(file)


_READERS = {SUMO: _sumo, GEOJSON: _geojson, OSM: _osm, MAP: _map}
