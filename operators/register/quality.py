"""What the registration says of each source of a cell, for its quality record."""

import numpy as np

from operators._typing import RecordArray
from operators.register.common import MET_PAIRS
from operators.register.gross import Mixup
from operators.register.state import (
    ANCHOR,
    ERRORS,
    NEVER,
    PSI,
    STRETCH,
    TAU,
    TX,
    TY,
    Registry,
)

# One source of a cell. Errors are what the source adds: subtract them to be right.
QUALITY_ROW = np.dtype(
    [
        ("slot", "<i4"),
        ("anchor", "u1"),  # others are measured against it
        ("registered", "u1"),  # its errors are estimated
        ("met", "u1"),  # from enough pairs with others; else the numbers are the prior's
        ("mixup", "u1"),  # operators.register.gross.Mixup; not 0: quarantined in this cell
        ("clock_s", "<f8"),
        ("clock_sigma_s", "<f8"),
        ("tx_m", "<f8"),
        ("ty_m", "<f8"),
        ("tx_sigma_m", "<f8"),
        ("ty_sigma_m", "<f8"),
        ("yaw_rad", "<f8"),
        ("yaw_sigma_rad", "<f8"),
        ("stretch", "<f8"),
        ("stretch_sigma", "<f8"),
        ("residual_scale", "<f8"),  # squared residuals of pairs over what was declared, >= 1
        ("steps", "<i4"),  # times that its clock or pose jumped
        ("step_us", "<i8"),  # event time of the last; 0 for none
    ]
)
_NAMES = {
    "clock_s": TAU,
    "tx_m": TX,
    "ty_m": TY,
    "yaw_rad": PSI,
    "stretch": STRETCH,
}
_SIGMAS = {
    "clock_sigma_s": TAU,
    "tx_sigma_m": TX,
    "ty_sigma_m": TY,
    "yaw_sigma_rad": PSI,
    "stretch_sigma": STRETCH,
}


def quality_rows(registry: Registry, n_sources: int, carried_m2: float = 0.0) -> RecordArray:
    """One row for each source slot in use.

    Parameters
    ----------
    n_sources
        Number of slots that sources have.
    carried_m2
        Variance an axis that the anchors' lasting errors leave in all places
        (`operators.register.anchors`).

    Returns
    -------
    structured array of shape (n_sources,), dtype `QUALITY_ROW`
        Errors and sigmas of who is not registered are NaN.
    """
    rows = np.zeros(n_sources, QUALITY_ROW)
    variances = np.diag(registry.covariance).reshape(-1, ERRORS)
    for name in (*_NAMES, *_SIGMAS, "residual_scale"):
        rows[name] = np.nan
    for slot in range(n_sources):
        row, role = rows[slot], int(registry.roles[slot])
        row["slot"], row["mixup"] = slot, registry.mixups[slot]
        row["anchor"], row["registered"] = role == ANCHOR, role >= 0
        if role < 0:
            continue
        unit = registry.units[role]
        row["met"] = unit["pairs"] >= MET_PAIRS
        row["residual_scale"], row["steps"] = unit["scale"], unit["steps"]
        row["step_us"] = 0 if unit["step_us"] == NEVER else unit["step_us"]
        for name, k in _NAMES.items():
            row[name] = registry.bias[role, k]
        for name, k in _SIGMAS.items():
            shared_m2 = carried_m2 if k in (TX, TY) else 0.0
            row[name] = np.sqrt(variances[role, k] + shared_m2)
    return rows


def mixup_name(row: np.void) -> str:
    """Name of what a source mixed up; empty for nothing."""
    return Mixup(int(row["mixup"])).name if row["mixup"] else ""
