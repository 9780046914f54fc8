import numpy as np

from operators.fuse.state import TRACK
from operators.gaussian import AFTER, OX, OY, PREPARED, RXX, RYY
from operators.register.remember import (
    NEVER,
    REMEMBERED,
    forget_raw,
    own_entry,
    remember,
    stamp_us,
)

AT_US = 1_700_000_000_000_000


def a_track():
    track = np.zeros(1, TRACK)[0]
    track["raw_us"] = AT_US  # what another track left in the slot
    forget_raw(track)
    return track


def seen_at(x, y):
    seen = np.zeros(PREPARED)
    seen[[OX, OY, RXX, RYY]] = x, y, 0.2, 0.4
    return seen


def test_a_new_track_remembers_nothing():
    track = a_track()
    assert (track["raw_us"] == NEVER).all()
    assert own_entry(track, 0) == -1


def test_the_oldest_goes_first_and_the_last_of_a_source_is_found():
    track = a_track()
    for k in range(REMEMBERED + 2):
        remember(track, k % 3, AT_US + k, seen_at(k, -k), 5.0, 6.0)
    assert sorted(track["raw_us"] - AT_US) == list(range(2, REMEMBERED + 2))
    k = own_entry(track, 1)
    assert track["raw_us"][k] - AT_US == REMEMBERED + 1
    assert track["raw_x_m"][k] == REMEMBERED + 1
    assert track["raw_variance_m2"][k] == np.float32(0.3)
    assert (track["raw_vx_mps"][k], track["raw_vy_mps"][k]) == (5.0, 6.0)


def test_a_stamp_is_by_the_sources_own_clock():
    seen = seen_at(0.0, 0.0)
    seen[AFTER] = -0.0123456
    assert stamp_us(seen, AT_US) == AT_US - 12346
