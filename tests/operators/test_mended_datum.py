"""A source's datum is mended while it sends; through the whole pipeline."""

import numpy as np
import pytest

from operators.sources import NOTICE_US
from operators.transform.bd09 import wgs84_to_bd09
from operators.transform.gcj02 import wgs84_to_gcj02
from tests.builders import (
    FORMAT,
    SECOND_US,
    START_US,
    a_log,
    an_observation,
    column,
    content,
    degrees,
    fates,
    outputs_of,
    values,
)

FORWARD = {"GCJ-02": wgs84_to_gcj02, "BD-09": wgs84_to_bd09}
MENDED_US = START_US + 4 * SECOND_US
FRAMES = 250
EVERY_US = 100_000


def seen(datum, place=(0.0, 0.0)):
    """A parked car as a source of that datum tells it."""
    lat, lon = degrees(*place)
    moved = FORWARD[datum](np.array([lon]), np.array([lat])) if datum in FORWARD else (lon, lat)
    lon, lat = (float(np.ravel(c)[0]) for c in moved)
    return an_observation() | {"lat_deg": lat, "lon_deg": lon}


def mended_log(says, becomes):
    """A source that sends degrees of `says`, declared WGS-84 and later `becomes`."""
    log = a_log()
    for k in range(FRAMES):
        log.see(START_US + k * EVERY_US, [seen(says)])
    log.declare("unit-1", receive_us=MENDED_US, datum=becomes, format=FORMAT)
    return log


def errors_m(outputs):
    """Of every published row: its tick and its distance from the parked car."""
    lat0, lon0 = degrees(0.0, 0.0)
    made = []
    for value in values(outputs, "fused.objects"):
        lat = column(value, "lat_e7", "<i4") / 1e7
        lon = column(value, "lon_e7", "<i4") / 1e7
        off = np.hypot((lat - lat0) * 111_000, (lon - lon0) * 111_000 * np.cos(np.radians(lat0)))
        made += [(value["tick_us"], distance) for distance in off.tolist()]
    return np.array(made)


@pytest.mark.parametrize(("datum", "shift_m"), [("GCJ-02", 500.0), ("BD-09", 1100.0)])
def test_observations_move_from_the_moment_the_mended_entry_holds(datum, shift_m):
    outputs = outputs_of(mended_log(datum, datum))
    assert fates(outputs) == {("ACCEPTED", ""): FRAMES}
    rows = errors_m(outputs)
    from_us = MENDED_US + NOTICE_US
    before, after = rows[rows[:, 0] < from_us], rows[rows[:, 0] > from_us + SECOND_US]
    assert (before[:, 1] > 0.6 * shift_m).all()
    assert len(before) > 70
    assert set(after[after[:, 1] < 1.0, 0]) == set(after[:, 0])
    # The track at the wrong place coasts until its place is too uncertain to show.
    last = after[after[:, 0] > START_US + (FRAMES - 20) * EVERY_US]
    assert (last[:, 1] < 1.0).all()


def test_every_observation_before_lies_there_and_every_one_after_here():
    outputs = outputs_of(mended_log("GCJ-02", "GCJ-02"))
    tracks = {}
    for value in values(outputs, "fused.links"):
        ids = column(value, "track_id", "<u8").tolist()
        for at_us, track_id in zip(column(value, "event_time_us", "<i8"), ids, strict=True):
            tracks.setdefault(track_id, []).append(int(at_us))
    first, second = sorted(tracks.values())
    # Receive time is 50 ms behind, and it is the receive time that chooses the entry.
    assert max(first) == MENDED_US + NOTICE_US - EVERY_US
    assert min(second) == MENDED_US + NOTICE_US


def test_mending_from_wgs84_to_cgcs2000_changes_no_row():
    outputs = [outputs_of(mended_log("WGS-84", becomes)) for becomes in ("WGS-84", "CGCS2000")]
    assert content(outputs[0]) == content(outputs[1])


def test_where_the_watermark_stood_changes_no_row():
    log = mended_log("BD-09", "BD-09")
    assert content(outputs_of(log)) == content(outputs_of(log, step_us=10_000))


def test_a_bad_mending_is_a_dead_letter_and_changes_nothing():
    log = mended_log("WGS-84", "WGS-84")
    log.declare("unit-1", receive_us=MENDED_US, datum="GCJ-02", frame="EPSG:4509")
    outputs = outputs_of(log)
    (letter,) = values(outputs, "dead.letters")
    assert letter["reason"] == "BAD_SOURCE_ENTRY"
    assert "EPSG:4509" in letter["detail"]
    assert (errors_m(outputs)[:, 1] < 1.0).all()
