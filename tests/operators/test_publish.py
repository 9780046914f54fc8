import msgspec
import numpy as np
import pytest

import schemas
from operators.enrich.versions import share_feature
from operators.envelope import Kind, seal
from operators.halo import INNER_M, OUTER_M
from operators.parameters import Parameters
from operators.pipeline import FOREVER_US, Stage
from operators.publish import Publish
from operators.report import Happening, Name, Report, Verdict, encoder
from operators.routes import EVENTS, LINKS, OBJECTS, OBSERVATIONS
from operators.transform.cells import LOCAL
from schemas.reader import ColumnReader
from tests.builders import HOME, SECOND_US, START_US, a_link, a_row, column, values
from tests.operators.enrich.features import a_feature, area

PARAMETERS = Parameters()
TICK_US, CUT_US = PARAMETERS.tick_us, PARAMETERS.cut_us


def publish(pictures, verdicts=(), key=HOME.key, feature=None, links=b"", gone=None):
    """Outputs for track rows by tick number, with verdicts and tracks gone at ticks."""
    stage = Stage(Publish(PARAMETERS), share_feature)
    if feature is not None:
        stage.broadcast(msgspec.msgpack.encode(feature))
    for k, rows in pictures.items():
        report = Report(
            START_US + k * TICK_US, b"".join(r.tobytes() for r in rows),
            ["u1"], links, ["u1"], ["raw.roadside"], ["u1"], [], (gone or {}).get(k, []),
        )  # fmt: skip
        stage.take(key, seal(report.tick_us + CUT_US, Kind.PICTURE, encoder.encode(report)))
    for k, verdict in verdicts:
        due_us = START_US + k * TICK_US + CUT_US
        stage.take(key, seal(due_us, Kind.NAME, encoder.encode(verdict)))
    return list(stage.advance(FOREVER_US))


def named(local, name, shown=True, known=True):
    """A verdict on one track."""
    return Verdict([Name(local, name, shown, known)], [])


def at_depth(depth_m, **fields):
    """A track so far inside the middle of the cell's first edge."""
    a, b, c = HOME.edges[0]
    return a_row(x_m=(depth_m - c) * a, y_m=(depth_m - c) * b, **fields)


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


def test_only_confirmed_tracks_of_the_cell_or_its_halo_are_published():
    rows = [a_row(), a_row(track_id=2, confirmed=0), a_row(track_id=3, x_m=5000.0)]
    assert ids(publish(every_tick(1, *rows))) == [[1]]
    assert ids(publish(every_tick(1, *rows), key=LOCAL)) == [[1, 3]]


HALO_M = PARAMETERS.halo_m


@pytest.mark.parametrize(
    ("depth_m", "default", "withheld"),
    [
        (HALO_M + INNER_M + 1.0, [1], [1]),
        (HALO_M + INNER_M - 1.0, [1], []),
        (0.0, [1], []),
        (1.0 - HALO_M - OUTER_M, [1], []),
        (-1.0 - HALO_M - OUTER_M, [], []),
    ],
)
def test_near_the_border_a_track_is_shown_unless_it_is_withheld(depth_m, default, withheld):
    rows = every_tick(1, at_depth(depth_m))
    assert ids(publish(rows)) == [default]
    assert ids(publish(rows, [(0, named(1, 1, shown=False))])) == [withheld]


def test_a_row_is_withheld_and_shown_from_the_tick_at_which_it_is_told():
    verdicts = [(2, named(1, 1, shown=False)), (4, named(1, 1))]
    assert ids(publish(every_tick(6, at_depth(0.0)), verdicts)) == [[1], [1], [], [], [1], [1]]


def test_a_name_holds_from_the_tick_at_which_it_is_told():
    outputs = publish(every_tick(3, a_row()), [(1, named(1, 70))])
    assert ids(outputs) == [[1], [70], [70]]
    assert ids(publish(every_tick(3, a_row()), [(0, named(1, 70)), (2, named(1, 1))])) == [
        [70],
        [70],
        [1],
    ]


