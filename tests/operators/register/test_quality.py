import numpy as np

from operators.register.common import MET_PAIRS
from operators.register.gross import Mixup
from operators.register.quality import mixup_name, quality_rows
from operators.register.state import ANCHOR, NEVER, no_registry


def test_a_row_says_what_is_known_of_each_source():
    registry = no_registry()
    registry.counts[0] = 1
    registry.roles[:3] = ANCHOR, 0, -2
    registry.bias[0] = 0.1, 1.0, 2.0, 0.03, 0.004
    registry.covariance[:5, :5] = np.diag(np.array([1e-3, 0.1, 0.2, 1e-3, 1e-4]) ** 2)
    registry.units["pairs"][0], registry.units["scale"][0] = MET_PAIRS, 1.5
    registry.units["steps"][0], registry.units["step_us"][0] = 2, 1_700_000_000_000_000
    registry.mixups[2] = Mixup.AXES_SWAPPED
    anchor, unit, other = quality_rows(registry, 3)
    assert (anchor["anchor"], anchor["registered"], anchor["met"]) == (1, 0, 0)
    assert (unit["anchor"], unit["registered"], unit["met"]) == (0, 1, 1)
    assert unit["residual_scale"] == 1.5
    names = ("clock_s", "tx_m", "ty_m", "yaw_rad", "stretch")
    assert [unit[name] for name in names] == [0.1, 1.0, 2.0, 0.03, 0.004]
    sigmas = ("clock_sigma_s", "tx_sigma_m", "ty_sigma_m", "yaw_sigma_rad", "stretch_sigma")
    np.testing.assert_allclose([unit[name] for name in sigmas], [1e-3, 0.1, 0.2, 1e-3, 1e-4])
    assert (unit["steps"], unit["step_us"]) == (2, 1_700_000_000_000_000)
    assert all(np.isnan(other[name]) for name in (*names, *sigmas, "residual_scale"))
    assert [mixup_name(row) for row in (unit, other)] == ["", "AXES_SWAPPED"]


def test_a_unit_that_never_stepped_has_no_step():
    registry = no_registry()
    registry.counts[0], registry.roles[0] = 1, 0
    registry.units["step_us"][0] = NEVER
    (row,) = quality_rows(registry, 1)
    assert (row["steps"], row["step_us"], row["met"]) == (0, 0, 0)


def test_what_probes_leave_unknown_is_in_the_sigmas_of_places():
    registry = no_registry()
    registry.counts[0], registry.roles[0] = 1, 0
    (before,), (after,) = quality_rows(registry, 1), quality_rows(registry, 1, 0.09)
    for name in ("tx_sigma_m", "ty_sigma_m"):
        assert after[name] == np.sqrt(before[name] ** 2 + 0.09)
    assert after["yaw_sigma_rad"] == before["yaw_sigma_rad"]
