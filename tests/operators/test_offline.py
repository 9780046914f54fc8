"""Offline fusion: equal to the pipeline at ticks, blind to arrival, honest in its counts."""

import random

import msgspec
import numpy as np
import pytest

from operators.offline import Instant, OfflineFusion
from operators.parameters import Parameters
from operators.pipeline import LogRecord, Pipeline, run
from operators.raw import RawRecord
from operators.reasons import Disposition, Reason
from operators.routes import OBJECTS, SOURCES

START_US = 1_763_850_000_000_000
PLACES = ((0.0, 0.0, 10.0, 0.0), (40.0, 30.0, 0.0, -8.0), (-60.0, 5.0, 12.0, 1.0))


def frame(source, event_us, received_us=None, space="local", seed=0):
    """Three cars at constant velocity with 0.3 m of noise, as one line."""
    noise = np.random.default_rng([seed, event_us, len(source)]).normal(0.0, 0.3, (3, 2)).tolist()
    t = (event_us - START_US) / 1e6
    objects = []
    for (x, y, vx, vy), (dx, dy) in zip(PLACES, noise, strict=True):
        at = (x + vx * t + dx, y + vy * t + dy)
        place = dict(zip("xy", at, strict=True)) if space == "local" else geographic(*at)
        objects.append(place | {"class": "car", "score": 0.9, "position_cov": [0.09, 0, 0, 0.09]})
    head = {"source": source, "event_time_us": event_us, "frame": space, "objects": objects}
    return head | {"receive_time_us": event_us if received_us is None else received_us}


def geographic(x, y):
    return {"lat_deg": 30.0 + y / 110_850, "lon_deg": 120.0 + x / 96_486}


def scenario(seconds=4.0, start_us=START_US, **options):
    """Two sources at 10 Hz, 37 ms apart."""
    made = []
    for k in range(int(seconds * 10)):
        made.append(frame("a", start_us + k * 100_000, **options))
        made.append(frame("bb", start_us + k * 100_000 + 37_000, **options))
    return made


def encoded(frames):
    return [msgspec.json.encode(one) for one in frames]


def fused(lines, tick_us=None):
    fusion = OfflineFusion(tick_us)
    found = list(fusion.run(lines))
    instants = [one for one in found if isinstance(one, Instant)]
    return instants, [one for one in found if not isinstance(one, Instant)], fusion.summary


def rows(instants):
    return [(one.at_us, one.rows.tobytes(), one.sources) for one in instants]


def pictures(lines):
    """Objects of the pipeline's pictures that are not empty: (tick, columns)."""
    log = [
        LogRecord(SOURCES, 0, RawRecord(n, START_US - 10_000_000, 0, "", "", s, entry(s)))
        for n, s in enumerate(("a", "bb"))
    ]
    for n, line in enumerate(lines, 1):
        head = msgspec.json.decode(line)
        record = RawRecord(
            n, head["receive_time_us"], 0, "recording.json", head["source"], "", line
        )
        log.append(LogRecord("raw.roadside", 0, record))
    outputs = run(log, Pipeline(Parameters()))
    made = [msgspec.msgpack.decode(o.value) for o in outputs if o.route == OBJECTS]
    return [one for one in made if one["count"]]


def entry(source):
    return msgspec.json.encode({"source_id": source, "kind": "roadside", "frame": "local"})


def test_ticks_are_those_of_the_pipeline():
    # 20 s of silence in between: the cell forgets, and starts anew.
    frames = scenario() + scenario(3.0, START_US + 24_000_000)
    lines = encoded(frames)
    instants, unused, _ = fused(lines, 100_000)
    expected = pictures(lines)
    assert not unused
    assert [one.at_us for one in instants] == [one["tick_us"] for one in expected]
    assert len(instants) > 60
    for mine, theirs in zip(instants, expected, strict=True):
        assert mine.sources == theirs["sources"]
        for name in ("track_id", "x_m", "y_m", "existence", "object_class", "observations"):
            assert np.ascontiguousarray(mine.rows[name]).tobytes() == theirs[name]


def test_frames_that_come_late_change_pictures_but_not_offline_rows():
    lines = encoded([*scenario(), frame("late", START_US + 1_000_000, START_US + 2_500_000)])
    lines.sort(key=lambda line: msgspec.json.decode(line)["receive_time_us"])
    instants, _, _ = fused(lines, 100_000)
    expected = pictures([line for line in lines if b'"late"' not in line])
    at = {one["tick_us"]: one for one in expected}
    same = [
        np.ascontiguousarray(one.rows["x_m"]).tobytes() == at[one.at_us]["x_m"] for one in instants
    ]
    first = next(i for i, one in enumerate(instants) if one.at_us >= START_US + 1_000_000)
    assert all(same[:first])
    assert not any(same[first : first + 5])


@pytest.mark.parametrize("tick_us", [None, 100_000, 50_000])
def test_rows_do_not_depend_on_when_frames_arrived(tick_us):
    chance = random.Random(3)
    frames = scenario()
    straight, _, _ = fused(encoded(frames), tick_us)
    delayed = [
        one | {"receive_time_us": one["event_time_us"] + chance.randrange(1_900_000)}
        for one in frames
    ]
    delayed.sort(key=lambda one: one["receive_time_us"])
    assert delayed != sorted(delayed, key=lambda one: one["event_time_us"])
    assert rows(fused(encoded(delayed), tick_us)[0]) == rows(straight)


