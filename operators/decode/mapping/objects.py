"""Frames out of the objects of a feed, as its mapping declares them."""

import math
from collections.abc import Sequence

import numpy as np

from operators._typing import FloatArray, IntArray, RecordArray
from operators.decode.decoded import DecodedFrame, Pose, Space
from operators.decode.mapping.columns import canonical, chosen, words
from operators.decode.mapping.declared import Declared, Heading, Spread
from operators.decode.mapping.instants import instants_us
from operators.decode.mapping.paths import Table, is_of_record
from operators.decode.mapping.units import SIGMA_OF
from operators.decode.rows import id_hash
from operators.frame import FrameFlag, ObjectClass, empty_observations

_METRES = (-1e8, 1e8)
_HEIGHT = (-1e5, 1e5)
_MPS = (-500.0, 500.0)
_EXTENT = (0.0, 1000.0)
_TURNS = (-100.0, 100.0)
_SIGMA = (0.0, 1e5)
_SCORE = (-1e9, 1e9)
_QUARTER_RAD = math.pi / 2
_NOTHING = empty_observations(1)
_CODES = {c.name.lower(): int(c) for c in ObjectClass}
_UNKNOWN = np.iinfo(np.int64).min


def frames_of(table: Table, mapping: Declared, anchor_us: int) -> list[DecodedFrame]:
    """One frame for each instant of the objects, in the order of the instants.

    An object without a position is left out and counted as refused in its frame.

    Raises
    ------
    DecodeError
        OUT_OF_RANGE, NOT_FINITE, WRONG_TYPE, MISSING_FIELD or MALFORMED with key and object.
    """
    position, heading = place(table, mapping)
    observations = _observations(table, mapping, heading)
    usable = np.isfinite(position).all(axis=1)
    source = source_of(table, mapping)
    made = []
    for at, here in _by_instant(table, mapping, anchor_us):
        kept = here[usable[here]]
        refused = len(here) - len(kept)
        made.append(_frame(mapping, source, at, position[kept], observations[kept], refused))
    return made


def source_of(table: Table, mapping: Declared) -> str | None:
    """The record's own name of its sender: that of the first object, or of the record."""
    if mapping.source is None:
        return None
    told = table.whole if table.whole is not None and not table.size else table
    return next(iter(words(told, mapping.source)), "") or None


def _by_instant(
    table: Table, mapping: Declared, anchor_us: int
) -> list[tuple[int | None, IntArray]]:
    """Each distinct instant with the numbers of its objects; an unknown one comes first.

    Where the record has one time for all, that is it, also for none.
    """
    path = mapping.time.path
    if path is None or not table.size or is_of_record(path):
        told = instants_us(table.whole or table, "time", mapping.time, anchor_us)
        return [(told[0] if told else None, np.arange(table.size))]
    instants = instants_us(table, "time", mapping.time, anchor_us)
    known = np.array([_UNKNOWN if at is None else at for at in instants], np.int64)
    order = np.argsort(known, kind="stable")
    distinct, starts = np.unique(known[order], return_index=True)
    groups = np.split(order, starts[1:])
    return [
        (None if at == _UNKNOWN else at, group)
        for at, group in zip(distinct.tolist(), groups, strict=True)
    ]


def place(table: Table, mapping: Declared) -> tuple[FloatArray, FloatArray]:
    """Longitude and latitude or x and y, shape (n, 2), and the traffic's heading there, radians.

    NaN where unknown; the heading is that of a named place, counter-clockwise from east.
    """
    given, unknown = mapping.position, np.full(table.size, np.nan)
    if given.place is not None:
        return _named(words(table, given.place), mapping)
    if given.x is not None:
        x = canonical(table, "position.x", given.x, "length", _METRES)
        return np.column_stack(
            [x, canonical(table, "position.y", given.y, "length", _METRES)]
        ), unknown
    lon = canonical(table, "position.lon", given.lon, "degrees", (-180.0, 180.0))
    lat = canonical(table, "position.lat", given.lat, "degrees", (-90.0, 90.0))
    return np.column_stack([lon, lat]), unknown


def _named(names: Sequence[str], mapping: Declared) -> tuple[FloatArray, FloatArray]:
    rows = np.full((len(names), 3), np.nan)
    for k, name in enumerate(names):
        site = mapping.places.get(name)
        if site is not None:
            towards = math.nan if site.heading_deg is None else math.radians(90 - site.heading_deg)
            rows[k] = (site.lon_deg, site.lat_deg, towards)
    return rows[:, :2], rows[:, 2]


