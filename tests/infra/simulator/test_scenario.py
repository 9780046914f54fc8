"""A whole scenario: what is sent, when, by whom, and that it is the same every time."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import h3
import msgspec
import numpy as np
import pytest

from infra.simulator.files import FILES, write_files
from infra.simulator.placement import Placement
from infra.simulator.scenario import sense, simulate
from infra.simulator.truth import Truth
from operators.decode.registry import decode
from operators.errors import DecodeError
from operators.sources import parse_entry

ROOT = Path(__file__).parents[3]


def participants_of(sent):
    (body,) = json.loads(sent.payload)["content"]["rsms"]
    return body["participants"]


def test_equal_scenarios_give_equal_bytes(run):
    again = simulate(run.scenario)
    assert [s.payload for s in again.sent] == [s.payload for s in run.simulated.sent]
    assert again.sent == run.simulated.sent
    assert again.truth.rows().tobytes() == run.simulated.truth.rows().tobytes()


def test_another_seed_gives_other_observations_of_the_same_truth(run):
    other = sense(replace(run.scenario, seed=2), run.simulated.truth)
    assert [s.payload for s in other.sent] != [s.payload for s in run.simulated.sent]


def test_sent_records_are_in_order_of_receive_time(run):
    times = [s.receive_time_us for s in run.simulated.sent]
    assert times == sorted(times)


def test_units_send_ten_frames_a_second_of_16_participants_at_most(run):
    for unit in run.scenario.units:
        sent = [s for s in run.simulated.sent if s.source_id == unit.source_id]
        sizes = [len(participants_of(s)) for s in sent]
        assert len({s.event_time_us for s in sent}) == pytest.approx(150, abs=2)
        assert max(sizes) == 16  # reached: frames do span messages
        assert min(sizes) >= 1


def test_fleets_send_ten_reports_a_second_of_each_vehicle(run):
    for fleet in run.scenario.fleets:
        sent = [s for s in run.simulated.sent if s.source_id == fleet.source_id]
        assert {(s.topic, s.format) for s in sent} == {("raw.probe", "bsm.json")}
        assert len(sent) == pytest.approx(10 * 10 * 15, rel=0.1)


def test_marks_are_the_milliseconds_of_the_units_own_clock(run):
    offsets_ms = {u.source_id: u.clock_offset_ms for u in run.scenario.units}
    wrapped = set()
    for sent in run.simulated.sent:
        if sent.topic == "raw.roadside":
            (mark,) = {p["secMark"] for p in participants_of(sent)}
            assert mark == (sent.event_time_us // 1000 + offsets_ms[sent.source_id]) % 60_000
            wrapped.add(mark < 30_000)
    assert wrapped == {True, False}


def test_context_is_one_weather_report_one_alert_and_its_end(run):
    context = [(s.format, s.source_id) for s in run.simulated.sent if s.topic == "raw.context"]
    assert context == [("metar", "met-zzdp"), *2 * [("cap", "emergency-office")]]
    told = [s for s in run.simulated.sent if s.format == "cap"]
    alert, end = (decode("cap", s.payload, s.receive_time_us).features[0] for s in told)
    assert (alert.feature_id, alert.cancelled, end.cancelled) == (end.feature_id, False, True)


def test_the_stations_adapters_read_every_message(run):
    objects = 0
    for sent in run.simulated.sent:
        decoded = decode(sent.format, sent.payload, sent.receive_time_us)
        if sent.topic in {"raw.context", "raw.signal"}:
            assert len(decoded.features) + len(decoded.signals) + len(decoded.roads) == 1
            continue
        (frame,) = decoded.frames
        assert frame.refused == 0
        objects += len(frame.position)
    assert objects == sum(len(f) for f in run.simulated.frames)


def test_the_stations_adapters_refuse_a_broken_message(run):
    sent = run.simulated.sent[0]
    with pytest.raises(DecodeError):
        decode(sent.format, sent.payload[:-1], sent.receive_time_us)


def test_the_station_takes_every_source_entry(run):
    entries = [parse_entry(msgspec.json.encode(e)) for e in run.simulated.sources]
    assert {e.source_id for e in entries} == {s.source_id for s in run.simulated.sent}
    unit = next(e for e in entries if e.source_id == "RSU-EAST")
    assert (unit.kind, unit.datum, unit.coverage_radius_m) == ("roadside", "WGS-84", 180.0)


def cells(truth):
    rows = truth.rows()
    return {
        h3.latlng_to_cell(a, b, 7) for a, b in zip(rows["lat_deg"], rows["lon_deg"], strict=True)
    }


def test_default_district_lies_in_one_cell_and_another_origin_straddles_three(run):
    truth = run.simulated.truth
    assert len(cells(truth)) == 1
    corner = h3.cell_to_boundary(next(iter(cells(truth))))[0]
    assert len(cells(Truth.from_rows(truth.rows(), Placement(*corner)))) == 3


def test_all_that_any_unit_can_see_lies_in_the_same_cell(run):
    turn = np.linspace(0, 2 * np.pi, 60)
    for unit in run.scenario.units:
        x, y = unit.x_m + unit.range_m * np.cos(turn), unit.y_m + unit.range_m * np.sin(turn)
        lat, lon, _ = run.scenario.placement.local_to_wgs84(x, y, np.zeros(60))
        seen = {h3.latlng_to_cell(a, b, 7) for a, b in zip(lat, lon, strict=True)}
        assert seen == cells(run.simulated.truth)


def test_a_view_holds_only_what_is_on_the_road(run):
    present = run.simulated.truth.states.present
    assert set(run.simulated.views) == {f.source_id for f in run.simulated.frames}
    for view in run.simulated.views.values():
        assert view.any()
        assert not (view & ~present).any()


def test_files_hold_the_whole_scenario(run, tmp_path):
    written = list(write_files(run.simulated, tmp_path / "new"))
    assert [path.name for path in written] == list(FILES)
    lines = (tmp_path / "new" / "messages.jsonl").read_text().splitlines()
    assert len(lines) == len(run.simulated.sent)
    assert json.loads(lines[0])["payload"] == run.simulated.sent[0].payload.decode()
    recording = (tmp_path / "new" / "recording.wgs84.jsonl").read_bytes().splitlines()
    assert len(recording) == len(run.simulated.frames)
    assert decode("recording.json", recording[0], 0).frames[0].refused == 0


def test_the_command_writes_the_files(tmp_path):
    command = [sys.executable, "-m", "infra.simulator", "--out", str(tmp_path), "--seconds", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert {path.name for path in tmp_path.iterdir()} == set(FILES)
    assert "100%" in done.stdout
