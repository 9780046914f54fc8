import numpy as np
import pytest

from operators.errors import LayoutError
from operators.fuse.state import N_TRACKS, VERSION, empty, make_room, pack, unpack


def test_an_empty_state_survives_packing():
    data = pack(empty())
    assert data[0] == VERSION
    assert pack(unpack(data)) == data


def test_room_is_made_without_losing_tracks():
    state = empty()
    state.counts[N_TRACKS] = 2
    state.tracks["track_id"][:2] = 7, 9
    make_room(state, 1000)
    assert len(state.tracks) >= 1000
    assert state.tracks["track_id"][:3].tolist() == [7, 9, 0]


@pytest.mark.parametrize("cut", [0, 1, 10, -1])
def test_bytes_cut_short_are_refused(cut):
    state = empty()
    state.counts[N_TRACKS] = 1
    with pytest.raises(LayoutError):
        unpack(pack(state)[:cut])


def test_another_version_is_refused():
    with pytest.raises(LayoutError, match="version"):
        unpack(b"\x63" + pack(empty())[1:])


def test_a_bucket_that_does_not_exist_is_refused():
    state = empty()
    state.counts[N_TRACKS] = 1
    state.tracks["bucket"][0] = np.int32(2**30)
    with pytest.raises(LayoutError, match="bucket"):
        unpack(pack(state))
