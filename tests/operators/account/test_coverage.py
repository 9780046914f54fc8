from collections import Counter

import h3.api.basic_int as h3
import numpy as np
import pytest

from operators.account.areas import areas_of, cell_areas
from operators.account.coverage import LEARNED_US, Coverage
from operators.account.facts import Declared, Facts
from operators.account.minute import Minute
from operators.account.tally import SourceTally
from operators.envelope import Kind, seal
from operators.frame import SourceKind
from operators.fuse.standing import STANDING
from operators.parameters import Parameters
from operators.pipeline import FOREVER_US, Stage
from operators.publish import Publish
from operators.register.gross import Mixup
from operators.report import Report, encoder
from operators.routes import QUALITY
from operators.transform.cells import LOCAL
from tests.builders import HOME, SECOND_US, START_US, a_row, column, values
from tests.operators.account.faulty import outputs_with
from tests.operators.account.world import FIRST_MINUTE_US

PARAMETERS = Parameters()
FAR_M = PARAMETERS.halo_m + 60.0  # within the border: no neighbour has a track there
KINDS = {"h3": "<u8", "source_count": "u1", "source_index": "<u2", "watched_s": "u1",
         "looked_s": "<u2", "track_s": "<u4", "exclusive_s": "<u4", "births": "<u2",
         "deaths": "<u2"}  # fmt: skip


def told(record):
    """Areas of a record: counts and names of the sources by H3 index."""
    columns = {name: column(record, name, kind).tolist() for name, kind in KINDS.items()}
    index = iter(columns.pop("source_index"))
    made = {}
    for area, *numbers in zip(*columns.values(), strict=True):
        one = dict(zip(list(columns)[1:], numbers, strict=True))
        one["sources"] = [record["sources"][next(index)] for _ in range(one.pop("source_count"))]
        made[area] = one
    assert next(index, None) is None
    assert len(made) == record["count"]
    return made


def of_the_world(fault):
    (record,) = [
        v for v in values(outputs_with(fault), QUALITY)
        if (v["minute_us"], v["cell_key"]) == (FIRST_MINUTE_US, HOME.key)
    ]  # fmt: skip
    return record, told(record)


def apart_m(area):
    """Distance of the middle of an area from the middle of the cell."""
    lat, lon = h3.cell_to_latlng(area)
    return float(np.hypot(*HOME.frame.to_local(np.array([lon]), np.array([lat])))[0])


def test_areas_of_a_cell_are_those_whose_middles_it_owns():
    own = h3.str_to_int(HOME.key)
    areas = cell_areas(HOME.key).h3.tolist()
    assert areas == sorted(set(areas))
    assert all(h3.latlng_to_cell(*h3.cell_to_latlng(area), 7) == own for area in areas)
    beside = [h3.int_to_str(one) for one in h3.grid_disk(own, 1) if one != own]
    assert not set(areas).intersection(*(cell_areas(key).h3.tolist() for key in beside))
    assert len(areas) == pytest.approx(7**4, abs=20)


def test_a_cell_that_is_smaller_than_an_area_is_one():
    key = h3.int_to_str(h3.latlng_to_cell(39.9, 116.4, 12))
    assert [h3.int_to_str(one) for one in cell_areas(key).h3.tolist()] == [key]


def test_nothing_there_and_nobody_looked_are_two_answers():
    record, areas = of_the_world("honest")
    assert record["sources"] == ["east", "south", "west"]  # the probes tell of themselves only
    looked = {area for area in cell_areas(HOME.key).h3.tolist() if apart_m(area) < 160.0}
    assert {area for area, one in areas.items() if one["looked_s"]} == looked
    empty = [one for one in areas.values() if one["looked_s"] and not one["track_s"]]
    assert empty
    for one in (areas[area] for area in looked):
        assert one["sources"] == ["east", "south", "west"]
        assert one["watched_s"] in (6, 7)
        assert 3 * 6 <= one["looked_s"] <= 3 * one["watched_s"]