@pytest.mark.parametrize(("known", "births"), [(True, []), (False, [("birth", 70, None)])])
def test_a_birth_is_told_by_the_first_cell_that_shows_the_object(known, births):
    outputs = publish(every_tick(2, at_depth(0.0)), [(0, named(1, 70, known=known))])
    assert events(outputs) == births


def test_what_the_identity_step_tells_is_published_even_by_a_cell_that_sleeps():
    told = Happening("alias", 5, 6, "shared observations")
    for pictures in ({}, every_tick(1, a_row())):
        outputs = publish(pictures, [(50, Verdict([], [told]))])
        (value,) = [v for v in values(outputs, EVENTS) if v["kind"] == "alias"]
        assert (value["track_id"], value["other_track_id"]) == (5, 6)
        assert value["tick_us"] == START_US + 50 * TICK_US


def test_an_end_is_told_once_when_a_track_is_gone_or_the_cell_sleeps():
    going = every_tick(3, a_row()) | dict.fromkeys(range(3, 9), ())
    outputs = publish(going, gone={6: [1]})
    assert events(outputs) == [("birth", 1, None), ("end", 1, None)]
    assert values(outputs, EVENTS)[-1]["tick_us"] == START_US + 6 * TICK_US
    outputs = publish(every_tick(3, a_row()))
    assert events(outputs) == [("birth", 1, None), ("end", 1, None)]
    assert values(outputs, EVENTS)[-1]["tick_us"] == START_US + 3 * TICK_US


def test_a_track_that_comes_out_of_a_shadow_was_not_born_again():
    pictures = every_tick(3, a_row()) | dict.fromkeys(range(3, 60), ()) | {60: [a_row()]}
    outputs = publish(pictures, [(0, named(1, 70))])
    assert ids(outputs)[60] == [70]
    assert events(publish(pictures))[:2] == [("birth", 1, None), ("end", 1, None)]


def test_the_end_of_what_was_near_a_border_is_left_to_the_identity_step():
    pictures = {0: [at_depth(0.0)], 1: [a_row()], 2: [], 3: []}
    assert events(publish(pictures, gone={2: [1]})) == [("birth", 1, None)]


def test_nothing_is_told_of_tracks_that_were_never_shown():
    tentative = a_row(confirmed=0)
    assert events(publish({0: [tentative], 1: [], 2: []}, gone={1: [1]})) == []


def test_what_is_gone_is_forgotten():
    verdicts = [(0, named(1, 70, shown=False))]
    outputs = publish(every_tick(5, at_depth(0.0)), verdicts, gone={2: [1]})
    assert ids(outputs) == [[], [], [], [1], [1]]


def test_observations_are_accounted_by_the_second_of_their_tick():
    outputs = publish(every_tick(25, a_row()), links=a_link().tobytes())
    made = values(outputs, OBSERVATIONS)
    assert [v["second_us"] - START_US for v in made] == [-SECOND_US, 0, SECOND_US, 2 * SECOND_US]
    assert [v["entries"][0]["observations"] for v in made] == [1, 10, 10, 4]
    assert len(values(outputs, LINKS)) == 25


def test_links_have_the_name_of_their_track():
    outputs = publish(every_tick(2, a_row()), [(1, named(1, 70))], links=a_link().tobytes())
    found = [column(v, "track_id", "<u8").tolist() for v in values(outputs, LINKS)]
    assert found == [[1], [70]]


def test_context_flags_what_lies_in_it_from_its_receipt_on():
    lon, lat = HOME.frame.lon_deg, HOME.frame.lat_deg
    feature = a_feature(
        kind="weather",
        receive_time_us=START_US + TICK_US,
        area=area("Point", [lon, lat]),
        radius_m=50.0,
        properties={"visibility_m": "400"},
    )
    rows = (a_row(), a_row(track_id=2, x_m=100.0))
    made = values(publish(every_tick(2, *rows), feature=feature), OBJECTS)
    assert [column(v, "context_flags", "<u4").tolist() for v in made] == [[0, 0], [1, 0]]
    reader = ColumnReader(schemas.load("picture"))
    near, far = tuple(reader.rows(made[1]))
    assert (near["feature_index"], near["weather_index"]["visibility_m"]) == (["f"], 400.0)
    assert (far["feature_index"], far["weather_index"]["visibility_m"]) == ([], None)


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
