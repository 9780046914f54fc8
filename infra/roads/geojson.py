"""GeoJSON (RFC 7946): a collection of features, each a lane as a LineString.

A line runs with the traffic. Properties, of which only `lane` has to be there (an `id` of the
feature does too); they are the columns of the view `current_lanes`, so what a station tells can be
brought to another one:

| property | meaning | if absent |
|---|---|---|
| `lane` | name, unique in the file | the feature's `id` |
| `segment` | name that lanes side by side share, the rightmost lane first in the file | `lane` |
| `kind` | vehicle, bicycle, pedestrian, rail, parking or other | vehicle |
| `width_m` | width, metres | 3.5 |
| `limit_mps` or `limit_kmh` | speed limit of the segment | unknown |
| `both_ways` | used in both directions | false |
| `stop_line` | the segment ends at a stop line | false |
| `next_lanes` | names of lanes that follow; those of other files in full | none |
| `signals` | signal groups that let it go, as `region/id#group` | none |
| `turns` | instead of both, where they differ by turn: `lane`, `intersection`, `group` | none |

Other properties are left alone. Coordinates are degrees, longitude first: a collection whose `crs`
(of GeoJSON before RFC 7946) names anything else is refused, since small metres look like degrees.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Annotated, BinaryIO, Literal, NamedTuple

import msgspec
from msgspec import Meta

from infra.roads.imported import Account, Imported, ImportFileError
from operators.decode.map_lanes import WIDTH_M, line
from operators.road.network import Lane, LaneKind, Segment, Turn

_KMH = 3.6
_MARK = b"\xef\xbb\xbf"  # of byte order; RFC 8259 lets readers pass over it
_DEGREES = ("CRS84", "EPSG:4326", "EPSG:4490")  # longitude and latitude of WGS-84 and CGCS2000
_Name = Annotated[str, Meta(min_length=1, max_length=130)]
_Position = Annotated[list[float], Meta(min_length=2)]


class _Properties(msgspec.Struct):
    """Properties of a feature, as the table above says."""

    lane: _Name | None = None
    segment: _Name | None = None
    kind: LaneKind = "vehicle"
    width_m: Annotated[float, Meta(gt=0.0, le=100.0)] = WIDTH_M
    limit_mps: Annotated[float, Meta(gt=0.0, le=200.0)] | None = None
    limit_kmh: Annotated[float, Meta(gt=0.0, le=720.0)] | None = None
    both_ways: bool = False
    stop_line: bool = False
    next_lanes: list[_Name] = []
    signals: list[Annotated[str, Meta(pattern="^.+#[0-9]{1,5}$")]] = []
    turns: list[Turn] = []


class _Line(msgspec.Struct):
    type: Literal["LineString"]
    coordinates: Annotated[list[_Position], Meta(min_length=2, max_length=10_000)]


class _Feature(msgspec.Struct):
    geometry: _Line
    properties: _Properties
    id: str | int | None = None


class _CrsName(msgspec.Struct):
    name: str = ""


class _Crs(msgspec.Struct):
    properties: _CrsName = msgspec.field(default_factory=_CrsName)


class _Collection(msgspec.Struct):
    type: Literal["FeatureCollection"]
    features: list[msgspec.Raw]
    crs: _Crs | None = None


class _Drawn(NamedTuple):
    properties: _Properties
    points: tuple[tuple[float, float], ...]


def read_geojson(file: BinaryIO, name: str) -> Imported:
    """Read a collection.

    Parameters
    ----------
    file
        The JSON.
    name
        Of the import; lanes and segments are called ``name/...``.

    Raises
    ------
    ImportFileError
        If it is no collection of features, or not in degrees.
    """
    try:
        given = msgspec.json.decode(file.read().removeprefix(_MARK), type=_Collection)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        msg = f"no FeatureCollection: {error}"
        raise ImportFileError(msg) from error
    _check_degrees(given.crs)
    account = Account()
    account.read["lanes"] = len(given.features)
    known: dict[str, _Drawn] = {}
    for raw in given.features:
        if reason := _take(raw, known):
            account.skip("lanes", reason)
    grouped: dict[str, list[str]] = defaultdict(list)
    for lane, drawn in known.items():
        grouped[drawn.properties.segment or lane].append(lane)
    segments = [_segment(name, one, lanes, known) for one, lanes in grouped.items()]
    account.read["segments"] = len(segments)
    return Imported(tuple(segments), account)


def _check_degrees(crs: _Crs | None) -> None:
    """Refuse a collection in metres or in degrees that nobody knows."""
    if crs is None or crs.properties.name.replace("::", ":").endswith(_DEGREES):
        return
    msg = (
        f"its coordinates are in {crs.properties.name or 'a frame without a name'}; "
        "make them degrees: ogr2ogr -t_srs EPSG:4326 OUT.geojson IN.geojson"
    )
    raise ImportFileError(msg)


def _take(raw: msgspec.Raw, known: dict[str, _Drawn]) -> str:
    """Take a feature; the reason if it is left out."""
    try:
        feature = msgspec.json.decode(raw, type=_Feature)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return str(error)
    lane = str(feature.properties.lane or feature.id or "")
    if not lane:
        return "no property lane and no id"
    if lane in known:
        return "another lane has its name"
    points = line([(at[0], at[1]) for at in feature.geometry.coordinates])
    if not points:
        return "shorter than half a metre, turns back, or no degrees"
    known[lane] = _Drawn(feature.properties, tuple(points))
    return ""


def _segment(name: str, segment: str, names: list[str], known: Mapping[str, _Drawn]) -> Segment:
    told = [known[lane].properties for lane in names]
    limits = [one.limit_mps or (one.limit_kmh or 0.0) / _KMH for one in told]
    return Segment(
        f"{name}/{segment}",
        tuple(_lane(name, lane, known) for lane in names),
        max(limits) or None,
        any(one.stop_line for one in told),
    )


def _lane(name: str, lane: str, known: Mapping[str, _Drawn]) -> Lane:
    told, points = known[lane]
    signals = [signal.rpartition("#") for signal in told.signals]
    here = [intersection for intersection, _, _ in signals]
    groups = [int(group) for _, _, group in signals]
    if len(signals) == 1:  # it lets all turns go
        turns = [Turn(one, here[0], groups[0]) for one in told.next_lanes or [""]]
    else:
        turns = [Turn("", at, group) for at, group in zip(here, groups, strict=True)]
        turns += [Turn(one) for one in told.next_lanes]
    ways = [
        msgspec.structs.replace(
            turn, lane=f"{name}/{turn.lane}" if turn.lane in known else turn.lane
        )
        for turn in told.turns or turns
    ]
    return Lane(f"{name}/{lane}", points, told.width_m, told.kind, told.both_ways, tuple(ways))