def test_track_seconds_are_those_of_the_pictures():
    _, areas = of_the_world("honest")
    found = Counter()
    for picture in values(outputs_with("honest"), "fused.objects"):
        second = picture["tick_us"] % SECOND_US == 0 and picture["tick_us"] > FIRST_MINUTE_US
        if second and picture["cell_key"] == HOME.key:
            places = (column(picture, f"{axis}_e7", "<i4") / 1e7 for axis in ("lat", "lon"))
            found.update(h3.latlng_to_cell(*at, 11) for at in zip(*places, strict=True))
    assert sum(found.values()) > 40
    assert {area: one["track_s"] for area, one in areas.items() if one["track_s"]} == found


def test_who_is_dead_or_an_echo_does_not_look():
    _, areas = of_the_world("dead")
    assert {tuple(one["sources"]) for one in areas.values() if one["looked_s"]} == {
        ("south", "west")
    }
    record, _ = of_the_world("echo")
    assert record["sources"] == ["east", "south", "west"]


# -- by hand ---------------------------------------------------------------------------------------


def declared(**fields):
    known = {"kind": SourceKind.ROADSIDE, "owner": "", "nominal_rate_hz": 10.0,
             "x_m": 0.0, "y_m": 0.0, "radius_m": 100.0}  # fmt: skip
    return Declared(**(known | fields))


def standing(**fields):
    row = np.zeros(1, STANDING)
    for name, value in fields.items():
        row[name] = value
    return row.tobytes()


def sampled(by_second, tallies, live=("a",), slots=("a",)):
    """Record of a minute in which tracks were shown at seconds."""
    minute, entries = Minute(START_US, tallies), {}
    for k, rows in by_second.items():
        packed = np.concatenate([np.zeros(0, a_row().dtype), *rows])
        report = Report(START_US + k * SECOND_US, packed.tobytes(), list(slots), b"", [], [],
                        list(live), [])  # fmt: skip
        coverage = Coverage(HOME.key, entries, PARAMETERS.halo_m)
        coverage.sample(report, packed, minute)
        entries |= coverage.changes
    return told(Coverage(HOME.key, entries, PARAMETERS.halo_m).told(minute))


def test_a_source_looks_in_the_seconds_in_which_it_was_heard():
    found = sampled({1: [], 2: [], 60: []}, {"a": SourceTally(1, declared=declared())})
    assert {(one["watched_s"], one["looked_s"]) for one in found.values()} == {(3, 3)}
    assert not sampled({1: []}, {"a": SourceTally(1, declared=declared())}, live=())


@pytest.mark.parametrize(
    "tally",
    [
        SourceTally(1),
        SourceTally(1, declared=declared(kind=SourceKind.PROBE)),
        SourceTally(1, declared=declared(), echo=True),
        SourceTally(1, declared=declared(), standing=standing(mixup=Mixup.GCJ02_AS_WGS84)),
    ],
)
def test_probes_echoes_and_the_quarantined_do_not_look(tally):
    (one,) = sampled({1: [a_row(sources=1)]}, {"a": tally}).values()
    assert (one["watched_s"], one["track_s"], one["sources"]) == (0, 1, [])


def test_two_ids_of_one_owner_are_one_eye_and_nobody_is_none():
    rows = [[a_row(track_id=k + 1, sources=mask)] for k, mask in enumerate((0b011, 0b101, 0b000))]
    tallies = {
        name: SourceTally(1, declared=declared(owner=owner))
        for name, owner in zip("abc", ("city", "city", "roads"), strict=True)
    }
    found = [
        sampled({1: row}, dict(tallies), slots="abc", live="abc")[
            int(areas_of(HOME.key, row[0])[0])
        ]
        for row in rows
    ]
    assert [one["exclusive_s"] for one in found] == [1, 0, 0]
    assert {one["looked_s"] for one in found} == {3}


