import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from operators.report import (
    LINK_ROW,
    Name,
    Report,
    Sighting,
    encoder,
    hash_record,
    name_decoder,
    observation_names,
    report_decoder,
    sighting_decoder,
)


def test_what_steps_tell_each_other_survives_packing():
    report = Report(1, b"r", ["a"], b"l", ["a", "b"], ["t"], ["a"], ["b"])
    assert report_decoder.decode(encoder.encode(report)) == report
    sighting = Sighting("c", 2**63 - 1, 5, [1, 2**63 - 1])
    assert sighting_decoder.decode(encoder.encode(sighting)) == sighting
    assert name_decoder.decode(encoder.encode(Name(1, 2))) == Name(1, 2)


def test_the_hash_of_a_place_in_the_log_is_that_of_fnv_1a():
    # Fowler, Noll, Vo: the offset basis for no input; one step by hand for one byte.
    assert hash_record("", 0, 0) != hash_record("", 0, 1)
    value = 0xCBF29CE484222325
    for byte in b"raw.probe/3/17":
        value = (value ^ byte) * 0x100000001B3 % 2**64
    assert hash_record("raw.probe", 3, 17) == value


@given(st.lists(st.integers(0, 5000), unique=True, max_size=20))
def test_observations_of_a_record_have_names_of_their_own(index):
    names = observation_names(("raw.probe", 0, 9), np.array(index, "<u4"))
    assert len(set(names)) == len(index)
    assert all(0 <= name < 2**63 for name in names)


def test_a_name_depends_on_the_index_and_not_on_who_else_is_seen():
    record = ("raw.probe", 0, 9)
    whole = observation_names(record, np.arange(5, dtype="<u4"))
    assert observation_names(record, np.array([3], "<u4")) == [whole[3]]
    assert observation_names(("raw.probe", 0, 10), np.array([3], "<u4")) != [whole[3]]


def test_a_link_row_is_packed_without_gaps():
    assert LINK_ROW.itemsize == sum(LINK_ROW[name].itemsize for name in LINK_ROW.names)
