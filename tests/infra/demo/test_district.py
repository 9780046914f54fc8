"""The simulated district through the pipeline: what the demo promises of its tracks."""

from collections import defaultdict
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from infra.demo.context import applied
from infra.demo.registration import draw, registrations
from infra.demo.rows import gather
from infra.simulator.scenario import Scenario, simulate
from infra.simulator.score import score
from operators.fuse.standing import STANDING
from operators.parameters import Parameters
from operators.pipeline import LogRecord, Pipeline, run
from operators.reasons import Use
from operators.track import LINK, TRACK_ROW
from tests.accounts import assert_accounts_close
from tests.infra.simulator.log import log_of

START_US = 1_790_000_000_000_000
SCENARIO = Scenario(start_us=START_US, duration_s=45.0, seed=3, fog_radius_m=150.0)


class PassThrough:
    """A tracker that fuses nothing: each source's own ids are its tracks."""

    def empty(self):
        return {}

    def pack(self, state):
        return msgspec.msgpack.encode(
            {f"{s}|{i}": [t, row.tobytes()] for (s, i), (t, row) in state.items()}
        )

    def unpack(self, data):
        held = msgspec.msgpack.decode(data)
        return {
            (key.partition("|")[0], int(key.partition("|")[2])): (t, np.frombuffer(r, TRACK_ROW)[0])
            for key, (t, r) in held.items()
        }

    def advance(self, state, frame, parameters):
        links = np.zeros(len(frame.observations), LINK)
        for k, seen in enumerate(frame.observations):
            row = np.zeros(1, TRACK_ROW)[0]
            number = abs(hash((frame.source_id, int(seen["local_id"])))) >> 1
            row["track_id"], row["x_m"], row["y_m"] = number, seen["x_m"], seen["y_m"]
            row["confirmed"] = 1
            row["last_us"] = frame.event_time_us
            state[frame.source_id, int(seen["local_id"])] = (frame.event_time_us, row)
            links[k] = (number, Use.USED, 0.0, 1.0)
        return links

    def rows(self, state, at_us):
        fresh = [row for seen_us, row in state.values() if at_us - seen_us < 300_000]
        return np.array(fresh, TRACK_ROW) if fresh else np.zeros(0, TRACK_ROW)

    def sources_of(self, state):
        return []

    def standings(self, state):
        return np.zeros(0, STANDING)

    def ids_of(self, state):
        return [int(row["track_id"]) for _, row in state.values()]

    def rename(self, state, names):
        pass

    def locate(self, state, offsets_m):
        pass


@pytest.fixture(scope="module")
def simulated():
    return simulate(SCENARIO)


def records_of(simulated, **options):
    outputs = run(log_of(simulated), Pipeline(Parameters(), **options))
    return [(o.route, msgspec.msgpack.decode(o.value)) for o in outputs]


def scored(simulated, records):
    rows, accounts = gather(records)
    placement = Scenario(start_us=0).placement
    figures = score(simulated.truth, simulated.views, simulated.frames, rows.fused(placement))
    return figures, accounts, rows


@pytest.fixture(scope="module")
def records(simulated):
    return records_of(simulated)


@pytest.fixture(scope="module")
def fused(simulated, records):
    return scored(simulated, records)


def test_one_track_for_each_object(fused):
    assert 0.95 <= fused[0].tracks_per_true_object <= 1.10


def test_what_is_in_view_is_shown(fused):
    assert fused[0].truth_coverage >= 0.95


def test_few_rows_show_nothing_real(fused):
    assert fused[0].false_row_share <= 0.02


def test_fused_positions_are_a_fifth_better_than_the_best_source(fused):
    assert fused[0].position_rmse_m <= 0.8 * fused[0].best_single_source_rmse_m


def test_objects_of_several_sources_are_linked_to_them(fused):
    assert fused[0].multi_source_linked_share >= 0.8


