"""Rows of the tables of traffic on roads: segments, and signal groups."""

from collections.abc import Callable, Sequence

import numpy as np

from jobs.io.joined import WHO, Joined, Record, TableRows, elements_of

_SEGMENTS = elements_of("segment_state")
_APPROACHES = elements_of("approach_state")
_OF_CLASSES = ("object_class", "class_time_s", "class_distance_m", "class_vehicles")


def segments(table: str, period_us: int) -> Callable[[Sequence[Record]], TableRows]:
    """Builder of the table of segments with one length of period."""

    def build(records: Sequence[Record]) -> TableRows:
        joined = Joined([r for r in records if r["period_us"] == period_us], _SEGMENTS)
        columns = {
            **{name: joined.texts(name) for name in (*WHO, "cell_key")},
            "cell": joined.repeated("cell", np.uint64),
            "start": joined.repeated("start_us", np.int64),
        }
        for name in sorted({*_SEGMENTS} - {*_OF_CLASSES, "class_count"}):
            columns[name] = joined.column(name)
        ends = np.cumsum(joined.column("class_count"), dtype=np.int64)
        for name in _OF_CLASSES:
            lists = [part.tolist() for part in np.split(joined.column(name), ends)[:-1]]
            columns[name] = np.fromiter(lists, object, len(lists))
        return TableRows(table, columns)

    return build


def approaches(records: Sequence[Record]) -> TableRows:
    """Rows of the table of signal groups."""
    joined = Joined(records, _APPROACHES)
    columns = {
        **{name: joined.texts(name) for name in (*WHO, "intersection")},
        "start": joined.repeated("start_us", np.int64),
        **{name: joined.column(name) for name in _APPROACHES},
    }
    return TableRows("approach_second", columns)
