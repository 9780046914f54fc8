"""Signals and their map: what is told is what SUMO shows, on the lanes that it drives on."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from infra.simulator.lights import read_groups
from infra.simulator.network import run_sumo_program
from operators.decode.registry import decode
from operators.road.signal import Phase
from tests.infra.simulator.conftest import START_US

SECOND_US = 1_000_000
LETTERS = {
    "g": Phase.PERMISSIVE_MOVEMENT_ALLOWED,
    "G": Phase.PROTECTED_MOVEMENT_ALLOWED,
    "y": Phase.PROTECTED_CLEARANCE,
    "r": Phase.STOP_AND_REMAIN,
}


def told(run, kind):
    for sent in run.simulated.sent:
        if sent.format == kind:
            yield sent, decode(sent.format, sent.payload, sent.receive_time_us)


@pytest.fixture(scope="module")
def lanes(run):
    """Told lanes by name, points in local metres."""
    place = run.scenario.placement
    found = {}
    for _, decoded in told(run, "map.json"):
        for segment in decoded.roads[0].segments:
            for lane in segment.lanes:
                lon, lat = np.array(lane.points).T.copy()
                x, y, _ = place.wgs84_to_local(lat, lon, np.full(len(lat), place.alt_m))
                found[lane.name] = (segment, lane, np.column_stack([x, y]))
    return found


def test_lights_are_those_that_sumo_shows(run):
    name = run.simulated.junctions[4].name
    record, extra = run.folder / "lights.xml", run.folder / "lights.add.xml"
    event = f'<timedEvent type="SaveTLSStates" source="{name}" dest="{record}"/>'
    extra.write_text(f"<additional>{event}</additional>")
    network = run.folder / "district.net.xml"
    files = ("--net-file", str(network), "--additional-files", str(extra))
    run_sumo_program("sumo", [*files, "--end", "200", "--no-step-log"])
    groups = read_groups(ET.parse(network).getroot(), name, 0)
    seen = set()
    for shown in ET.parse(record).getroot().iter("tlsState"):
        at_us = round(float(shown.attrib["time"])) * SECOND_US
        for link, letter in enumerate(shown.attrib["state"]):
            phase = groups[link].shown(at_us).phase
            seen.add(phase)
            # who has to give way shares a light with who need not
            green = letter == "G" and phase == Phase.PERMISSIVE_MOVEMENT_ALLOWED
            assert phase == LETTERS[letter] or green
    assert seen == set(LETTERS.values())


def test_a_phase_lasts_until_the_next_and_comes_again(run):
    for group in run.simulated.junctions[0].groups:
        for at_us in range(START_US, START_US + 2 * group.cycle_us, SECOND_US):
            now = group.shown(at_us)
            assert now.start_us <= at_us < now.end_us < now.next_us
            assert group.shown(now.end_us - 1) == now
            assert group.shown(now.end_us).phase != now.phase
            assert group.shown(now.next_us).phase == now.phase
            assert group.shown(now.next_us).start_us == now.next_us


def test_each_junction_tells_ten_times_a_second_what_it_shows(run):
    junctions = {one.number: one for one in run.simulated.junctions}
    count = 0
    for sent, decoded in told(run, "spat.json"):
        (state,) = decoded.signals
        assert state.event_time_us == sent.event_time_us
        shown = junctions[int(state.intersection.split("/")[1])].shown(sent.event_time_us)
        assert [one.group for one in state.states] == list(shown)
        for one in state.states:
            true = shown[one.group]
            assert (one.phase, one.start_us) == (true.phase, true.start_us)
            assert (one.likely_end_us, one.next_us) == (true.end_us, true.next_us)
        count += 1
    assert count == 9 * 10 * 15


def test_every_lane_that_is_told_goes_on_to_one_that_is(run, lanes):
    for segment, lane, points in lanes.values():
        for turn in lane.turns:
            _, _, onward = lanes[turn.lane]
            gap_m = np.hypot(*(onward[0] - points[-1]))
            assert gap_m < (0.1 if not turn.group else 40.0) or turn.lane == lane.name
        assert segment.stop_line == any(turn.group for turn in lane.turns if not lane.both_ways)


def test_no_place_is_in_two_lanes_of_vehicles(lanes):
    driven = [points for _, lane, points in lanes.values() if lane.kind == "vehicle"]
    middles = np.array([along(points, share) for points in driven for share in (0.1, 0.5, 0.9)])
    owner = np.repeat(np.arange(len(driven)), 3)
    apart = np.hypot(*(middles[:, None] - middles[None]).transpose(2, 0, 1))
    assert apart[owner[:, None] != owner[None]].min() > 2.9


def along(points, share):
    gone = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    return [np.interp(share * gone[-1], gone, axis) for axis in points.T]


def test_vehicles_drive_on_the_lanes_that_are_told(run, lanes):
    driven = [points for _, lane, points in lanes.values() if lane.kind == "vehicle"]
    starts = np.concatenate([points[:-1] for points in driven])
    steps = np.concatenate([np.diff(points, axis=0) for points in driven])
    rows = run.simulated.truth.rows()
    rows = rows[np.isin(rows["object_class"], (1, 2, 3, 4))][::50]
    place = np.column_stack([rows["x_m"], rows["y_m"]])[:, None]
    share = np.clip(((place - starts) * steps).sum(2) / (steps**2).sum(1), 0, 1)
    away = np.hypot(*(place - starts - share[..., None] * steps).transpose(2, 0, 1)).min(axis=1)
    assert np.mean(away < 1.75) > 0.8  # the rest is inside junctions
