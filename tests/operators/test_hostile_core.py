"""Bad input to the whole core behind the front: it goes on, says only finite things, keeps little.

Frames are handed to the cell as packed bytes, so that numbers may be anything that fits the layout;
what comes out is read from the topics.
"""

import time
from collections import Counter

import numpy as np
import pytest

from operators.envelope import Kind, seal
from operators.frame import OBSERVATION, pack_frame
from operators.front import picture_due_us
from operators.parameters import Parameters
from operators.pipeline import FOREVER_US, Pipeline
from operators.routes import CELL
from tests.builders import (
    HOME,
    SECOND_US,
    START_US,
    Log,
    a_frame,
    a_log,
    an_observation,
    column,
    content,
    degrees,
    fates,
    outputs_of,
    uses,
    values,
)

PERIOD_US = 100_000
PARAMETERS = Parameters(quiet_us=SECOND_US)
ALWAYS_KNOWN = (
    "velocity_east_mps", "velocity_north_mps", "cov_ee_m2", "cov_en_m2", "cov_nn_m2", "existence",
    "class_probability",
)  # fmt: skip
MAYBE_UNKNOWN = ("altitude_m", "heading_rad", "length_m", "width_m", "height_m", "speed_mps")
ODD = [np.nan, np.inf, -np.inf, 0.0, -1.0, -1e30, 3e38, 1e-38]


def fused(frames, parameters=PARAMETERS):
    """What the core sends to topics for frames of the home cell."""
    pipeline = Pipeline(parameters)
    for frame in frames:
        due_us = picture_due_us(frame.event_time_us, frame.receive_time_us, parameters)
        event = seal(due_us, Kind.FRAMES, pack_frame(frame))
        pipeline._stages[CELL].take(HOME.key, event)
    return pipeline.advance(FOREVER_US)


def frames_of(n, places=((0.0, 0.0),), first=0, **fields):
    """`n` frames of the same objects, 100 ms apart."""
    return [
        a_frame(places, START_US + k * PERIOD_US, offset=k, payload_hash=k, **fields)
        for k in range(first, first + n)
    ]


def spoiled(frame, **wrong):
    """The frame with some fields of its last observation set to something odd."""
    for name, value in wrong.items():
        frame.observations[name][-1] = value
    return frame


def places_m(outputs):
    """Every published row as tick and place in the home cell."""
    made = []
    for value in values(outputs, "fused.objects"):
        lat = column(value, "lat_e7", "<i4") / 1e7
        lon = column(value, "lon_e7", "<i4") / 1e7
        x, y = HOME.frame.to_local(lon, lat) if len(lat) else ([], [])
        made += [(value["tick_us"], *place) for place in zip(x, y, strict=True)]
    return np.reshape(np.array(made, float), (-1, 3))


def check_finite(outputs):
    rows = 0
    for value in values(outputs, "fused.objects"):
        rows += value["count"]
        for name in ALWAYS_KNOWN:
            assert np.isfinite(column(value, name, "<f4")).all(), name
        for name in set(MAYBE_UNKNOWN) & set(value):
            assert not np.isinf(column(value, name, "<f4")).any(), name
        for name in ("cov_ee_m2", "cov_nn_m2"):
            assert (column(value, name, "<f4") > 0.0).all()
    return rows


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(
    "names",
    [
        ("cov_xx_m2", "cov_yy_m2"),
        ("cov_xx_m2",),
        ("cov_xy_m2",),
        ("cov_xx_m2", "cov_xy_m2", "cov_yy_m2"),
        ("length_m", "width_m", "height_m"),
        ("vx_mps", "vy_mps"),
        ("speed_sigma_mps", "heading_sigma_rad"),
        ("heading_rad", "z_m"),
        ("score", "class_confidence"),
    ],
)
def test_an_odd_number_stays_where_it_is(names, odd):
    places = [(0.0, 0.0), (30.0, 0.0)]
    frames = [spoiled(f, **dict.fromkeys(names, odd)) for f in frames_of(10, places)]
    outputs = fused(frames)
    assert check_finite(outputs) > 10
    assert sum(uses(outputs).values()) == 20
    # The object beside it is where it was; and the odd one too, for its place was good, unless it
    # says itself that it may be anywhere.
    anywhere = odd == 3e38 and {"cov_xx_m2", "cov_yy_m2"} <= set(names)
    rows = places_m(outputs)
    for x in (0.0,) if anywhere else (0.0, 30.0):
        near = rows[np.hypot(rows[:, 1] - x, rows[:, 2]) < 2.0]
        assert len(np.unique(near[:, 0])) >= 7


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf, 1e300, -1e8])
@pytest.mark.parametrize("name", ["x_m", "y_m"])
def test_an_observation_that_is_nowhere_is_clutter(name, odd):
    frames = [spoiled(f, **{name: odd}) for f in frames_of(10, [(0.0, 0.0), (30.0, 0.0)])]
    outputs = fused(frames)
    assert check_finite(outputs) > 5
    assert uses(outputs)["CLUTTER"] == 10
    assert sum(uses(outputs).values()) == 20


