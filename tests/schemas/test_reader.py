import io
import math

import fastavro
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import schemas
from schemas.reader import ColumnReader, ReaderError
from tests.schemas.packing import all_examples, packed_example

SCHEMA = schemas.load("picture")
PLAIN = ColumnReader(SCHEMA)
NUMPY = ColumnReader(SCHEMA, np.frombuffer)
COLUMNAR = [(r, c) for r, c in all_examples() if r in ("picture", "links")]


def numbers(element):
    if element[-2] == "f":
        return st.floats(width=8 * int(element[-1]), allow_nan=False)
    info = np.iinfo(element)
    return st.integers(int(info.min), int(info.max))


TABLES = {"sources": ["rsu-1", "rsu-2", "fleet-9"], "features": ["metar/ZBAA", "wz-12"]}
TABLES["weather"] = [{"visibility_m": 400.0}, {"visibility_m": None}]


@st.composite
def pictures(draw):
    n = draw(st.integers(0, 5))
    frame = draw(st.sampled_from(["wgs84", "local"]))
    made = {"frame": frame, "count": n, **TABLES}
    columnar = [field for field in SCHEMA["fields"] if "element" in field]
    counts = {
        field["counts"]: draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))
        for field in columnar
        if "counts" in field
    }
    for field in columnar:
        name = field["name"]
        many = n if field.get("frame") in (None, frame) else 0
        many = sum(counts[field["counts"]]) if "counts" in field else many
        table = field.get("table")
        element = numbers(field["element"]) if table is None else places(TABLES[table])
        drawn = draw(st.lists(element, min_size=many, max_size=many))
        made[name] = np.array(counts.get(name, drawn), field["element"]).tobytes()
    return made


def places(table):
    return st.integers(0, len(table) - 1)


@settings(deadline=None)
@given(pictures())
def test_plain_and_numpy_columns_agree(picture):
    plain, array = PLAIN.columns(picture), NUMPY.columns(picture)
    assert {name: list(column) for name, column in plain.items()} == {
        name: column.tolist() for name, column in array.items()
    }


@settings(deadline=None)
@given(pictures())
def test_rows_hold_what_the_columns_hold(picture):
    rows, columns = list(PLAIN.rows(picture)), PLAIN.columns(picture)
    assert [r["track_id"] for r in rows] == list(columns["track_id"])
    names = [picture["sources"][i] for i in columns["source_index"]]
    assert [s for r in rows for s in r["source_index"]] == names
    told = [TABLES["weather"][i] for i in columns["weather_index"]]
    assert [r["weather_index"] for r in rows] == told


@pytest.mark.parametrize(("record", "case"), COLUMNAR)
def test_examples_come_back_as_they_were_written(record, case):
    written = schemas.examples(record)[case]
    for name, column in (
        ColumnReader(schemas.text(record)).columns(packed_example(record, case)).items()
    ):
        assert [None if math.isnan(v) else v for v in column] == written[name]


def test_local_picture_has_no_latitude_and_the_other_no_metres():
    local = next(PLAIN.rows(packed_example("picture", "local-recording")))
    wgs84 = next(PLAIN.rows(packed_example("picture", "two-objects-of-two-sources")))
    assert {"x_m", "y_m"} <= set(local) - set(wgs84)
    assert {"lat_e7", "lon_e7"} <= set(wgs84) - set(local)
    assert wgs84["source_index"] == ["rsu-1", "rsu-2"]


def test_unknown_version_is_refused_by_number():
    with pytest.raises(ReaderError, match="version 7"):
        ColumnReader({**SCHEMA, "version": 7})


def test_unknown_element_is_refused_by_name():
    field = {"name": "odd", "type": "bytes", "element": ">c16"}
    with pytest.raises(ReaderError, match="odd"):
        ColumnReader({**SCHEMA, "fields": [field]})


@pytest.mark.parametrize("damage", [b"", b"\0" * 7, b"\0" * 24, None])
def test_column_of_the_wrong_length_is_refused(damage):
    picture = packed_example("picture", "two-objects-of-two-sources")
    with pytest.raises(ReaderError, match="track_id"):
        PLAIN.columns({**picture, "track_id": damage})


def test_index_beyond_the_table_is_refused():
    picture = packed_example("picture", "two-objects-of-two-sources")
    with pytest.raises(ReaderError, match="points beyond"):
        list(PLAIN.rows({**picture, "sources": ["rsu-1"]}))


def test_what_another_avro_reader_gives_can_be_read():
    schema, body = fastavro.parse_schema(SCHEMA), io.BytesIO()
    fastavro.schemaless_writer(
        body, schema, packed_example("picture", "two-objects-of-two-sources")
    )
    record = fastavro.schemaless_reader(io.BytesIO(body.getvalue()), schema, schema)
    assert len(list(PLAIN.rows(record))) == 2
