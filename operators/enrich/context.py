"""What third parties say of the place of each object at a tick, as columns of its picture."""

import math
from typing import Any

import numpy as np

from operators._typing import FloatArray, IntArray, RecordArray
from operators.enrich.index import FeatureIndex, Hits
from operators.enrich.told import ContextFlag
from operators.enrich.weather import VALUES, as_record

_UNKNOWN = -1.0  # stands for NaN where values are compared: none is negative
_NOTHING = as_record([math.nan] * len(VALUES))


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
    rows, row = np.unique(hits.row, return_inverse=True)
    told = index.told(rows)
    flags = np.zeros(count, np.int64)
    np.bitwise_or.at(flags, hits.place, told["flag"][row])
    names, name = _named(index, rows)
    # Two parts of one feature may overlap: it applies once.
    pairs = np.unique(hits.place * (len(names) + 1) + name[row])
    counts = np.bincount(pairs // (len(names) + 1), minlength=count)
    weather, weather_index = _weather(told, name, hits.place, row, count)
    return {
        "context_flags": flags.astype("<u4").tobytes(),
        "features": names,
        "feature_count": counts.astype("<u2").tobytes(),
        "feature_index": (pairs % (len(names) + 1)).astype("<u2").tobytes(),
        "weather": weather,
        "weather_index": weather_index.astype("<u2").tobytes(),
    }


def _named(index: FeatureIndex, rows: IntArray) -> tuple[list[str], IntArray]:
    """Ids of the features of rows, sorted, and where in them that of each row stands."""
    ids = index.names(rows)
    names = sorted(set(ids))
    place = {name: k for k, name in enumerate(names)}
    return names, np.array([place[one] for one in ids], np.int64)


def _weather(
    told: RecordArray, name: IntArray, place: IntArray, row: IntArray, count: int
) -> tuple[list[dict[str, Any]], IntArray]:
    """The different weathers of a picture, and which of them each object has.

    Each value is from the report for the smallest area that has it; of equal ones from the newest.
    """
    reports = told["flag"] == int(ContextFlag.WEATHER)
    if not reports.any():
        return [_NOTHING], np.zeros(count, np.int64)
    worst_last = np.lexsort((name, -told["receive_time_us"], told["size_deg2"]))
    rank = np.empty(len(told), np.int64)
    rank[worst_last] = np.arange(len(told))
    values = np.full((count, len(VALUES)), _UNKNOWN)
    chosen = np.flatnonzero(reports[row])
    # What is written last stays, so the best report comes last.
    chosen = chosen[np.argsort(-rank[row[chosen]])]
    said = told["weather"][row[chosen]]
    pair, value = np.nonzero(~np.isnan(said))
    values[place[chosen[pair]], value] = said[pair, value]
    different, which = np.unique(values, axis=0, return_inverse=True)
    different[different == _UNKNOWN] = math.nan
    return [as_record(one) for one in different.tolist()], which
