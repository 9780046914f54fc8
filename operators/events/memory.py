"""What is remembered of each track of a cell: where it was, how fast, what it waits for.

Positions of the last seconds are kept at eight instants that all tracks share (`Slots`), so that a
memory is 150 bytes for a track whatever happens to it.
"""

import numpy as np

from operators._typing import FloatArray, IntArray, RecordArray

SLOTS = 8
SLOT_US = 300_000  # eight of them reach back 2.1 to 2.4 s
MOVING_MPS = 1.5  # slower, the direction of motion is noise
_STANDS_MPS = 0.7
_FOLLOWS = 0.3  # share of a new direction that is taken at once: a third of a second of memory
_FAST_MPS = 8.0

MEMORY = np.dtype(
    [
        ("track_id", "<u8"),
        ("first_us", "<i8"),
        ("stands_us", "<i8"),  # since when it stands; 0 if it moves
        ("fast_us", "<i8"),  # when it last went at 8 m/s or more; 0 for never
        ("outside_us", "<i8"),  # when it was last seen outside all closed work zones
        ("red_us", "<i8"),  # since when the signal of its lane is red; 0 if it is not
        ("red_told_us", "<i8"),  # when that was told last
        ("crossed_us", "<i8"),  # when its front crossed a stop line at red; 0 if it did not
        ("red_s", "<f4"),  # for how long it had been red then
        ("line", "<u8"),  # the last controlled lane that it was on
        ("group", "<u8"),  # what is told of the queue that it stands in
        ("stop", "<u8"),  # what is told of the sudden stop that it is part of
        ("stands_x_m", "<f4"),
        ("stands_y_m", "<f4"),
        ("course_rad", "<f4"),  # direction of its last motion, else of its box; NaN if unknown
        ("against_m", "<f4"),  # how far it went against the direction of lanes
        ("trail_x_m", "<f4", SLOTS),  # NaN where it was not seen
        ("trail_y_m", "<f4", SLOTS),
        ("trail_mps", "<f4", SLOTS),
    ]
)


def no_slots() -> list[int]:
    """Instants of the trails before anything was seen."""
    return [0] * SLOTS


def follow(
    remembered: RecordArray, rows: RecordArray, slots: list[int], tick_us: int
) -> tuple[RecordArray, list[int]]:
    """Memory of each row at a tick, and the instants of the trails.

    Parameters
    ----------
    remembered : structured array, dtype `MEMORY`
        Of the tick before, sorted by track.
    rows : structured array of shape (n,), dtype `operators.events.rows.ROW`
        Sorted by track.
    slots
        Instants of the trails of `remembered`.
    tick_us
        The tick.

    Returns
    -------
    memory : structured array of shape (n,), dtype `MEMORY`
        Tracks that are not among the rows are forgotten.
    slots : list of int
    """
    memory = _known(remembered, rows, tick_us)
    slots = _shift(memory, rows, slots, tick_us)
    moving = rows["speed_mps"] > np.maximum(MOVING_MPS, 2.0 * rows["speed_sigma_mps"])
    turn = np.arctan2(rows["vy_mps"], rows["vx_mps"]) - memory["course_rad"]
    turn = np.arctan2(np.sin(turn), np.cos(turn)) * _FOLLOWS
    first = moving & np.isnan(memory["course_rad"])
    memory["course_rad"][moving] += turn[moving]
    memory["course_rad"][first] = np.arctan2(rows["vy_mps"], rows["vx_mps"])[first]
    unknown = np.isnan(memory["course_rad"])
    memory["course_rad"][unknown] = rows["heading_rad"][unknown]
    memory["fast_us"][rows["speed_mps"] >= _FAST_MPS] = tick_us
    _stand(memory, rows, tick_us)
    return memory, slots


def _known(remembered: RecordArray, rows: RecordArray, tick_us: int) -> RecordArray:
    memory = np.zeros(len(rows), MEMORY)
    memory["track_id"], memory["first_us"] = rows["track_id"], tick_us
    memory["course_rad"] = np.nan
    for name in ("trail_x_m", "trail_y_m", "trail_mps"):
        memory[name] = np.nan
    at, hit = found_in(remembered["track_id"], rows["track_id"])
    memory[hit] = remembered[at[hit]]
    return memory


def found_in(known: IntArray, wanted: IntArray) -> tuple[IntArray, IntArray]:
    """Where each of `wanted` stands in `known`, which is sorted, and which stand there at all."""
    if not len(known):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
    at = np.searchsorted(known, wanted).clip(max=len(known) - 1)
    return at, known[at] == wanted


def _shift(memory: RecordArray, rows: RecordArray, slots: list[int], tick_us: int) -> list[int]:
    """Add a place to the trails once in each slot of time."""
    if tick_us // SLOT_US == slots[-1] // SLOT_US:
        return slots
    for name, now in (("trail_x_m", "x_m"), ("trail_y_m", "y_m"), ("trail_mps", "speed_mps")):
        memory[name][:, :-1] = memory[name][:, 1:].copy()
        memory[name][:, -1] = rows[now]
    return [*slots[1:], tick_us]


def _stand(memory: RecordArray, rows: RecordArray, tick_us: int) -> None:
    """Since when each track stands: slow, and not farther than its error from where it stopped."""
    off_m = np.hypot(rows["x_m"] - memory["stands_x_m"], rows["y_m"] - memory["stands_y_m"])
    slow = rows["speed_mps"] < _STANDS_MPS + 2.0 * rows["speed_sigma_mps"].clip(max=0.5)
    stays = slow & (memory["stands_us"] > 0) & (off_m < 1.0 + 4.0 * rows["sigma_m"])
    begins = slow & ~stays
    memory["stands_us"][~slow] = 0
    memory["stands_us"][begins] = tick_us
    memory["stands_x_m"][begins] = rows["x_m"][begins]
    memory["stands_y_m"][begins] = rows["y_m"][begins]


def standing_s(memory: RecordArray, tick_us: int) -> FloatArray:
    """For how long each track stands, 0 if it moves; shape (n,)."""
    return np.where(memory["stands_us"] > 0, (tick_us - memory["stands_us"]) / 1e6, 0.0)
