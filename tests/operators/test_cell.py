from dataclasses import replace

import numpy as np
import pytest

from operators import tracker
from operators.cell import CellStep
from operators.envelope import Kind, seal, unseal
from operators.frame import pack_frame
from operators.front import picture_due_us
from operators.parameters import Parameters
from operators.pipeline import FOREVER_US, Stage
from operators.report import CLAIM, LINK_ROW, SEEN, report_decoder, sighting_decoder
from operators.routes import IDENTITY, PUBLISH
from operators.track import TRACK_ROW
from tests.builders import HOME, START_US, a_frame

PARAMETERS = Parameters(quiet_us=500_000)
TICK_US, CUT_US = PARAMETERS.tick_us, PARAMETERS.cut_us


def sent(frames, parameters=PARAMETERS, watermark_us=FOREVER_US):
    """Outputs of the step."""
    stage = Stage(CellStep(parameters, tracker))
    for frame in frames:
        due_us = picture_due_us(frame.event_time_us, frame.receive_time_us, parameters)
        stage.take(HOME.key, seal(due_us, Kind.FRAMES, pack_frame(frame)))
    return list(stage.advance(watermark_us))


def drive(frames, parameters=PARAMETERS, watermark_us=FOREVER_US):
    """Reports by tick."""
    made = [
        unseal(o.value)[2] for o in sent(frames, parameters, watermark_us) if o.route == PUBLISH
    ]
    reports = [report_decoder.decode(content) for content in made]
    return {report.tick_us - START_US: report for report in reports}


def sightings(frames):
    """What the identity step is told, by tick."""
    told = [unseal(o.value) for o in sent(frames) if o.route == IDENTITY]
    return {
        at_us - CUT_US - START_US: sighting_decoder.decode(content) for at_us, _, content in told
    }


def at_border(n=30, **fields):
    """Frames of one object that stands on the cell's border."""
    a, b, c = HOME.edges[0]
    rng = np.random.default_rng(3)
    return [
        a_frame([rng.normal((-c * a, -c * b), 0.2)], START_US + 50_000 * k, offset=k, **fields)
        for k in range(n)
    ]


def test_the_identity_step_hears_of_a_track_at_the_border_until_it_is_gone():
    told = sightings(at_border())
    report = drive(at_border())
    seen = [tick for tick, one in told.items() if len(one.seen)]
    shown = [
        tick
        for tick, one in report.items()
        if np.frombuffer(one.rows, TRACK_ROW)["confirmed"].any()
    ]
    assert seen == shown
    (track_id,) = {
        int(i) for one in told.values() for i in np.frombuffer(one.seen, SEEN)["track_id"]
    }
    claims = np.concatenate([np.frombuffer(one.claims, CLAIM) for one in told.values()])
    assert set(claims["track_id"].tolist()) == {track_id}
    assert len(set(claims["observation"].tolist())) == len(claims) == 30
    assert [one.gone for one in told.values() if one.gone] == [[track_id]]
    assert told[max(told)].gone == [track_id]


def test_what_a_late_frame_links_otherwise_is_told_as_corrected():
    """Late frames show that what seemed to be two objects is one that moved."""
    a, b, c = HOME.edges[0]

    def along(m, event_us, **fields):
        return a_frame([(-c * a - m * b, -c * b + m * a)], START_US + event_us, **fields)

    frames = [
        along(0.0 if k < 3 else 10.0, 50_000 * k, offset=k) for k in (*range(3), *range(8, 20))
    ]
    late = {"receive_time_us": START_US + 1_200_000}
    between = [along(2.0 * k, 100_000 + 50_000 * k, offset=100 + k, **late) for k in range(1, 5)]
    prompt, told = sightings(frames), sightings([*frames, *between])
    assert not any(one.corrected for one in prompt.values())
    before, after = (
        dict(np.concatenate([np.frombuffer(v, CLAIM) for v in made]).tolist())
        for made in (
            [one.claims for one in prompt.values()],
            [one.corrected for one in told.values()],
        )
    )
    assert after
    assert all(before[name] != track_id for name, track_id in after.items())


def test_a_report_tells_which_tracks_are_gone_when_no_late_frame_can_bring_them_back():
    frames = [a_frame([[0.0, 0.0]], START_US)]
    frames += [a_frame([[500.0, 0.0]], START_US + 50_000 * k, offset=k) for k in range(1, 120)]
    reports = drive(frames)
    first = int(np.frombuffer(reports[0].rows, TRACK_ROW)["track_id"][0])
    (tick,) = [tick for tick, report in reports.items() if first in report.gone]
    # A tentative track dies by misses, after 1.2 s at the latest, in a sweep of every 0.2 s.
    assert 0 < tick - PARAMETERS.acceptance_us <= 1_700_000


def stream(n=40, late=(), by_us=700_000):
    """One moving object seen by two sources every 50 ms; some frames are received late."""
    rng = np.random.default_rng(3)
    frames = []
    for k in range(n):
        event_us = START_US + 50_000 * k
        delay_us = by_us if k in late else 30_000
        frames.append(
            a_frame(
                [[0.5 * k + rng.normal(0, 0.2), 0.0], [-0.5 * k, 30.0]],
                event_us,
                receive_time_us=event_us + delay_us,
                source_id=f"u{k % 2}",
                offset=k,
            )
        )
    return frames


