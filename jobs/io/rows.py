"""Rows of the warehouse's tables from the records of a topic.

A pure function: the same records give the same rows in the same order. Tables that get a row for
each object or observation are built as numpy columns; the others, with a row for each record or
entry, as lists. Times of day become integers of microseconds under a name without `_us`.
"""

from collections.abc import Callable, Sequence

import numpy as np

import schemas
from jobs.io.coded import Coded
from jobs.io.joined import WHO, Array, Joined, Record, TableRows, elements_of
from jobs.io.road_rows import approaches, segments

# The table keeps multiples of a step far below what a sensor can tell (exact Float32
# costs three times the bytes: see the first migration). Powers of two, so that a
# multiple is exact.
_STEPS = {
    "along_m": 1 / 4,
    "across_m": 1 / 32,
    "signal_end_s": 1 / 8,
    "altitude_m": 1 / 32,
    "velocity_east_mps": 1 / 64,
    "velocity_north_mps": 1 / 64,
    "acceleration_mps2": 1 / 32,
    "turn_rate_radps": 1 / 512,
    "heading_rad": 1 / 512,
    "length_m": 1 / 32,
    "width_m": 1 / 32,
    "height_m": 1 / 32,
    "class_probability": 1 / 128,
    "existence": 1 / 512,
}
# Variances up, covariances toward zero: what is kept stays positive definite and never claims
# to know more than was known.
_VARIANCES = ("cov_ee_m2", "cov_nn_m2", "velocity_variance_m2ps2")
_COVARIANCES = ("cov_en_m2",)
_VARIANCE_BITS = 5  # of the mantissa, behind the leading one
_COVARIANCE_BITS = 4


def rows_of(topic: str, records: Sequence[Record]) -> list[TableRows]:
    """Rows of every table that `topic` feeds.

    Parameters
    ----------
    topic
        Name of the topic.
    records
        Its records in the order of their offsets, as `jobs.io.avro.AvroCodec.decode` gives them.

    Raises
    ------
    KeyError
        If the topic feeds no table.
    """
    return [build(records) for build in _TABLES[topic]]


def _entry_names(record: str) -> list[str]:
    """Fields of the entries of a record."""
    fields = {f["name"]: f for f in schemas.load(record)["fields"]}
    return [f["name"] for f in fields["entries"]["type"]["items"]["fields"]]


_PICTURE = elements_of("picture")
_LISTS = ("source_count", "source_index", "feature_count", "feature_index", "weather_index")
# What stands in the table where nobody told the weather.
_WEATHER = {
    "visibility_m": np.float32(np.nan),
    "wind_mps": np.float32(np.nan),
    "precipitation": np.uint8(0),
    "precipitation_mmph": np.float32(np.nan),
    "road_surface": np.uint8(0),
}
_LINKS = elements_of("links")
_AREAS = elements_of("source_quality")


def _fused_object_state(records: Sequence[Record]) -> TableRows:
    joined = Joined(records, _PICTURE)
    columns = {
        **{name: joined.texts(name) for name in ("run_id", "station_id", "cell_key", "frame")},
        "cell": joined.repeated("cell", np.uint64),
        "tick": joined.repeated("tick_us", np.int64),
    }
    for name in _PICTURE:
        if name not in _LISTS:
            columns[name] = _kept(name, joined.column(name))
    columns |= joined.fields("weather_index", "weather", _WEATHER)
    columns["sources"] = _source_lists(records)
    return TableRows("fused_object_state", columns)


def _kept(name: str, column: Array) -> Array:
    if name in _STEPS:
        step = np.float32(_STEPS[name])
        rounded: Array = np.rint(column / step) * step
        return rounded
    if name in _VARIANCES:
        return _cut_mantissa(column, _VARIANCE_BITS, up=True)
    if name in _COVARIANCES:
        return _cut_mantissa(column, _COVARIANCE_BITS, up=False)
    return column


def _cut_mantissa(column: Array, bits: int, *, up: bool) -> Array:
    """Round the magnitude of finite Float32 numbers to `bits` behind the leading one."""
    dropped = np.uint32((1 << (23 - bits)) - 1)
    raw = column.view(np.uint32)
    cut = ((raw + dropped if up else raw) & ~dropped).view(np.float32)
    return np.where(np.isfinite(column), cut, column)


def _source_lists(records: Sequence[Record]) -> Coded:
    """Names of each object's sources."""
    numbers: dict[tuple[str, ...], int] = {}
    lists: dict[tuple[str, ...], dict[bytes, int]] = {}
    codes: list[int] = []
    for record in records:
        names, packed = record["sources"], record["source_index"]
        known = lists.setdefault(tuple(names), {})
        start = 0
        for count in record["source_count"]:
            end = start + 2 * count
            index = packed[start:end]
            if index not in known:
                found = tuple(names[i] for i in np.frombuffer(index, "<u2").tolist())
                known[index] = numbers.setdefault(found, len(numbers))
            codes.append(known[index])
            start = end
    return Coded(codes, [list(one) for one in numbers])


def _fused_link(records: Sequence[Record]) -> TableRows:
    joined = Joined(records, _LINKS)
    columns = {
        **{name: joined.texts(name) for name in ("run_id", "station_id", "cell_key")},
        "cell": joined.repeated("cell", np.uint64),
        "tick": joined.repeated("tick_us", np.int64),
        "source_id": joined.named("source_index", "sources"),
        "topic": joined.named("topic_index", "topics"),
        "event_time": joined.column("event_time_us"),
    }
    for name in ("track_id", "use", "partition", "offset", "index", "residual", "weight"):
        columns[name] = joined.column(name)
    return TableRows("fused_link", columns)


