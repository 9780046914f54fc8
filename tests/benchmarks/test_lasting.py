"""Changes of errors over lags, where it is known for how long errors last."""

import numpy as np
import pytest

from benchmarks.lasting import ERROR, TICK_US, changes
from operators._typing import RecordArray

TAU_S = 0.5


def lasting_errors(tracks: int, ticks: int) -> RecordArray:
    """Errors of one sigma that are forgotten as exp(-t / `TAU_S`)."""
    rng = np.random.default_rng(1)
    keep = np.exp(-TICK_US / 1e6 / TAU_S)
    rows = np.zeros((tracks, ticks), ERROR)
    rows["true_mps"], rows["track_id"] = 10.0, np.arange(tracks)[:, None]
    rows["tick_us"] = np.arange(ticks) * TICK_US
    for name in ("speed", "east"):
        now = rng.normal(size=tracks)
        for k in range(ticks):
            rows[name][:, k] = now
            now = keep * now + np.sqrt(1.0 - keep**2) * rng.normal(size=tracks)
    return rows.ravel()


def test_change_is_what_is_forgotten_over_the_lag() -> None:
    found = changes(lasting_errors(400, 100))
    for lag in found:
        expected = np.sqrt(1.0 - np.exp(-lag.lag_s / TAU_S))
        assert lag.speed == pytest.approx(expected, rel=0.05)
        assert lag.east == pytest.approx(expected, rel=0.05)
        assert np.isnan(lag.speed_braking)  # nobody brakes


def test_who_brakes_is_told_apart() -> None:
    rows = lasting_errors(400, 100)
    rows["true_mps"] = 40.0 - 3.0 * rows["tick_us"] / 1e6
    assert changes(rows)[3].speed_braking == pytest.approx(changes(rows)[3].speed)


def test_another_object_under_the_same_track_is_no_change() -> None:
    rows = lasting_errors(1, 100)
    rows["object_id"][50:] = 7
    rows["speed"], rows["east"] = np.where(rows["object_id"] == 7, 100.0, 0.0), 0.0
    assert all(lag.speed == 0.0 for lag in changes(rows))
