"""What a track did on a segment in a second, and the figures of a segment over any period.

Edie's generalised definitions (Discussion of traffic stream measurements and definitions, 1963):
over a stretch of length L and a period T all vehicles spend the time t and go the distance d in
it. Then flow is d / (L T), density t / (L T) and the space-mean speed d / t. With sensors that look
at a part of the stretch L is the length of that part.

Where one segment ends and the next begins nobody can say for a metre on which of them a track is,
and nothing is told of it there. Its way goes on all the same: what is missing between a place near
an end and the end is added, so that short segments do not miss vehicles. Ticks that are missing in
between count as those around them. Who stands does not move, whatever the error of its speed says.
"""

import numpy as np

from operators._typing import BoolArray, FloatArray, IntArray, RecordArray
from operators.account.records import SECOND_US
from operators.jit import KeyArray
from operators.segments.scene import ROW

# One track on one segment in one second.
TRACK_SECOND = np.dtype(
    [
        ("start_us", "<i8"),
        ("first_us", "<i8"),  # tick
        ("last_us", "<i8"),
        ("segment_id", "<u8"),
        ("track_id", "<u8"),
        ("lane_id", "<u8"),
        ("time_s", "<f4"),
        ("distance_m", "<f4"),  # against the lane's direction it counts too
        ("speed_mps", "<f4"),  # at the last tick, as are the next two
        ("front_m", "<f4"),  # along
        ("rear_m", "<f4"),
        ("first_m", "<f4"),  # of the front, at the first tick
        ("object_class", "u1"),
        ("queued", "?"),
    ]
)
# A queue is joined below 5 km/h, as in the queue output of SUMO, and left above twice that, so that
# who creeps up does not leave and join again.
JOIN_MPS, LEAVE_MPS = 1.4, 2.8
STANDS_MPS = 0.4  # a mean over a second: twice what the speed of a track that stands errs by
SEAM_M = 2.0  # from an end of a segment: nearer than this it is not always told
USUAL_LENGTH_M = 4.5  # of an object of which nobody knows it
LEAST_SEEN = 0.1  # share of a segment that has to be looked at for a flow or a density
NEVER_QUEUED = (7, 8, 9)  # pedestrian, animal, obstacle


def track_seconds(
    second_us: int, ticks: IntArray, rows: RecordArray, length_m: FloatArray, tick_us: int,
    queued: KeyArray,
) -> RecordArray:  # fmt: skip
    """Sum up the ticks of a second, by segment and track.

    Parameters
    ----------
    second_us
        Start of the second.
    ticks : ndarray of shape (n,)
        Tick of each row, microseconds.
    rows : structured array of shape (n,), dtype `operators.segments.scene.ROW`
    length_m : ndarray of shape (n,)
        Of the segment, or the lane, of each row.
    tick_us
        Distance of ticks: what each row stands for.
    queued : ndarray of shape (q,)
        Tracks that were in a queue the second before.

    Returns
    -------
    structured array of shape (m,), dtype `TRACK_SECOND`
        Sorted by segment and track. A track is in a queue where it is at the end of the second.
    """
    order = np.lexsort((ticks, rows["track_id"], rows["segment_id"]))
    rows, ticks, length_m = rows[order], ticks[order], length_m[order]
    starts = _starts(rows["segment_id"], rows["track_id"])
    made = np.zeros(len(starts), TRACK_SECOND)
    if not len(starts):
        return made
    last = np.append(starts[1:], len(rows)) - 1
    made["start_us"] = second_us
    for name in ("segment_id", "track_id"):
        made[name] = rows[name][starts]
    made["first_us"], made["last_us"] = ticks[starts], ticks[last]
    for name in ("lane_id", "object_class", "speed_mps"):
        made[name] = rows[name][last]
    counts = np.diff(np.append(starts, len(rows)))
    speed = np.add.reduceat(rows["speed_mps"].astype(float), starts) / counts
    time_s = (ticks[last] - ticks[starts] + tick_us) / 1e6
    came, goes = ticks[starts] > second_us, ticks[last] < second_us + SECOND_US - tick_us
    seams_m = _seam_m(came, rows[starts], rows["along_m"][starts], tick_us)
    seams_m += _seam_m(goes, rows[last], length_m[last] - rows["along_m"][last], tick_us)
    stands = (speed < STANDS_MPS) & (speed > -JOIN_MPS)
    made["distance_m"] = np.where(stands, 0.0, np.abs(speed)) * time_s + seams_m
    made["time_s"] = time_s + seams_m / np.maximum(speed, JOIN_MPS)
    length = rows["length_m"][last]
    half = np.where(np.isfinite(length), length, USUAL_LENGTH_M) / 2
    made["front_m"] = rows["along_m"][last] + half
    made["rear_m"] = rows["along_m"][last] - half
    made["first_m"] = rows["along_m"][starts] + half
    there = ticks[last] >= second_us + SECOND_US - 2 * tick_us
    made["queued"] = there & _in_queue(made, queued)
    return made


