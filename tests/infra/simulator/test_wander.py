"""Errors that last."""

import numpy as np
import pytest

from infra.simulator.wander import mixed, wander


def correlation(values, apart):
    return float(np.mean(values[apart:] * values[:-apart]) / np.mean(values**2))


def test_wander_has_unit_variance_and_falls_to_1_over_e_in_its_time():
    values = wander(np.random.default_rng(1), 400, (500,), 10.0)
    assert values.std() == pytest.approx(1.0, abs=0.02)
    assert values[0].std() == pytest.approx(1.0, abs=0.1)
    assert correlation(values, 10) == pytest.approx(np.exp(-1.0), abs=0.03)


def test_mixed_keeps_its_share_and_unit_variance():
    values = mixed(np.random.default_rng(1), 400, (500,), 1e4, 0.6)
    assert values.std() == pytest.approx(1.0, abs=0.06)
    assert correlation(values, 1) == pytest.approx(0.6, abs=0.05)