@pytest.mark.parametrize("odd_us", [2**31 - 1, -(2**31), 10_000_000])
def test_an_observation_of_another_time_is_clutter(odd_us):
    places = [(0.0, 0.0), (30.0, 0.0)]
    outputs = fused([spoiled(f, time_offset_us=odd_us) for f in frames_of(10, places)])
    assert check_finite(outputs) > 5
    assert uses(outputs)["CLUTTER"] == 10


def test_random_bytes_for_observations_end_with_a_use_each():
    rng, frames = np.random.default_rng(7), frames_of(20, [(0.0, 0.0)])
    for k in range(0, 20, 2):
        noise = np.frombuffer(rng.bytes(40 * OBSERVATION.itemsize), OBSERVATION).copy()
        noise["owned"] = 1
        frames[k] = a_frame(
            np.zeros((40, 2)), frames[k].event_time_us, offset=k, observations=noise
        )
    outputs = fused(frames)
    check_finite(outputs)
    assert sum(uses(outputs).values()) == 10 * 40 + 10


def test_a_frame_that_comes_twice_counts_once():
    def log(times):
        made = a_log()
        for k in range(20):
            for _ in range(times):
                made.see(START_US + k * PERIOD_US, [an_observation(0.5 * k, local_id=3)])
        return made

    once, thrice = outputs_of(log(1), PARAMETERS), outputs_of(log(3), PARAMETERS)
    assert fates(thrice) == {("ACCEPTED", ""): 20, ("DUPLICATE", "REPEATED"): 40}
    assert values(once, "fused.objects") == values(thrice, "fused.objects")
    assert uses(once) == uses(thrice)


def test_a_frame_that_comes_twice_under_another_name_makes_no_second_object():
    frames = frames_of(20)
    again = [
        a_frame(event_us=f.event_time_us, offset=100 + f.offset, payload_hash=9) for f in frames
    ]
    outputs = fused(frames + again)
    check_finite(outputs)
    assert max(v["count"] for v in values(outputs, "fused.objects")) == 1
    assert sum(uses(outputs).values()) == 40


def test_frames_that_go_back_in_time_give_what_they_would_in_order():
    frames = frames_of(40)
    back = [
        a_frame(
            event_us=f.event_time_us,
            receive_time_us=START_US + (40 - k) * 45_000 + SECOND_US,
            offset=f.offset,
            payload_hash=f.payload_hash,
        )
        for k, f in enumerate(frames)
    ]
    rows = [places_m(fused(part)) for part in (frames, back)]
    assert len(rows[1]) > 5
    last = [part[part[:, 0] == part[:, 0].max()] for part in rows]
    assert last[0] == pytest.approx(last[1], abs=1e-6)


def test_a_clock_that_runs_backwards_is_taken_as_far_as_it_is_believed():
    log = a_log()
    for k in range(60):
        said_us = START_US + (k if k < 30 else 60 - k) * PERIOD_US
        log.add(START_US + k * PERIOD_US + 50_000, _line(said_us, k))
    outputs = outputs_of(log, PARAMETERS)
    check_finite(outputs)
    assert sum(fates(outputs).values()) == 60
    assert fates(outputs)["LATE", "TOO_OLD"] > 10
    assert sum(uses(outputs).values()) == fates(outputs)["ACCEPTED", ""]