def test_sums_close(simulated, records, fused):
    accounts = fused[1]
    assert sum(accounts.dispositions.values()) == len(simulated.sent) + len(simulated.sources)
    assert accounts.observations == sum(accounts.uses.values())
    by_topic = defaultdict(list)
    for topic, record in records:
        by_topic[topic].append(record)
    assert_accounts_close(by_topic, log_of(simulated))


def test_fog_and_an_alert_mark_the_objects_in_their_areas_and_no_others(records, fused):
    found = applied(SCENARIO, fused[2], records)
    assert found.keys() == {"weather", "emergency"}
    for kind, one in found.items():
        assert min(one.due, one.others) > 1000
        assert one.faults(kind) == []


def test_they_mark_from_the_tick_of_their_receipt_and_until_that_of_a_cancellation(
    simulated, records, fused
):
    def received(name):
        return [s.receive_time_us for s in simulated.sent if s.format == name]

    found = applied(SCENARIO, fused[2], records)
    (fog,), (since, until) = received("metar"), received("cap")
    last = max(fused[2].column("tick_us"))
    assert fog <= found["weather"].from_us <= found["weather"].until_us <= last
    assert found["emergency"].from_us == -(-since // 100_000) * 100_000
    assert found["emergency"].until_us == (until - 1) // 100_000 * 100_000


def test_marks_elsewhere_at_another_time_or_none_would_be_seen(records, fused):
    """An alert taken for larger than it is, fog for smaller, and a cancellation nobody heard."""
    wide = replace(SCENARIO, alert_area_m=((-300, -300), (300, -300), (300, 300), (-300, 300)))
    assert applied(wide, fused[2], records)["emergency"].missed > 100
    near = replace(SCENARIO, fog_radius_m=100.0)
    assert applied(near, fused[2], records)["weather"].wrong > 100
    deaf = [r for r in records if not r[1].get("cancelled")]
    found = applied(SCENARIO, fused[2], deaf)["emergency"]
    assert found.missed > 100
    assert found.faults("emergency")


def test_a_tracker_that_passes_ids_through_fails(simulated):
    figures, _, _ = scored(simulated, records_of(simulated, tracker=PassThrough()))
    assert figures.tracks_per_true_object > 1.5
    assert figures.multi_source_linked_share < 0.8


def test_registration_finds_what_is_wrong_with_each_unit(simulated, records, tmp_path):
    found = {one.source_id: one for one in registrations(simulated, records)}
    assert found.keys() == {unit.source_id for unit in simulated.units}
    for one in found.values():
        assert one.clock_s[1] == pytest.approx(one.clock_s[0], abs=0.015)
        assert one.yaw_rad[1] == pytest.approx(one.yaw_rad[0], abs=np.radians(0.15))
    turned = found["RSU-WEST"]
    assert np.sqrt(np.mean(turned.after_m**2)) < 0.8 * np.sqrt(np.mean(turned.before_m**2))
    picture = tmp_path / "registration.svg"
    draw(list(found.values()), picture)
    assert all(name in picture.read_text() for name in ("clock", "yaw"))


def test_ids_outlast_frames_that_come_late(simulated):
    """With and without the late frames there is one track for each object."""
    rng = np.random.default_rng(1)
    late = 0
    kinds = {e["source_id"]: e["kind"] for e in simulated.sources}
    moved = []
    for entry in log_of(simulated):
        record = entry.record
        if kinds.get(record.key) == "probe" and rng.random() < 0.2:
            received = record.receive_time_us + 800_000
            record = record._replace(receive_time_us=received)
            late += 1
        moved.append(LogRecord(entry.topic, entry.partition, record))
    moved.sort(key=lambda e: (e.record.receive_time_us, e.topic, e.record.offset))
    assert late > 100
    outputs = run(moved, Pipeline(Parameters()))
    rows, _ = gather((o.route, msgspec.msgpack.decode(o.value)) for o in outputs)
    figures = score(simulated.truth, simulated.views, simulated.frames,
                    rows.fused(Scenario(start_us=0).placement))  # fmt: skip
    assert figures.tracks_per_true_object <= 1.10