def test_a_late_frame_gives_the_rows_of_one_in_time_from_the_next_tick_on():
    prompt, late = drive(stream()), drive(stream(late=(20,)))
    # Frame 20 is of 1.0 s, received at 1.7 s: pictures of 1.0 to 1.5 s are without it.
    assert {t for t in prompt if prompt[t].rows != late[t].rows} == set(
        range(1_000_000, 1_600_000, TICK_US)
    )
    assert prompt.keys() == late.keys()


@pytest.mark.parametrize("seed", range(8))
def test_any_late_frames_within_the_bound_change_nothing_in_the_end(seed):
    rng = np.random.default_rng(seed)
    frames = stream()
    delays = rng.integers(0, PARAMETERS.acceptance_us // 1000, len(frames)) * 1000
    scattered = [
        replace(f, receive_time_us=f.event_time_us + int(d))
        for f, d in zip(frames, delays, strict=True)
    ]
    prompt, late = drive(frames), drive(scattered)
    last_us = START_US + PARAMETERS.acceptance_us + 40 * 50_000
    after = [t for t in prompt if START_US + t > last_us and t in late]
    assert all(prompt[t].rows == late[t].rows for t in after)
    assert links_of(prompt) == links_of(late)


def links_of(reports):
    """Observations that the reports account for: offset and index, in order."""
    rows = [np.frombuffer(report.links, LINK_ROW) for report in reports.values()]
    return sorted((int(row["offset"]), int(row["index"])) for part in rows for row in part)


@pytest.mark.parametrize(
    ("event_us", "receive_us", "first_tick"),
    [
        (0, CUT_US, 0),
        (0, CUT_US + 1000, TICK_US),
        (1, 0, TICK_US),
        (TICK_US, TICK_US, TICK_US),
        (5 * TICK_US, 0, 5 * TICK_US),
    ],
)
def test_a_picture_holds_what_was_before_it_and_was_received_in_its_cut(
    event_us, receive_us, first_tick
):
    times = {"event_us": START_US + event_us, "receive_time_us": START_US + receive_us}
    reports = drive([a_frame([[0.0, 0.0]], **times)])
    assert min(reports) == first_tick
    assert len(np.frombuffer(reports[first_tick].rows, TRACK_ROW)) == 1
    assert len(reports[first_tick].links) == LINK_ROW.itemsize


def test_links_are_of_owned_observations_only():
    frame = a_frame([[0.0, 0.0], [50.0, 0.0]])
    frame.observations["owned"] = [1, 0]
    (links, *rest) = [r.links for r in drive([frame]).values()]
    assert np.frombuffer(links, LINK_ROW)["index"].tolist() == [0]
    assert not any(rest)


def test_a_link_says_where_its_observation_came_from():
    frame = a_frame([[0.0, 0.0]], topic="raw.probe", partition=3, offset=77, source_id="p")
    frame.observations["index"], frame.observations["time_offset_us"] = 9, -250
    report = drive([frame])[0]
    (link,) = np.frombuffer(report.links, LINK_ROW)
    assert report.link_sources[link["source_index"]] == "p"
    assert report.link_topics[link["topic_index"]] == "raw.probe"
    found = link[["partition", "offset", "index", "event_time_us"]].tolist()
    assert found == (3, 77, 9, START_US - 250)


def test_a_source_is_live_for_a_second_and_then_missing():
    frames = [f for f in stream(80) if f.source_id == "u0" or f.offset < 4]
    reports = drive(frames)
    # The last frame of u1 is received at 0.18 s.
    assert (reports[1_100_000].live, reports[1_100_000].missing) == (["u0", "u1"], [])
    assert (reports[1_200_000].live, reports[1_200_000].missing) == (["u0"], ["u1"])


def test_a_cell_reports_at_every_tick_until_it_is_quiet_and_then_is_forgotten():
    reports = drive([a_frame(np.zeros((0, 2)))])
    assert sorted(reports) == list(range(0, 700_000, TICK_US))[: len(reports)]
    assert len(reports) == 1 + PARAMETERS.quiet_us // TICK_US


def test_a_cell_wakes_again_after_its_quiet():
    frames = [a_frame(event_us=START_US + at) for at in (0, 20_000_000)]
    reports = drive(frames)
    assert max(t for t in reports if t < 20_000_000) < 2_000_000
    assert len(reports[20_000_000].links) == LINK_ROW.itemsize


def test_more_tracks_than_a_cell_may_hold_overflow():
    places = [[40.0 * k, 0.0] for k in range(10)]
    report = drive([a_frame(places)], replace(PARAMETERS, max_tracks=4))[0]
    used = np.frombuffer(report.links, LINK_ROW)["use"]
    assert np.bincount(used).tolist() == [0, 0, 4, 0, 0, 6]


def test_snapshots_and_frames_kept_are_bounded():
    stage = Stage(CellStep(PARAMETERS, tracker))
    sizes = []
    for frame in stream(400):
        due_us = picture_due_us(frame.event_time_us, frame.receive_time_us, PARAMETERS)
        stage.take(HOME.key, seal(due_us, Kind.FRAMES, pack_frame(frame)))
        list(stage.advance(frame.receive_time_us))
        sizes.append(len(stage._states[HOME.key].entries) if HOME.key in stage._states else 0)
    assert max(sizes[100:]) <= max(sizes[:100]) <= 70  # three parts an interval
