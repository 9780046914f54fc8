import numpy as np

from operators.transform.cells import LOCAL, owner
from operators.transform.offsets import datum_offsets_m


def test_beijing_is_moved_by_the_published_hundreds_of_metres():
    gcj, bd = datum_offsets_m(owner(39.9, 116.4, 7))
    assert 400.0 < np.hypot(*gcj) < 700.0
    assert 800.0 < np.hypot(*(bd - gcj)) < 1000.0  # BD-09 adds 0.0065 and 0.006 degrees and waves


def test_nothing_is_moved_outside_china_or_in_a_recording():
    assert not datum_offsets_m(owner(52.5, 13.4, 7))[0].any()
    assert not datum_offsets_m(LOCAL).any()
