import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import schemas
from jobs.io.rows import rows_of
from tests.schemas.packing import packed_example

POSITIVE = st.floats(2**-20, 2**20, width=32)


def picture(case="two-objects-of-two-sources", **columns):
    packed = {name: np.array(v, "<f4").tobytes() for name, v in columns.items()}
    return packed_example("picture", case) | packed


def test_every_avro_topic_feeds_a_table():
    assert all(rows_of(t.name, []) for t in schemas.topics().values() if t.value == "avro")


def test_mixed_frames_give_one_table():
    states, _ = rows_of(
        "fused.objects", [picture(), picture("empty-cell"), picture("local-recording")]
    )
    assert states.columns["lat_e7"].tolist() == [377749295, 377750001, 0, 0]
    np.testing.assert_array_equal(states.columns["x_m"], [np.nan, np.nan, 10.5, -3.25])
    assert states.columns["sources"].tolist() == [
        ["rsu-1", "rsu-2"],
        ["rsu-2"],
        ["camera"],
        ["camera"],
    ]


def test_every_picture_is_a_row_also_when_empty():
    _, pictures = rows_of("fused.objects", [picture(), picture("empty-cell")])
    assert pictures.columns["count"] == [2, 0]


def test_links_name_their_source_and_topic():
    links = [
        packed_example("links", c)
        for c in ("no-observation", "used-and-clutter", "used-and-clutter")
    ]
    (rows,) = rows_of("fused.links", links)
    assert rows.columns["source_id"].tolist() == ["rsu-1", "fleet-9", "rsu-1"] * 2
    assert rows.columns["topic"].tolist() == ["raw.roadside", "raw.probe", "raw.roadside"] * 2


def test_span_of_pulses_alone_still_proves_its_offsets():
    span, entries = rows_of("ledger.records", [packed_example("record_ledger", "only-pulses")])
    assert (len(span), len(entries)) == (1, 0)


def test_same_records_give_the_same_rows():
    first, second = (
        rows_of("fused.objects", [picture(), picture("local-recording")]) for _ in range(2)
    )
    for one, other in zip(first, second, strict=True):
        assert list(one.columns) == list(other.columns)
        for name, column in one.columns.items():
            assert list(map(repr, column)) == list(map(repr, other.columns[name]))


@settings(deadline=None)
@given(POSITIVE, POSITIVE, st.floats(-0.999, 0.999))
def test_kept_covariance_is_positive_definite_and_claims_no_more(ee, nn, correlation):
    en = correlation * np.sqrt(ee) * np.sqrt(nn)
    (states, _) = rows_of(
        "fused.objects", [picture(cov_ee_m2=[ee, ee], cov_nn_m2=[nn, nn], cov_en_m2=[en, en])]
    )
    kept = [float(states.columns[name][0]) for name in ("cov_ee_m2", "cov_en_m2", "cov_nn_m2")]
    assert kept[0] * kept[2] > kept[1] ** 2
    assert ee <= kept[0] <= ee * (1 + 2**-5)
    assert nn <= kept[2] <= nn * (1 + 2**-5)


@settings(deadline=None)
@given(st.floats(-100, 100, width=32))
def test_kept_velocity_is_within_half_a_step(velocity):
    (states, _) = rows_of("fused.objects", [picture(velocity_east_mps=[velocity, np.nan])])
    kept = states.columns["velocity_east_mps"]
    assert abs(kept[0] - velocity) <= 1 / 128
    assert np.isnan(kept[1])


def test_unknown_topic_is_refused():
    with pytest.raises(KeyError):
        rows_of("raw.probe", [])