def _seam_m(passed: BoolArray, rows: RecordArray, left_m: FloatArray, tick_us: int) -> FloatArray:
    """Way between rows and an end of their segment that no row stands for, metres.

    Parameters
    ----------
    passed : ndarray of shape (m,)
        Whether a track was beyond that end within the second.
    rows : structured array of shape (m,), dtype `operators.segments.scene.ROW`
        The nearest of each; a row stands for half a tick before and after it.
    left_m : ndarray of shape (m,)
        From there to the end.
    tick_us
        Distance of ticks.
    """
    speed = rows["speed_mps"].astype(float)
    missing_m = left_m - speed * tick_us / 2e6
    near = (missing_m > 0.0) & (missing_m <= SEAM_M) & (speed > JOIN_MPS)
    return np.where(passed & near, missing_m, 0.0)


def _in_queue(made: RecordArray, queued: KeyArray) -> BoolArray:
    speed = speeds_mps(made)
    slow: BoolArray = speed < np.where(np.isin(made["track_id"], queued), LEAVE_MPS, JOIN_MPS)
    return slow & ~np.isin(made["object_class"], NEVER_QUEUED)


def speeds_mps(seconds: RecordArray) -> FloatArray:
    """Mean speed of each track-second."""
    speed: FloatArray = seconds["distance_m"].astype(float) / seconds["time_s"]
    return speed.clip(0.0)


def _starts(*keys: IntArray) -> IntArray:
    """Where runs of equal keys begin."""
    if not len(keys[0]):
        return np.zeros(0, np.int64)
    new = np.ones(len(keys[0]), np.bool_)
    new[1:] = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
    return new.nonzero()[0]


