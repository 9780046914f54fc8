"""One source in one minute, as `source.quality` tells it: numbers, and faults by name."""

import math
from typing import Any

import numpy as np

from operators.account.tally import NEVER, SourceTally
from operators.reasons import Use
from operators.register.quality import mixup_name

# A factor of four on the variance: its errors are twice, or half, what it declares.
FAR_FROM_DECLARED = 4.0
_OF_STANDING = (
    "clock_s",
    "clock_sigma_s",
    "yaw_rad",
    "yaw_sigma_rad",
    "stretch",
    "stretch_sigma",
    "noise_factor",
    "detection",
)
_PLACE = {"east": "tx", "north": "ty"}


def entry_of(
    source: str,
    tally: SourceTally,
    lasted_s: float,
) -> dict[str, object]:
    """Entry of one source.

    Parameters
    ----------
    source
        Its id.
    tally
        What it did.
    lasted_s
        How much of the minute the cell knew it, seconds.
    """
    rate_hz = tally.instants / lasted_s if lasted_s > 0.0 else math.nan
    declared, standing = tally.declared, tally.known()
    mean_s, median_s, late_s, spread_s = tally.delay_s()
    return {
        "source_id": source,
        "owner": declared.owner if declared else "",
        "faults": faults_of(tally, standing),
        "known_s": lasted_s,
        "frames": tally.frames,
        "instants": tally.instants,
        "clock_corrected": tally.corrected,
        "observations": tally.observations,
        "rate_hz": rate_hz,
        "completeness": completeness_of(tally, lasted_s, rate_hz),
        "delay_mean_s": mean_s,
        "delay_p50_s": median_s,
        "delay_p95_s": late_s,
        "jitter_s": spread_s,
        **_uses(tally),
        "looks": tally.looks,
        "hits": tally.hits,
        "residuals": tally.residuals,
        "residual_mean": tally.residual_sum / tally.residuals if tally.residuals else math.nan,
        **_known(standing, tally),
        "seen_s": tally.seen_s,
        "share_s": tally.share_s,
        "exclusive_s": tally.exclusive_s,
    }


def _uses(tally: SourceTally) -> dict[str, int]:
    names = {
        "used": Use.USED,
        "births": Use.BIRTH,
        "clutter": Use.CLUTTER,
        "quarantined": Use.QUARANTINED,
        "overflow": Use.OVERFLOW,
    }
    return {name: tally.uses.get(use, 0) for name, use in names.items()} | {"ghosts": tally.ghosts}


def _known(standing: np.void | None, tally: SourceTally) -> dict[str, object]:
    """What the cell's estimates say; unknown numbers are NaN."""
    known: dict[str, Any] = dict.fromkeys(_OF_STANDING, math.nan)
    for side in _PLACE:
        known |= {f"bias_{side}_m": math.nan, f"bias_{side}_sigma_m": math.nan}
    known |= {"noise_m": math.nan, "lasting_m": math.nan}
    known |= {"anchor": False, "registered": False, "steps": 0}
    if standing is None:
        return known
    known |= {name: float(standing[name]) for name in _OF_STANDING}
    for side, axis in _PLACE.items():
        known[f"bias_{side}_m"] = float(standing[f"{axis}_m"])
        known[f"bias_{side}_sigma_m"] = float(standing[f"{axis}_sigma_m"])
    if not standing["declares"]:
        known["noise_factor"] = math.nan
    known["noise_m"] = math.sqrt(standing["noise_m2"])
    known["lasting_m"] = math.sqrt(standing["lasting_m2"])
    known["anchor"], known["registered"] = bool(standing["anchor"]), bool(standing["met"])
    known["steps"] = _steps(standing, tally)
    return known


def _steps(standing: np.void, tally: SourceTally) -> int:
    """Jumps of clock or pose in the minute; a cell that forgot the source counts anew."""
    return max(int(standing["steps"]) - tally.steps, 0)


def completeness_of(tally: SourceTally, lasted_s: float, rate_hz: float) -> float:
    """Share of the expected instants that came; NaN if nobody knows how many to expect.

    Only a sensor whose view is declared sends its cell a frame also when nothing is there. It is
    held to the rate that it promises, else to the one that it had.
    """
    declared = tally.declared
    if declared is None or not declared.looks or lasted_s <= 0.0:
        return math.nan
    expected_hz = declared.nominal_rate_hz
    if not expected_hz > 0.0:
        expected_hz = max(tally.usual_hz, rate_hz)
    return min(rate_hz / expected_hz, 1.0) if expected_hz > 0.0 else math.nan


def faults_of(tally: SourceTally, standing: np.void | None) -> list[str]:
    """Names of what is wrong, in alphabetical order."""
    found = {
        "DEAD": tally.frames == 0 and tally.last_event_us > NEVER,
        "ECHO": tally.echo,
        "CLOCK_CORRECTED": tally.corrected > 0,
        "QUARANTINED": tally.uses.get(Use.QUARANTINED, 0) > 0,
    }
    if standing is not None:
        factor = standing["noise_factor"] if standing["declares"] else 1.0
        found |= {
            "STEP": _steps(standing, tally) > 0,
            "OVERCONFIDENT": factor > FAR_FROM_DECLARED,
            "UNDERCONFIDENT": factor < 1.0 / FAR_FROM_DECLARED,
        }
        if standing["mixup"]:
            found[mixup_name(standing)] = True
    return sorted(name for name, true in found.items() if true)
