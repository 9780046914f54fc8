"""What third parties say of the place of each object at a tick, as columns of its picture."""

from enum import IntFlag
from typing import Any

import msgspec
import numpy as np

from operators._typing import FloatArray, IntArray
from operators.enrich.index import FeatureIndex, Hits
from operators.enrich.weather import Weather, merged, weather_of


class ContextFlag(IntFlag):
    """Bits of ``context_flags``."""

    WEATHER = 1
    EMERGENCY = 2
    WORK_ZONE = 4
    INCIDENT = 8
    WARNING = 16
    EMERGENCY_VEHICLE = 32


_FLAGS = {flag.name.lower(): int(flag) for flag in ContextFlag if flag.name}


_NOTHING = msgspec.structs.asdict(Weather())


def no_context(count: int) -> dict[str, Any]:
    """Columns of a picture of `count` objects about whose place nobody says anything."""
    return {
        "context_flags": bytes(4 * count),
        "features": [],
        "feature_count": bytes(2 * count),
        "feature_index": b"",
        "weather": [_NOTHING] if count else [],
        "weather_index": bytes(2 * count),
    }


def context_columns(
    index: FeatureIndex, lon_deg: FloatArray, lat_deg: FloatArray, tick_us: int
) -> dict[str, Any]:
    """Columns and tables of what applies to each object of a picture.

    Parameters
    ----------
    index
        Of all features.
    lon_deg, lat_deg : ndarray of shape (n,)
        Places of the objects, WGS-84 degrees.
    tick_us
        A feature counts from its receive time on, within its validity.

    Returns
    -------
    dict
        ``context_flags`` (`ContextFlag` bits), ``features`` with ``feature_count`` and
        ``feature_index``, ``weather`` with ``weather_index``: fields of the picture.
    """
    hits = index.at(lon_deg, lat_deg, tick_us)
    return _columns(index, hits, len(lon_deg)) if len(hits.row) else no_context(len(lon_deg))


def _columns(index: FeatureIndex, hits: Hits, count: int) -> dict[str, Any]:
    known, row = np.unique(hits.row, return_inverse=True)
    rows = known.tolist()
    kinds = [index.version(r)["kind"] for r in rows]
    flag = np.array([_FLAGS.get(kind, int(ContextFlag.WARNING)) for kind in kinds], np.int64)
    flags = np.zeros(count, np.int64)
    np.bitwise_or.at(flags, hits.place, flag[row])
    names, name = _named(index, rows)
    # Two parts of one feature may overlap: it applies once.
    pairs = np.unique(hits.place * (len(names) + 1) + name[row])
    counts = np.bincount(pairs // (len(names) + 1), minlength=count)
    weather, weather_index = _weather(index, rows, kinds, hits.place, row, count)
    return {
        "context_flags": flags.astype("<u4").tobytes(),
        "features": names,
        "feature_count": counts.astype("<u2").tobytes(),
        "feature_index": (pairs % (len(names) + 1)).astype("<u2").tobytes(),
        "weather": weather,
        "weather_index": weather_index.astype("<u2").tobytes(),
    }


def _named(index: FeatureIndex, rows: list[int]) -> tuple[list[str], IntArray]:
    """Ids of the features of rows, sorted, and where in them that of each row stands."""
    ids = [index.version(row)["feature_id"] for row in rows]
    names = sorted(set(ids))
    place = {name: k for k, name in enumerate(names)}
    return names, np.array([place[one] for one in ids], np.int64)


def _weather(
    index: FeatureIndex,
    rows: list[int],
    kinds: list[str],
    place: IntArray,
    row: IntArray,
    count: int,
) -> tuple[list[dict[str, Any]], IntArray]:
    """The different weathers of a picture, and which of them each object has."""
    if "weather" not in kinds:
        return [_NOTHING], np.zeros(count, np.int64)
    reporting = [k for k, kind in enumerate(kinds) if kind == "weather"]
    reporting.sort(key=lambda k: _preference(index, rows[k]))
    applies = np.zeros((count, len(rows)), np.bool_)
    applies[place, row] = True
    reports = [weather_of(index.version(rows[k])["properties"]) for k in reporting]
    some, which = np.unique(applies[:, reporting], axis=0, return_inverse=True)
    found = [merged(reports[k] for k in np.flatnonzero(one)) for one in some]
    table: dict[Weather, int] = {}
    for one in found:
        table.setdefault(one, len(table))
    numbers = np.array([table[one] for one in found], np.int64)
    return [msgspec.structs.asdict(one) for one in table], numbers[which]


def _preference(index: FeatureIndex, row: int) -> tuple[float, int, str]:
    """The report for the smallest area comes first; of equal ones the newest."""
    version = index.version(row)
    return index.extent_deg2(row), -version["receive_time_us"], version["feature_id"]