def test_by_frames_publishes_at_event_times_only():
    frames = scenario()
    instants, _, summary = fused(encoded(frames))
    times = [one.at_us for one in instants]
    assert times == sorted(set(times))
    assert set(times) <= {one["event_time_us"] for one in frames}
    assert (summary.frames, summary.tracks) == (len(frames), 3)
    assert summary.uses.total() == 3 * len(frames)
    assert summary.rows == sum(len(one.rows) for one in instants)
    assert {tuple(one.sources) for one in instants} == {("a", "bb")}


def test_rows_come_as_soon_as_they_are_certain():
    lines, given = encoded(scenario(6.0)), 0

    def counted():
        nonlocal given
        for line in lines:
            given += 1
            yield line

    first = next(iter(OfflineFusion().run(counted())))
    # Two seconds of acceptance and the time to confirm, at 20 frames a second.
    assert first.at_us < START_US + 2_000_000
    assert 40 < given < 90


def test_frames_wait_no_longer_than_the_acceptance_bound():
    fusion, most = OfflineFusion(), 0
    for _ in fusion.run(encoded(scenario(12.0))):
        most = max(most, len(fusion._waiting))
    assert 35 < most <= 42
    assert not fusion._known
    assert not fusion._frames


@pytest.mark.parametrize(
    ("change", "disposition", "reason"),
    [
        ({"receive_time_us": START_US + 3_900_000 + 2_000_001}, Disposition.LATE, Reason.TOO_OLD),
        ({"receive_time_us": START_US + 3_900_000 - 1_000_001}, Disposition.LATE, Reason.FUTURE),
        ({"event_time_us": START_US + 500_000, "receive_time_us": START_US + 500_000},
         Disposition.LATE, Reason.BEHIND_WATERMARK),
        ({}, Disposition.DUPLICATE, Reason.REPEATED),
        ({"frame": "wgs84", "objects": [{"lat_deg": 1, "lon_deg": 1}]},
         Disposition.REJECTED, Reason.UNKNOWN_FRAME),
        ({"objects": [{"z": 1}]}, Disposition.REJECTED, Reason.UNAVAILABLE),
        ({"event_time_us": "noon"}, Disposition.REJECTED, Reason.WRONG_TYPE),
        ({"receive_time_us": -1}, Disposition.REJECTED, Reason.OUT_OF_RANGE),
    ],
)  # fmt: skip
def test_line_that_cannot_be_used_is_named_and_changes_nothing(change, disposition, reason):
    frames = scenario()
    bad = frame("a", START_US + 3_900_000) | change
    instants, unused, summary = fused(encoded([*frames, bad]))
    (one,) = unused
    assert (one.line, one.disposition, one.reason) == (len(frames) + 1, disposition, reason)
    assert summary.unused == {disposition: 1}
    assert summary.lines == summary.frames + 1
    assert rows(instants) == rows(fused(encoded(frames))[0])


@pytest.mark.parametrize("received_us", [START_US + 5_900_000, START_US + 2_900_000])
def test_line_at_the_bound_is_used(received_us):
    frames = [*scenario(), frame("c", START_US + 3_900_000, received_us)]
    _, unused, summary = fused(encoded(frames))
    assert not unused
    assert summary.frames == len(frames)


def test_line_without_receive_time_was_received_at_its_event_time():
    frames = scenario()
    bare = [{k: v for k, v in one.items() if k != "receive_time_us"} for one in frames]
    assert rows(fused(encoded(bare))[0]) == rows(fused(encoded(frames))[0])


def test_blank_lines_are_no_lines_but_are_counted_in_line_numbers():
    _, unused, summary = fused([b"\n", *encoded(scenario(1.0)), b"  \n", b"{"])
    assert summary.lines == 21
    assert summary.read == 20
    assert [(one.line, one.reason) for one in unused] == [(23, Reason.MALFORMED)]


def test_recording_on_the_earth_lies_about_its_first_position():
    instants, unused, summary = fused(encoded(scenario(space="wgs84")))
    assert not unused
    assert summary.tracks == 3
    last = instants[-1]
    lon, lat = last.frame.to_geographic(last.rows["x_m"], last.rows["y_m"])
    t = (last.at_us - START_US) / 1e6
    expected = [geographic(x + vx * t, y + vy * t) for x, y, vx, vy in PLACES]
    off_m = [
        np.hypot((lon - e["lon_deg"]) * 96_486, (lat - e["lat_deg"]) * 110_850).min()
        for e in expected
    ]
    assert max(off_m) < 0.6


def test_state_of_a_silent_place_is_forgotten():
    again = scenario(2.0, START_US + 30_000_000)
    after, _, _ = fused(encoded([*scenario(2.0), *again]))
    alone, _, _ = fused(encoded(again))
    assert rows([one for one in after if one.at_us >= START_US + 30_000_000]) == rows(alone)
