import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from operators.report import (
    CLAIM,
    LINK_ROW,
    SEEN,
    Happening,
    Name,
    Report,
    Sighting,
    Verdict,
    encoder,
    hash_log,
    observation_names,
    report_decoder,
    sighting_decoder,
    verdict_decoder,
)

PLACE = ("raw.probe", 0, 9)


def test_what_steps_tell_each_other_survives_packing():
    report = Report(1, b"r", ["a"], b"l", ["a", "b"], ["t"], ["a"], ["b"], [2**63 - 1])
    assert report_decoder.decode(encoder.encode(report)) == report
    sighting = Sighting("c", b"s", b"c", b"d", [1, 2**63 - 1])
    assert sighting_decoder.decode(encoder.encode(sighting)) == sighting
    verdict = Verdict([Name(1, 2, True, False)], [Happening("end", 2**63 - 1, None, "unseen")])
    assert verdict_decoder.decode(encoder.encode(verdict)) == verdict


def test_the_hash_of_a_partition_is_that_of_fnv_1a():
    # Fowler, Noll, Vo: the offset basis for no input; one step by hand for one byte.
    value = 0xCBF29CE484222325
    for byte in b"raw.probe/3":
        value = (value ^ byte) * 0x100000001B3 % 2**64
    assert hash_log("raw.probe", 3) == value


@given(st.lists(st.integers(0, 5000), unique=True, max_size=20))
def test_observations_of_a_record_have_names_of_their_own(index):
    names = observation_names([PLACE], np.zeros(len(index), int), np.array(index, "<u4"))
    assert len(set(names.tolist())) == len(index)


def test_a_name_depends_on_the_index_and_not_on_who_else_is_seen():
    whole = observation_names([PLACE], np.zeros(5, int), np.arange(5))
    places = [("raw.probe", 0, 10), PLACE]
    assert observation_names(places, np.array([1]), np.array([3])).tolist() == [whole[3]]
    assert observation_names(places, np.array([0]), np.array([3])).tolist() != [whole[3]]


def test_names_of_a_whole_log_do_not_meet():
    places = [(topic, part, k) for topic in "ab" for part in range(3) for k in range(50)]
    of, index = np.divmod(np.arange(len(places) * 20), 20)
    assert len(set(observation_names(places, of, index).tolist())) == len(places) * 20


def test_rows_are_packed_without_gaps():
    for kind in (LINK_ROW, SEEN, CLAIM):
        assert kind.itemsize == sum(kind[name].itemsize for name in kind.names)