def _observations(table: Table, mapping: Declared, towards: FloatArray) -> RecordArray:
    made = np.repeat(_NOTHING, table.size)
    made["index"] = np.arange(table.size)
    thing = mapping.object
    if mapping.position.z is not None:
        made["z_m"] = canonical(table, "position.z", mapping.position.z, "length", _HEIGHT)
    if thing.score is not None:
        made["score"] = canonical(table, "object.score", thing.score, "ratio", _SCORE)
    if thing.class_confidence is not None:
        key, given = "object.class_confidence", thing.class_confidence
        made["class_confidence"] = canonical(table, key, given, "ratio", (0.0, 1.0))
    _set_motion(made, table, mapping, towards)
    _set_size(made, table, mapping)
    _set_accuracy(made, table, mapping)
    _set_words(made, table, mapping)
    return made


def _set_words(made: RecordArray, table: Table, mapping: Declared) -> None:
    thing = mapping.object
    if thing.id is not None:
        made["local_id"] = [id_hash(word) for word in words(table, thing.id)]
    if mapping.classes is not None:
        names = chosen(table, mapping.classes)
        made["object_class"] = [_CODES[name] for name in names]


def _set_motion(made: RecordArray, table: Table, mapping: Declared, towards: FloatArray) -> None:
    given = mapping.motion
    heading = towards if given.heading is None else _heading(table, given.heading)
    if given.heading is not None or mapping.position.place is not None:
        made["heading_rad"] = heading
    if given.vx is not None:
        made["vx_mps"] = canonical(table, "motion.vx", given.vx, "speed", _MPS)
        made["vy_mps"] = canonical(table, "motion.vy", given.vy, "speed", _MPS)
    elif given.speed is not None:
        speed = canonical(table, "motion.speed", given.speed, "speed", _MPS)
        made["vx_mps"], made["vy_mps"] = speed * np.cos(heading), speed * np.sin(heading)


def _heading(table: Table, given: Heading) -> FloatArray:
    angle = canonical(table, "motion.heading", given, "angle", _TURNS)
    zero = _QUARTER_RAD if given.zero in ("north", "y") else 0.0
    turned = zero - angle if given.sense == "clockwise" else zero + angle
    return np.remainder(turned + math.pi, 2 * math.pi) - math.pi


def _set_size(made: RecordArray, table: Table, mapping: Declared) -> None:
    for name in ("length", "width", "height"):
        given = getattr(mapping.size, name)
        if given is None:
            continue
        extent = canonical(table, f"size.{name}", given, "length", _EXTENT)
        made[f"{name}_m"] = np.where(extent > 0, extent, np.nan)


def _set_accuracy(made: RecordArray, table: Table, mapping: Declared) -> None:
    given = mapping.accuracy
    x, y = (given.position, given.position) if given.position else (given.x, given.y)
    if x is not None and y is not None:
        xx = _sigma(table, "accuracy.x", x, "length") ** 2
        yy = _sigma(table, "accuracy.y", y, "length") ** 2
        made["cov_xy_m2"] = np.where(np.isfinite(xx + yy), 0.0, np.nan)
        made["cov_xx_m2"], made["cov_yy_m2"] = xx + made["cov_xy_m2"], yy + made["cov_xy_m2"]
    if given.speed is not None:
        made["speed_sigma_mps"] = _sigma(table, "accuracy.speed", given.speed, "speed")
    if given.heading is not None:
        made["heading_sigma_rad"] = _sigma(table, "accuracy.heading", given.heading, "angle")


def _sigma(table: Table, key: str, given: Spread, dimension: str) -> FloatArray:
    """Standard deviation; unknown where it is 0, which no sensor has."""
    sigma = canonical(table, key, given, dimension, _SIGMA) * SIGMA_OF[given.meaning]
    return np.where(sigma > 0, sigma, np.nan)


def _frame(
    mapping: Declared,
    source: str | None,
    at_us: int | None,
    position: FloatArray,
    observations: RecordArray,
    refused: int,
) -> DecodedFrame:
    pose = mapping.position.pose
    flags = FrameFlag.FILTERED if mapping.filtered else FrameFlag(0)
    flags |= FrameFlag.FUSED if mapping.fused else FrameFlag(0)
    from_receipt = mapping.time.form == "receipt"
    return DecodedFrame(
        source_id=source,
        event_time_us=at_us,
        flags=int(flags),
        space=Space.GEOGRAPHIC if mapping.position.x is None else Space.LOCAL,
        position=position,
        observations=observations,
        refused=refused,
        z_m=observations["z_m"].astype(np.float64),
        datum=mapping.position.datum,
        pose=None
        if pose is None
        else Pose(pose.lat_deg, pose.lon_deg, math.radians(pose.x_axis_deg)),
        delay_us=round(mapping.time.delay_ms * 1000) if from_receipt else 0,
    )