def _coverage(records: Sequence[Record]) -> TableRows:
    joined = Joined(records, _AREAS)
    columns = {
        **{name: joined.texts(name) for name in ("run_id", "station_id", "cell_key")},
        "cell": joined.repeated("cell", np.uint64),
        "minute": joined.repeated("minute_us", np.int64),
        **{name: joined.column(name) for name in _AREAS if name not in _LISTS},
    }
    columns["sources"] = _source_lists(records)
    return TableRows("coverage", columns)


def _listed(
    table: str,
    fields: Sequence[str],
    entry_fields: Sequence[str] = (),
    *,
    raw: bool = False,
) -> Callable[[Sequence[Record]], TableRows]:
    """Builder of a table with a row for each record, or for each of its entries."""

    def build(records: Sequence[Record]) -> TableRows:
        pairs = [(r, e) for r in records for e in (r["entries"] if entry_fields else ({},))]
        columns = {column_of(name): [r[name] for r, _ in pairs] for name in fields}
        columns |= {column_of(name): [e[name] for _, e in pairs] for name in entry_fields}
        return TableRows(table, columns, raw)

    return build


def column_of(field: str) -> str:
    """Column of a table that keeps a field of a record: a time of day loses its `_us`."""
    return field.removesuffix("_us")


_CELL = ("cell", "cell_key")
_RAW = ("topic", "partition", "offset")
_FEATURE = ("feature_id", "kind", "source_id")
_VALIDITY = ("receive_time_us", "issued_us", "valid_from_us", "valid_to_us")
_REFUSAL = ("reason", "sentence", "detail", "stage")
_SPAN = (*WHO, "topic", "partition", "second_us", "first_offset")
_MINUTE = (*WHO, *_CELL, "minute_us")
_ADDED = ("seen_s", "share_s", "exclusive_s")
_CREDIT = ("source_id", "owner", "used", "births", *_ADDED)
_QUALITY = tuple(name for name in _entry_names("source_quality") if name not in _ADDED)
_SIGNAL = (
    *WHO,
    *("source_id", "intersection", "event_time_us", "receive_time_us", "revision", "status"),
    *_RAW,
)
_SIGNAL_GROUP = (
    *("signal_group", "phase", "start_us", "min_end_us", "max_end_us", "likely_end_us"),
    *("next_us", "confidence"),
)
_PART = (*WHO, "part", "receive_time_us")
_LANE = (
    *("segment_id", "segment", "lane_id", "lane", "kind", "width_m", "length_m", "both_ways"),
    *("limit_mps", "stop_line", "line", "next_lanes", "signals"),
)
_EVENT = (
    *("event_id", "kind", "change", "sequence", "reason", "tick_us", "began_us", "opened_us"),
    *("lat_e7", "lon_e7", "area", "radius_m", "severity", "confidence", "measures"),
    *("segment_id", "lane_id", "track_ids", "features", "context_flags", "weather", "incident"),
)
_TABLES: dict[str, list[Callable[[Sequence[Record]], TableRows]]] = {
    "fused.objects": [
        _fused_object_state,
        _listed(
            "picture",
            (
                *WHO,
                *_CELL,
                "tick_us",
                "frame",
                "sequence",
                "count",
                "live_sources",
                "missing_sources",
                "features",
            ),
        ),
    ],
    "fused.links": [_fused_link],
    "track.events": [
        _listed(
            "track_event",
            (*WHO, *_CELL, "tick_us", "kind", "track_id", "other_track_id", "evidence"),
        )
    ],
    "context.features": [
        _listed(
            "road_context",
            (*WHO, *_FEATURE, *_VALIDITY, "area", "radius_m", "cancelled", "properties", *_RAW),
        )
    ],
    "signals.state": [_listed("signal_state", _SIGNAL, _SIGNAL_GROUP)],
    "station.network": [
        _listed("road_part", (*_PART, "source_id", "revision", "segments", "refused", *_RAW)),
        _listed("road_lane", _PART, _LANE),
    ],
    "segments.state": [
        segments("segment_second", 1_000_000),
        segments("segment_minute", 60_000_000),
    ],
    "approaches.state": [approaches],
    "road.events": [_listed("event", (*WHO, *_CELL, *_EVENT))],
    "ledger.records": [
        _listed("record_span", (*_SPAN, "last_offset", "pulses")),
        _listed(
            "record_ledger",
            _SPAN,
            ("source_id", "disposition", "reason", "records", "observations", "refused"),
        ),
    ],
    "ledger.observations": [
        _listed(
            "observation_ledger",
            (*WHO, *_CELL, "second_us"),
            ("source_id", "use", "observations"),
        )
    ],
    "source.quality": [
        _listed("source_quality", _MINUTE, _QUALITY),
        _listed("source_contribution", _MINUTE, _CREDIT),
        _coverage,
    ],
    "dead.letters": [
        _listed(
            "dead_letter",
            (*WHO, *_REFUSAL, *_RAW, "source_id", "format", "receive_time_us", "raw", "raw_size"),
            raw=True,
        )
    ],
}
