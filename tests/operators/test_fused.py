"""Fused objects out of pictures: equal to what the picture holds, for every column."""

import numpy as np

import schemas
from operators.enrich.context import no_context
from operators.fused import FUSED, TAKEN, snapshot
from operators.picture import columns, positions
from operators.road.known import no_roads
from operators.track import TRACK_ROW
from tests.builders import HOME, START_US


def a_picture(n=3, **fields):
    rows = np.zeros(n, TRACK_ROW)
    rows["track_id"] = np.arange(1, n + 1)
    rows["x_m"] = 10.0 * np.arange(n)
    rows["vx_mps"] = 5.0
    rows["cov_xx_m2"] = rows["cov_yy_m2"] = 0.25
    rows["sources"] = [0b1 << i for i in range(n)]
    rows["last_us"] = START_US - 50_000
    head = {
        "cell_key": HOME.key, "frame": "wgs84", "tick_us": START_US, "run_id": "run-1",
        "sources": [f"unit-{i}" for i in range(n)], "count": n,
        "live_sources": ["unit-0"], "missing_sources": ["unit-9"],
    }  # fmt: skip
    unknown = {name: column.tobytes() for name, column in no_roads(n).items()}
    made = columns(HOME.key, rows, positions(HOME.key, rows), START_US)
    return head | made | no_context(n) | unknown | fields


def test_rows_are_what_the_picture_holds():
    rows = snapshot(a_picture()).rows
    assert rows["track_id"].tolist() == [1, 2, 3]
    x, y = HOME.frame.to_local(rows["lon_deg"], rows["lat_deg"])
    np.testing.assert_allclose(np.column_stack([x, y]), [[0, 0], [10, 0], [20, 0]], atol=0.02)
    assert rows["velocity_east_mps"].tolist() == [5.0] * 3
    assert rows["sources"].tolist() == [1, 2, 4]
    assert rows["age_us"].tolist() == [50_000] * 3
    assert set(rows["tick_us"]) == {START_US}


def test_the_columns_are_those_of_the_contract():
    elements = {f["name"]: f.get("element") for f in schemas.load("picture")["fields"]}
    assert {name: np.dtype(elements[name]) for name in TAKEN} == {n: FUSED[n] for n in TAKEN}


def test_a_local_recording_has_no_place():
    assert len(snapshot(a_picture(frame="local")).rows) == 0