def _line(said_us, k):
    log = Log()
    log.see(said_us, [an_observation(0.1 * k)])
    return log.records[0].record.body


@pytest.mark.parametrize("frames", [1, 5])
def test_ten_thousand_objects_in_a_frame_fill_the_cell_and_overflow(frames):
    rng = np.random.default_rng(2)
    places = [rng.uniform(-900.0, 900.0, 2).tolist() for _ in range(10_000)]
    began = time.process_time()
    outputs = fused(frames_of(frames, places), PARAMETERS)
    assert time.process_time() - began < 30.0
    check_finite(outputs)
    counted = uses(outputs)
    assert sum(counted.values()) == 10_000 * frames
    assert counted["BIRTH"] <= PARAMETERS.max_tracks
    assert counted["OVERFLOW"] >= (10_000 - PARAMETERS.max_tracks) * 0.9
    most = max(v["count"] for v in values(outputs, "fused.objects"))
    assert most <= PARAMETERS.max_tracks


def test_ten_thousand_objects_of_one_message_come_through_the_front_too():
    rng, log = np.random.default_rng(3), a_log(frame="local")
    places = rng.uniform(-900.0, 900.0, (10_000, 2)).tolist()
    log.see(START_US, [an_observation(x, y, None) for x, y in places])
    outputs = outputs_of(log, PARAMETERS)
    assert fates(outputs) == {("ACCEPTED", ""): 1}
    assert sum(uses(outputs).values()) == 10_000
    assert uses(outputs)["OVERFLOW"] > 0


@pytest.mark.parametrize("n", [300, 3000])
def test_all_objects_at_one_point_are_one_and_each_has_its_use(n):
    outputs = fused(frames_of(5, np.zeros((n, 2))))
    check_finite(outputs)
    assert sum(uses(outputs).values()) == 5 * n
    assert max(v["count"] for v in values(outputs, "fused.objects")) <= 3


def test_objects_within_a_metre_of_one_point_are_no_burden():
    rng = np.random.default_rng(4)
    frames = [f for k in range(10) for f in frames_of(1, rng.normal(0, 0.5, (500, 2)), first=k)]
    began = time.process_time()
    outputs = fused(frames)
    assert time.process_time() - began < 20.0
    check_finite(outputs)
    assert sum(uses(outputs).values()) == 5000


def test_a_source_that_jumps_by_a_kilometre_leaves_nothing_where_it_was():
    places = [(0.0, 0.0), (15.0, 0.0)]
    away = [(x + 800.0, y + 600.0) for x, y in places]
    outputs = fused(frames_of(30, places) + frames_of(170, away, first=30))
    check_finite(outputs)
    rows = places_m(outputs)
    early = rows[rows[:, 0] < START_US + 3 * SECOND_US]
    assert np.hypot(early[:, 1], early[:, 2]).max() < 20.0
    late = rows[rows[:, 0] > START_US + 18 * SECOND_US]
    assert np.hypot(late[:, 1] - 800.0, late[:, 2] - 600.0).max() < 20.0
    # Nobody is dragged along: no row lies between the two places.
    between = np.hypot(rows[:, 1] - 400.0, rows[:, 2] - 300.0) < 400.0
    assert not between.any()
    assert sum(uses(outputs).values()) == 400


def test_a_source_that_jumps_to_and_fro_makes_no_fast_track():
    near, far = [(0.0, 0.0)], [(800.0, 600.0)]
    frames = [f for k in range(60) for f in frames_of(1, far if k % 2 else near, first=k)]
    outputs = fused(frames)
    check_finite(outputs)
    for value in values(outputs, "fused.objects"):
        east = column(value, "velocity_east_mps", "<f4")
        north = column(value, "velocity_north_mps", "<f4")
        assert (np.hypot(east, north) < 60.0).all()


