"""What a mapping says: the TOML of one feed, typed and checked.

Every key that it may hold stands here. A path names a value: keys and indices joined by dots, or a
list of them where a key holds a dot. It begins at an object of `objects`; with a leading slash at
the record. In CSV a path is the name of a column.
"""

from typing import Literal

import msgspec

from operators.decode.decoded import Datum

Path = str | list[str | int]


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the TOML; keys that it does not know are errors."""


class Number(Strict, frozen=True):
    """A number: the raw value times `factor` is in `unit`; or one `value` for all objects."""

    path: Path | None = None
    value: float | None = None
    unit: str = ""
    factor: float = 1.0
    unavailable: tuple[float | str, ...] = ()


class Heading(Strict, frozen=True):
    """An angle, from where and which way it counts; ``x`` and ``y`` are axes of local metres."""

    path: Path
    zero: Literal["north", "east", "x", "y"]
    sense: Literal["clockwise", "counterclockwise"]
    unit: str = "deg"
    factor: float = 1.0
    unavailable: tuple[float | str, ...] = ()


class Spread(Strict, frozen=True):
    """An accuracy, as a path or a value, and what it means (`units.SIGMA_OF`)."""

    meaning: Literal["sigma", "axis_95", "radius_50", "radius_68", "radius_95"]
    path: Path | None = None
    value: float | None = None
    unit: str = ""
    factor: float = 1.0
    unavailable: tuple[float | str, ...] = ()


class Time(Strict, frozen=True):
    """An instant: where it stands, how it is written, and what to take off.

    `zone` completes times that name none; ``receipt`` is the receive time minus `delay_ms`.
    """

    form: str  # one of `checks.FORMS`, or a pattern of strptime
    path: Path | None = None
    zone: str = "+00:00"
    delay_ms: float = 0.0
    unavailable: tuple[float | str, ...] = ()


class Choice(Strict, frozen=True):
    """A word for each raw value; `other` for all the rest."""

    path: Path
    map: dict[str, str]
    other: str


class Site(Strict, frozen=True):
    """A surveyed place, always WGS-84 unless `position.datum` says otherwise."""

    lat_deg: float
    lon_deg: float
    heading_deg: float | None = None  # of the traffic there, clockwise from north


class Pose(Strict, frozen=True):
    """Where the sensor stands (WGS-84), and where its x axis points."""

    lat_deg: float
    lon_deg: float
    x_axis_deg: float = 0.0  # counter-clockwise from east


class Position(Strict, frozen=True):
    """Degrees (`lat`, `lon`) or metres (`x`, `y`) or the name of a place (`place`)."""

    lat: str | Number | None = None
    lon: str | Number | None = None
    x: str | Number | None = None
    y: str | Number | None = None
    z: str | Number | None = None
    place: Path | None = None
    datum: Datum | None = None
    pose: Pose | None = None


class Motion(Strict, frozen=True):
    """Components along the axes, or speed and heading."""

    speed: str | Number | None = None
    vx: str | Number | None = None
    vy: str | Number | None = None
    heading: Heading | None = None


class Size(Strict, frozen=True):
    """Extents of the box."""

    length: str | Number | None = None
    width: str | Number | None = None
    height: str | Number | None = None


class Accuracy(Strict, frozen=True):
    """Declared accuracies; `x` and `y` where the two axes differ."""

    position: Spread | None = None
    x: Spread | None = None
    y: Spread | None = None
    speed: Spread | None = None
    heading: Spread | None = None


class Thing(Strict, frozen=True):
    """What an object is called and how sure the sender is."""

    id: Path | None = None
    score: str | Number | None = None
    class_confidence: str | Number | None = None


class Cancelled(Strict, frozen=True):
    """Values by which a feature is ended."""

    path: Path
    values: tuple[str, ...]


class FeatureRule(Strict, frozen=True):
    """A third-party feature of each object of the feed."""

    id: Path
    kind: str | Choice
    radius: str | Number
    starts: Time | None = None
    ends: Time | None = None
    lasts_min: float | None = None
    cancelled: Cancelled | None = None
    properties: dict[str, Path] = {}


class Csv(Strict, frozen=True):
    """How lines are written; without `columns` the first line of each record names them."""

    delimiter: str = ","
    columns: tuple[str, ...] = ()


class Declared(Strict, frozen=True):
    """One feed."""

    title: str
    kind: Literal["roadside", "probe", "feed"]
    syntax: Literal["json", "csv"]
    position: Position
    time: Time
    objects: Path | None = None
    source: Path | None = None
    filtered: bool = False
    fused: bool = False
    csv: Csv = Csv()
    motion: Motion = Motion()
    size: Size = Size()
    accuracy: Accuracy = Accuracy()
    object: Thing = Thing()
    classes: Choice | None = msgspec.field(name="class", default=None)
    places: dict[str, Site] = {}
    feature: FeatureRule | None = None