def test_without_a_circle_a_source_looks_where_it_saw_something_lately():
    unknown = declared(radius_m=float("nan"))
    tallies = {"a": SourceTally(1, declared=unknown)}
    here, there = a_row(sources=1), a_row(x_m=300.0, sources=0)
    found = sampled({1: [here, there], 2: []}, tallies)
    at, beside = (int(areas_of(HOME.key, row)[0]) for row in (here, there))
    assert (found[at]["watched_s"], found[at]["track_s"]) == (2, 1)
    assert (found[beside]["watched_s"], found[beside]["track_s"]) == (0, 1)
    late_s = LEARNED_US // SECOND_US + 2
    minute, entries = Minute(START_US, tallies), {}
    for k, rows in ((1, [here]), (late_s, [])):
        packed = np.concatenate([np.zeros(0, a_row().dtype), *rows])
        minute.minute_us = START_US + k // 60 * 60 * SECOND_US
        coverage = Coverage(HOME.key, entries, PARAMETERS.halo_m)
        report = Report(START_US + k * SECOND_US, packed.tobytes(), ["a"], b"", [], [], ["a"], [])
        coverage.sample(report, packed, minute)
        entries |= coverage.changes
    assert told(Coverage(HOME.key, entries, PARAMETERS.halo_m).told(minute))[at]["watched_s"] == 0


# -- births and deaths -----------------------------------------------------------------------------


def at_depth(depth_m, **fields):
    a, b, c = HOME.edges[0]
    return a_row(x_m=(depth_m - c) * a, y_m=(depth_m - c) * b, **fields)


def lives(pictures, gone=None, key=HOME.key):
    """Births and deaths by area, of track rows by second; a cell that sleeps ends the rest."""
    stage = Stage(Publish(PARAMETERS))
    for k in range(max(pictures) * 10 + 1):
        rows = pictures.get(k // 10, [])
        tick_us = START_US + k * PARAMETERS.tick_us
        facts = b"" if k % 10 else encoder.encode(Facts())
        report = Report(
            tick_us, b"".join(row.tobytes() for row in rows), ["a"], b"", [], [], ["a"], [],
            (gone or {}).get(k, []), b"", facts,
        )  # fmt: skip
        stage.take(key, seal(tick_us + PARAMETERS.cut_us, Kind.PICTURE, encoder.encode(report)))
    born, died = Counter(), Counter()
    for record in values(stage.advance(FOREVER_US), QUALITY):
        for area, one in told(record).items():
            born[area] += one["births"]
            died[area] += one["deaths"]
    assert not stage._states  # nothing is left behind
    return +born, +died


def area(row):
    return int(areas_of(HOME.key, row)[0])


def test_births_and_deaths_are_where_the_first_and_the_last_row_were():
    here, there = a_row(), a_row(x_m=100.0)
    one_life = (Counter([area(here)]), Counter([area(there)]))
    assert lives({0: [here], 1: [here], 2: [there], 3: [], 6: []}, {55: [1]}) == one_life
    assert lives({0: [here], 2: [there]}) == one_life  # the cell sleeps


def test_what_is_still_there_has_not_died():
    assert lives({0: [a_row()], 1: [a_row(), a_row(track_id=2)]}, {5: [2]})[0].total() == 2


def test_near_the_border_nobody_is_born_and_nobody_dies():
    near, far = at_depth(FAR_M - 20.0), at_depth(FAR_M)
    assert lives({0: [near], 1: [near]}) == (Counter(), Counter())
    # who drives in was not born here, who drives out does not die here
    assert lives({0: [near], 1: [far], 2: [near], 3: []}, {35: [1]}) == (Counter(), Counter())
    assert lives({0: [far], 1: [far]}) == (Counter([area(far)]), Counter([area(far)]))


def test_a_recording_without_a_place_has_no_areas():
    assert lives({0: [a_row()]}, key=LOCAL) == (Counter(), Counter())
