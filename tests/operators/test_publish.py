import msgspec
import numpy as np
import pytest

from operators.enrich.context import share_feature
from operators.envelope import Kind, seal
from operators.parameters import Parameters
from operators.pipeline import FOREVER_US, Stage
from operators.publish import NAMED_US, Publish
from operators.report import Name, Report, encoder
from operators.routes import EVENTS, LINKS, OBJECTS, OBSERVATIONS
from operators.transform.cells import LOCAL
from tests.builders import HOME, SECOND_US, START_US, a_link, a_row, column, values

PARAMETERS = Parameters()
TICK_US, CUT_US = PARAMETERS.tick_us, PARAMETERS.cut_us


def publish(pictures, names=(), key=HOME.key, feature=None, links=b""):
    """Outputs for track rows by tick number, and names told at ticks."""
    stage = Stage(Publish(PARAMETERS), share_feature)
    if feature is not None:
        stage.broadcast(msgspec.msgpack.encode(feature))
    for k, rows in pictures.items():
        report = Report(
            START_US + k * TICK_US, b"".join(r.tobytes() for r in rows),
            ["u1"], links, ["u1"], ["raw.roadside"], ["u1"], [],
        )  # fmt: skip
        stage.take(key, seal(report.tick_us + CUT_US, Kind.PICTURE, encoder.encode(report)))
    for k, local, name in names:
        due_us = START_US + k * TICK_US + CUT_US
        stage.take(key, seal(due_us, Kind.NAME, encoder.encode(Name(local, name))))
    return list(stage.advance(FOREVER_US))


def ids(outputs):
    return [column(v, "track_id", "<u8").tolist() for v in values(outputs, OBJECTS)]


def events(outputs):
    return [(v["kind"], v["track_id"], v["other_track_id"]) for v in values(outputs, EVENTS)]


def every_tick(n, *rows):
    return dict.fromkeys(range(n), rows)


def test_a_picture_is_published_for_every_report_and_counted():
    made = values(publish(every_tick(3, a_row())), OBJECTS)
    assert [v["sequence"] for v in made] == [0, 1, 2]
    assert [v["tick_us"] - START_US for v in made] == [0, TICK_US, 2 * TICK_US]
    assert made[0]["cell_key"] == HOME.key


def test_only_confirmed_tracks_inside_the_border_are_published():
    rows = [a_row(), a_row(track_id=2, confirmed=0), a_row(track_id=3, x_m=5000.0)]
    assert ids(publish(every_tick(1, *rows))) == [[1]]
    assert ids(publish(every_tick(1, *rows), key=LOCAL)) == [[1, 3]]


def test_a_name_holds_from_the_tick_at_which_it_is_told():
    outputs = publish(every_tick(3, a_row()), names=[(1, 1, 70)])
    assert ids(outputs) == [[1], [70], [70]]
    assert events(outputs)[:2] == [("birth", 1, None), ("alias", 1, 70)]


def test_a_track_named_before_it_is_published_has_no_birth_and_no_alias():
    away = a_row(x_m=5000.0)
    outputs = publish({0: [away], 1: [a_row()]}, names=[(0, 1, 70)])
    assert ids(outputs) == [[], [70]]
    assert events(outputs) == [("end", 70, None)]


def test_a_named_track_that_comes_out_of_a_shadow_keeps_its_name():
    pictures = every_tick(3, a_row()) | dict.fromkeys(range(3, 60), ()) | {60: [a_row()]}
    outputs = publish(pictures, names=[(0, 1, 70)])
    assert ids(outputs)[60] == [70]
    late = NAMED_US // TICK_US + 5
    gone = every_tick(3, a_row()) | dict.fromkeys(range(3, late), ()) | {late: [a_row()]}
    assert ids(publish(gone, names=[(0, 1, 70)]))[late] == [1]


@pytest.mark.parametrize("silent", [0, 1])
def test_an_end_is_told_once_whether_the_cell_goes_on_or_not(silent):
    pictures = every_tick(3, a_row()) | dict.fromkeys(range(3, 6) if not silent else (), ())
    outputs = publish(pictures)
    assert events(outputs) == [("birth", 1, None), ("end", 1, None)]
    assert values(outputs, EVENTS)[-1]["tick_us"] == START_US + 3 * TICK_US


def test_a_track_that_moved_over_the_border_does_not_end():
    away = a_row(x_m=5000.0)
    outputs = publish({0: [a_row()], 1: [away], 2: [away], 3: []})
    assert events(outputs) == [("birth", 1, None)]


def test_observations_are_accounted_by_the_second_of_their_tick():
    outputs = publish(every_tick(25, a_row()), links=a_link().tobytes())
    made = values(outputs, OBSERVATIONS)
    assert [v["second_us"] - START_US for v in made] == [-SECOND_US, 0, SECOND_US, 2 * SECOND_US]
    assert [v["entries"][0]["observations"] for v in made] == [1, 10, 10, 4]
    assert len(values(outputs, LINKS)) == 25


def test_links_have_the_name_of_their_track():
    outputs = publish(every_tick(2, a_row()), names=[(1, 1, 70)], links=a_link().tobytes())
    found = [column(v, "track_id", "<u8").tolist() for v in values(outputs, LINKS)]
    assert found == [[1], [70]]


def test_context_flags_what_lies_in_it_from_its_receipt_on():
    lon, lat = HOME.frame.lon_deg, HOME.frame.lat_deg
    point = msgspec.json.encode({"type": "Point", "coordinates": [lon, lat]}).decode()
    feature = {
        "feature_id": "f", "kind": "weather", "receive_time_us": START_US + TICK_US,
        "valid_from_us": None, "valid_to_us": None, "area": point, "radius_m": 50.0,
        "cancelled": False, "topic": "t", "partition": 0, "offset": 0,
    }  # fmt: skip
    rows = (a_row(), a_row(track_id=2, x_m=100.0))
    made = values(publish(every_tick(2, *rows), feature=feature), OBJECTS)
    assert [column(v, "context_flags", "<u4").tolist() for v in made] == [[0, 0], [1, 0]]


def test_a_cell_that_wakes_again_counts_its_pictures_anew():
    made = values(publish({0: [a_row()], 50: [a_row()]}), OBJECTS)
    assert [v["sequence"] for v in made] == [0, 0]


def test_numbers_of_a_row_reach_the_picture_unchanged():
    row = a_row(vx_mps=3.5, cov_xx_m2=0.25, length_m=4.5, object_class=7, sources=1)
    (value,) = values(publish({0: [row]}), OBJECTS)
    assert column(value, "velocity_east_mps", "<f4").tolist() == [3.5]
    assert column(value, "cov_ee_m2", "<f4").tolist() == [0.25]
    assert column(value, "length_m", "<f4").tolist() == [4.5]
    assert column(value, "object_class", "u1").tolist() == [7]
    assert column(value, "source_index", "<u2").tolist() == [0]
    assert np.isfinite(column(value, "lat_e7", "<i4")).all()