def sizes_over(frames_at, seconds, parameters=PARAMETERS):
    """Bytes that a cell keeps at the end of each second."""
    pipeline, made = Pipeline(parameters), []
    stage = pipeline._stages[CELL]
    for k in range(seconds * 10):
        for frame in frames_at(k):
            due_us = picture_due_us(frame.event_time_us, frame.receive_time_us, parameters)
            stage.take(HOME.key, seal(due_us, Kind.FRAMES, pack_frame(frame)))
        pipeline.advance(START_US + k * PERIOD_US)
        if k % 10 == 9:
            state = stage._states[HOME.key]
            made.append(len(state.value) + sum(map(len, state.entries.values())))
    pipeline.advance(FOREVER_US)
    assert stage._states == {}
    return made


def test_clutter_for_a_minute_does_not_grow_the_state():
    rng = np.random.default_rng(6)
    sizes = sizes_over(lambda k: frames_of(1, rng.uniform(-900, 900, (40, 2)), first=k), 40)
    assert max(sizes[20:]) < 1.15 * max(sizes[10:20])


def test_hundreds_of_sources_do_not_grow_the_state():
    # Each says something once and never again: 20 new ones a second.
    def at(k):
        return [
            a_frame(
                [(10.0 * j, 0.0)], START_US + k * PERIOD_US, source_id=f"s{k}-{j}", offset=2 * k + j
            )
            for j in range(2)
        ]

    sizes = sizes_over(at, 100)
    # A name that is missing is told for a minute.
    assert max(sizes[80:]) < 1.1 * max(sizes[60:80])


def test_a_full_cell_is_full_and_no_fuller():
    rng, few = np.random.default_rng(8), Parameters(quiet_us=SECOND_US, max_tracks=200)
    sizes = sizes_over(lambda k: frames_of(1, rng.uniform(-900, 900, (600, 2)), first=k), 20, few)
    # Frames within the acceptance bound, and as many snapshots of a full cell.
    assert max(sizes) < 40 * (600 * OBSERVATION.itemsize * 1.5 + 200 * 600)


def test_a_flood_ends_as_overflow_and_is_not_kept():
    few = Parameters(quiet_us=SECOND_US, max_observations=500)
    quiet = frames_of(20, source_id="good")
    flood = [
        a_frame(np.full((400, 2), 50.0), f.event_time_us, offset=100 * f.offset + k, payload_hash=k)
        for f in quiet
        for k in range(5)
    ]
    outputs = fused(quiet + flood, few)
    counted = uses(outputs)
    assert sum(counted.values()) == 20 + 20 * 5 * 400
    assert counted["OVERFLOW"] >= 20 * 4 * 400
    # Who sent little is fused as if nobody flooded.
    rows = places_m(outputs)
    near = rows[np.hypot(rows[:, 1], rows[:, 2]) < 2.0]
    assert len(np.unique(near[:, 0])) >= 15
    sizes = sizes_over(
        lambda k: [f for f in flood if f.event_time_us == START_US + k * PERIOD_US], 2
    )
    bounded = sizes_over(
        lambda k: [f for f in flood if f.event_time_us == START_US + k * PERIOD_US], 2, few
    )
    assert max(bounded) < max(sizes) / 3


def test_what_is_hostile_to_one_cell_changes_no_row_of_another():
    def log(hostile):
        made = a_log("unit-1", "unit-2")
        for k in range(20):
            made.see(START_US + k * PERIOD_US, [an_observation(0.5 * k)], partition=1)
            if hostile:
                crowd = [an_observation(0.0, 9_000.0) for _ in range(200)]
                made.see(START_US + k * PERIOD_US, crowd, source="unit-2")
        return made

    home = [
        {k: v for k, v in content(outputs_of(log(h), PARAMETERS)).items() if k[1] == HOME.key}
        for h in (False, True)
    ]
    assert home[0]
    assert home[0] == home[1]
    assert degrees(0.0, 9_000.0) != degrees(0.0, 0.0)


def test_the_names_looked_at_are_in_a_picture():
    (value, *_) = values(fused(frames_of(10)), "fused.objects")
    assert set(ALWAYS_KNOWN) <= set(value)
    assert Counter(name in value for name in MAYBE_UNKNOWN)[True] >= 5
