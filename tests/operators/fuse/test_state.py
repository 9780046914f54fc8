import numpy as np
import pytest

from operators.errors import LayoutError
from operators.fuse.state import (
    HEADER,
    N_SOURCES,
    N_TRACKS,
    SIZES,
    VERSION,
    empty,
    make_room,
    pack,
    unpack,
)
from operators.register.state import pack_registry


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


def test_what_the_version_before_did_not_know_is_not_learned_yet():
    state = empty()
    state.counts[N_TRACKS], state.counts[N_SOURCES] = 2, 3
    state.tracks["track_id"][:2], state.sources["key"][:3] = (7, 9), (1, 2, 3)
    source_size, track_size = SIZES[4]
    header = bytearray(pack(state)[: HEADER.size])
    header[0] = 4
    HEADER.pack_into(header, 0, 4, 0, track_size, 2, 3, source_size, *HEADER.unpack(header)[6:])
    learned = state.gaps.tobytes() + state.pose.tobytes()
    sources = b"".join(one.tobytes()[:source_size] for one in state.sources[:3])
    tracks = b"".join(one.tobytes()[:track_size] for one in state.tracks[:2])
    read = unpack(bytes(header) + learned + sources + tracks + pack_registry(state.registry))
    assert read.tracks["track_id"][:2].tolist() == [7, 9]
    assert read.sources["key"][:3].tolist() == [1, 2, 3]
    assert not read.sources["carried_count"].any()
    assert pack(read) == pack(state)


def test_a_bucket_that_does_not_exist_is_refused():
    state = empty()
    state.counts[N_TRACKS] = 1
    state.tracks["bucket"][0] = np.int32(2**30)
    with pytest.raises(LayoutError, match="bucket"):
        unpack(pack(state))