def columns(
    ids: KeyArray,
    length_m: FloatArray,
    seen: FloatArray,
    seconds: RecordArray,
    period_us: int,
) -> dict[str, RecordArray]:
    """Figures of segments over a period, as columns of ``segments.state``.

    Parameters
    ----------
    ids : ndarray of shape (s,)
        Segments, sorted.
    length_m, seen : ndarray of shape (s,)
        Their lengths, and the share of each that was looked at in the period.
    seconds : structured array of shape (n,), dtype `TRACK_SECOND`
        Sorted by second, segment and track.
    period_us
        Length of the period.
    """
    n = len(ids)
    at = np.searchsorted(ids, seconds["segment_id"])
    time_s = np.bincount(at, seconds["time_s"], n)
    distance_m = np.bincount(at, seconds["distance_m"], n).clip(0.0)
    looked = np.where(seen >= LEAST_SEEN, seen * length_m * period_us / 1e6, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        speed = distance_m / time_s
        flow_vph = distance_m / looked * 3600.0
        density_vpkm = time_s / looked * 1000.0
    p15, p50, p85 = _percentiles(at, speeds_mps(seconds), n, (0.15, 0.5, 0.85))
    made = {
        "segment_id": ids,
        "length_m": length_m,
        "seen": seen,
        "time_s": time_s,
        "distance_m": distance_m,
        "vehicles": _distinct(at, seconds["track_id"], n),
        "flow_vph": flow_vph,
        "density_vpkm": density_vpkm,
        "speed_mps": speed,
        "speed_p15_mps": p15,
        "speed_p50_mps": p50,
        "speed_p85_mps": p85,
    }
    return made | _queues(at, seconds, n) | _classes(at, seconds, n)


def _distinct(at: IntArray, tracks: IntArray, n: int) -> IntArray:
    order = np.lexsort((tracks, at))
    first = _starts(at[order], tracks[order])
    return np.bincount(at[order][first], minlength=n)


def _percentiles(
    at: IntArray, values: FloatArray, n: int, shares: tuple[float, ...]
) -> list[FloatArray]:
    """Linear percentiles of the values of each segment; NaN for one without any."""
    order = np.lexsort((values, at))
    ranked = values[order]
    counts = np.bincount(at, minlength=n)
    starts = np.cumsum(counts) - counts
    found = []
    for share in shares:
        place = share * (counts - 1).clip(0)
        low = np.floor(place).astype(np.int64)
        high = np.minimum(low + 1, (counts - 1).clip(0))
        made = np.full(n, np.nan)
        some = counts > 0
        below, above = ranked[(starts + low)[some]], ranked[(starts + high)[some]]
        made[some] = below + (above - below) * (place - low)[some]
        found.append(made)
    return found


def _queues(at: IntArray, seconds: RecordArray, n: int) -> dict[str, RecordArray]:
    """The longest queue of each segment in any second: of one second that at its end."""
    held = seconds["queued"]
    made = {
        "queued": np.zeros(n, np.int64),
        "queue_m": np.zeros(n),
        "queue_end_m": np.full(n, np.nan),
    }
    if not held.any():
        return made
    waits, where = seconds[held], at[held]
    order = np.lexsort((waits["lane_id"], waits["start_us"], where))
    waits, where = waits[order], where[order]
    starts = _starts(where, waits["start_us"])
    count = np.diff(np.append(starts, len(where)))
    np.maximum.at(made["queued"], where[starts], count)
    starts = _starts(where, waits["start_us"], waits["lane_id"])
    front = np.maximum.reduceat(waits["front_m"], starts).astype(float)
    rear = np.minimum.reduceat(waits["rear_m"], starts).astype(float)
    np.maximum.at(made["queue_m"], where[starts], front - rear)
    np.fmin.at(made["queue_end_m"], where[starts], rear)
    return made


def _classes(at: IntArray, seconds: RecordArray, n: int) -> dict[str, RecordArray]:
    """The same sums by class: of each segment the classes that were there, rising."""
    order = np.lexsort((seconds["track_id"], seconds["object_class"], at))
    held, where = seconds[order], at[order]
    starts = _starts(where, held["object_class"])
    whole = np.append(starts, len(held))
    group = np.repeat(np.arange(len(starts)), np.diff(whole))
    return {
        "class_count": np.bincount(where[starts], minlength=n),
        "object_class": held["object_class"][starts],
        "class_time_s": np.bincount(group, held["time_s"], len(starts)),
        "class_distance_m": np.bincount(group, held["distance_m"], len(starts)),
        "class_vehicles": _distinct(group, held["track_id"], len(starts)),
    }


def rows_with_ticks(scenes: list[tuple[int, bytes]]) -> tuple[IntArray, RecordArray]:
    """Ticks and rows of scenes, given as tick and packed rows."""
    parts = [np.frombuffer(packed, ROW) for _, packed in scenes]
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0, ROW)
    ticks = np.repeat([tick for tick, _ in scenes], [len(part) for part in parts])
    return ticks.astype(np.int64), np.concatenate(parts)
