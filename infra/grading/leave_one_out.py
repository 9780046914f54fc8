"""What a recording's fused picture loses without one of its sources: that source's marginal value.

The recording is fused again without the source, and both pictures are compared tick by tick: by
place, since what is left gives tracks other ids.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from scipy.optimize import linear_sum_assignment

from operators._typing import FloatArray
from operators.offline import Instant, OfflineFusion

TICK_US = 100_000
NEAR_M = 2.0  # farther apart they are not one object


class _Source(msgspec.Struct):
    source: str = ""


_SOURCE = msgspec.json.Decoder(_Source)


@dataclass(frozen=True, slots=True)
class Loss:
    """What is lost without one source.

    Parameters
    ----------
    source_id
        Who was left out.
    track_s
        Track-seconds of the whole picture.
    lost_s, gained_s
        Track-seconds that only the whole picture has, and that it does not have.
    apart_m
        Root mean square distance of what both have: how much the places owe to the source.
    sigma_m, sigma_without_m
        Root mean square sigma an axis of what both have, with and without the source.
    switches
        How often a track of the whole picture goes on under another id without the source.
    """

    source_id: str
    track_s: float
    lost_s: float
    gained_s: float
    apart_m: float
    sigma_m: float
    sigma_without_m: float
    switches: int


def source_of(line: bytes) -> str:
    """Source of a line of a recording; empty for a line that cannot be read."""
    try:
        return _SOURCE.decode(line).source
    except msgspec.DecodeError:
        return ""


def losses(lines: Sequence[bytes]) -> Iterable[Loss]:
    """Compare the picture of all lines with that without each source, in the order of their ids."""
    names = [source_of(line) for line in lines]
    whole = _pictures(lines)
    for source in sorted(set(names) - {""}):
        rest = [line for line, name in zip(lines, names, strict=True) if name != source]
        yield _compared(source, whole, _pictures(rest))


def _pictures(lines: Iterable[bytes]) -> dict[int, Instant]:
    made = OfflineFusion(TICK_US).run(lines)
    return {one.at_us: one for one in made if isinstance(one, Instant)}


def _compared(source: str, whole: dict[int, Instant], rest: dict[int, Instant]) -> Loss:
    pairs: list[tuple[float, float, float]] = []
    total = lost = gained = switches = 0
    names: dict[int, int] = {}
    for at_us, one in whole.items():
        other = rest.get(at_us)
        total += len(one.rows)
        if other is None or not len(other.rows):
            lost += len(one.rows)
            continue
        apart_m, first, second = _matched(one, other)
        lost += len(one.rows) - len(first)
        gained += len(other.rows) - len(first)
        ids = zip(one.rows["track_id"][first], other.rows["track_id"][second], strict=True)
        for track_id, name in ids:
            switches += names.get(int(track_id), int(name)) != int(name)
            names[int(track_id)] = int(name)
        variances = (_variance_m2(one)[first], _variance_m2(other)[second])
        pairs += zip((apart_m**2).tolist(), *(v.tolist() for v in variances), strict=True)
    gained += sum(len(other.rows) for at_us, other in rest.items() if at_us not in whole)
    unknown = np.full(3, math.nan)
    apart, sigma, without = np.sqrt(np.mean(pairs, axis=0)) if pairs else unknown
    seconds = TICK_US / 1e6
    return Loss(
        source,
        total * seconds,
        lost * seconds,
        gained * seconds,
        float(apart),
        float(sigma),
        float(without),
        switches,
    )


def _matched(one: Instant, other: Instant) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Distances of rows that are one object, and their numbers in both."""
    x, y = other.rows["x_m"], other.rows["y_m"]
    if one.frame is not None and other.frame is not None:
        x, y = one.frame.to_local(*other.frame.to_geographic(x, y))
    dx = np.subtract.outer(one.rows["x_m"], x)
    dy = np.subtract.outer(one.rows["y_m"], y)
    apart_m = np.hypot(dx, dy)
    first, second = linear_sum_assignment(np.minimum(apart_m, 2.0 * NEAR_M))
    near = apart_m[first, second] < NEAR_M
    return apart_m[first, second][near], first[near], second[near]


def _variance_m2(one: Instant) -> FloatArray:
    found: FloatArray = 0.5 * (one.rows["cov_xx_m2"] + one.rows["cov_yy_m2"]).astype(float)
    return found
