"""Where an intersection's own map and another network draw the same lane.

Both would name the objects on it, so neither could. The map is the nearer truth (its owner surveyed
it, and its signals speak of its lanes), so it names them: there the other lane is not looked for.
Two lanes are the same where the middle of one lies between the edges of the other and runs its way,
which is asked every five metres.
"""

import numpy as np

from operators._typing import BoolArray, FloatArray, RecordArray

_STEP_M = 5.0
_SAME_WAY = 0.8  # cosine


def covered_pieces(
    lanes: RecordArray, pieces: RecordArray, of_map: BoolArray
) -> tuple[RecordArray, BoolArray]:
    """Find what maps draw of the lanes of other networks.

    Parameters
    ----------
    lanes : structured array of shape (n,), dtype `operators.road.lanes.LANE`
    pieces : structured array of shape (p,), dtype `operators.road.lanes.PIECE`
        Those of a lane together, in their order.
    of_map : ndarray of shape (n,)
        Whether an intersection's own map draws a lane.

    Returns
    -------
    pieces : structured array of shape (q,)
        The same ways; those near a map are in short pieces.
    covered : ndarray of shape (q,)
        Whether a map draws the middle of a piece that is none of its own.
    """
    drawn = pieces[of_map[pieces["lane"]]]
    if not len(drawn):
        return pieces, np.zeros(len(pieces), np.bool_)
    whole = _split(pieces, ~of_map[pieces["lane"]] & _near(pieces, drawn, lanes))
    covered, other = np.zeros(len(whole), np.bool_), ~of_map[whole["lane"]]
    for piece in drawn:
        covered |= other & _on(piece, lanes, whole)
    return whole, covered


def _near(pieces: RecordArray, drawn: RecordArray, lanes: RecordArray) -> BoolArray:
    """Pieces whose box comes near that of a drawn piece."""
    (low, high), found = _box(pieces), np.zeros(len(pieces), np.bool_)
    reach = lanes["half_m"][drawn["lane"]]
    for start, end, wide in zip(*_box(drawn), reach, strict=True):
        found |= ((low <= end + wide) & (high >= start - wide)).all(axis=1)
    return found


def _box(pieces: RecordArray) -> tuple[FloatArray, FloatArray]:
    start = np.column_stack([pieces["x_m"], pieces["y_m"]])
    way = np.column_stack([pieces["ux"], pieces["uy"]]) * pieces["length_m"][:, None]
    return np.minimum(start, start + way), np.maximum(start, start + way)


def _split(pieces: RecordArray, chosen: BoolArray) -> RecordArray:
    """Cut the chosen pieces into equal ones of a step at the most."""
    parts = np.where(chosen, np.ceil(pieces["length_m"] / _STEP_M), 1.0).astype(np.int64)
    made = np.repeat(pieces, parts)
    number = np.arange(len(made)) - np.repeat(np.cumsum(parts) - parts, parts)
    made["length_m"] /= np.repeat(parts, parts)
    for name, way in (("x_m", made["ux"]), ("y_m", made["uy"]), ("along_m", 1.0)):
        made[name] += way * made["length_m"] * number
    return made


def _on(piece: np.void, lanes: RecordArray, others: RecordArray) -> BoolArray:
    """Which of others have their middle on a piece of a lane and go its way."""
    lane = lanes[piece["lane"]]
    x = others["x_m"] + others["ux"] * others["length_m"] / 2 - piece["x_m"]
    y = others["y_m"] + others["uy"] * others["length_m"] / 2 - piece["y_m"]
    along = x * piece["ux"] + y * piece["uy"]
    across = y * piece["ux"] - x * piece["uy"]
    cosine = others["ux"] * piece["ux"] + others["uy"] * piece["uy"]
    both = lane["both_ways"] & lanes["both_ways"][others["lane"]]
    same = np.where(both, np.abs(cosine), cosine) >= _SAME_WAY
    same &= lanes["walkers"][others["lane"]] == lane["walkers"]
    inside = (along >= 0.0) & (along <= piece["length_m"])
    found: BoolArray = inside & same & (np.abs(across) <= lane["half_m"])
    return found
