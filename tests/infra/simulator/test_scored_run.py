"""The scenario's noise is such that fusion pays, and the score tells fusion from its absence."""

import numpy as np
import pytest

from infra.simulator.score import FusedRows, score

WINDOW_US = 1_000_000
CUT_US = 100_000


@pytest.fixture(scope="module")
def observations(run):
    """All raw observations as columns, clutter included."""
    rows = [
        (f.claimed_time_us, f.receive_time_us, f.object_index[i], f.local_id[i], f.object_class[i],
         f.x_m[i], f.y_m[i], f.position_sigma_m[i], f.source_id)
        for f in run.simulated.frames for i in range(len(f))
    ]  # fmt: skip
    names = ("claimed_us", "receive_us", "object", "local_id", "kind", "x", "y", "sigma", "source")
    return {
        name: np.array(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)
    }


def passed_on(observations, track):
    """Every observation as a row of the tick before it, with the given track numbers."""
    tick = observations["claimed_us"] // 100_000 * 100_000
    names = [[source] for source in observations["source"].tolist()]
    return FusedRows(tick, track, observations["kind"], observations["x"], observations["y"], names)


def fitted(truth, observations):
    """Lines through all sources' observations of the last second, told apart by the truth."""
    made = []
    for tick in truth.time_us[10::10]:
        fresh = observations["claimed_us"] > tick - WINDOW_US
        taken = (
            fresh
            & (observations["claimed_us"] <= tick)
            & (observations["receive_us"] <= tick + CUT_US)
        )
        for one in np.unique(observations["object"][taken & (observations["object"] >= 0)]):
            mine = taken & (observations["object"] == one)
            age_s = (observations["claimed_us"][mine] - tick) / 1e6
            weight = 1 / observations["sigma"][mine]
            if mine.sum() < 5 or age_s.max() < -0.3:
                continue
            design = np.column_stack([np.ones(len(age_s)), age_s]) * weight[:, None]
            seen = (
                np.column_stack([observations["x"][mine], observations["y"][mine]])
                * weight[:, None]
            )
            x, y = np.linalg.lstsq(design, seen, rcond=None)[0][0]
            made.append(
                (tick, one, truth.object_class[one], x, y, set(observations["source"][mine]))
            )
    columns = [*zip(*made, strict=True)]
    return FusedRows(*(np.array(c) for c in columns[:5]), columns[5])


def test_even_a_line_through_all_sources_beats_the_best_one_by_a_fifth(run, observations):
    simulated = run.simulated
    made = score(
        simulated.truth, simulated.views, simulated.frames, fitted(simulated.truth, observations)
    )
    assert made.position_rmse_m < 0.8 * made.best_single_source_rmse_m
    assert made.tracks_per_true_object < 1.05  # some lines begin too early and miss the gate
    assert made.false_row_share < 0.01
    assert made.multi_source_linked_share == 1.0


def test_passing_on_the_sources_own_ids_fails_in_every_respect(run, observations):
    _, source = np.unique(observations["source"], return_inverse=True)
    track = source * 2**33 + observations["local_id"]
    simulated = run.simulated
    made = score(simulated.truth, simulated.views, simulated.frames, passed_on(observations, track))
    assert made.tracks_per_true_object > 2.0
    assert made.duplicate_row_share > 0.3
    assert made.multi_source_linked_share == 0.0
    assert made.position_rmse_m > made.best_single_source_rmse_m * 0.9


def states_of(simulated, view):
    """The truth itself as rows, as far as it is in the view."""
    rows = simulated.truth.rows()
    at = (rows["time_us"] - rows["time_us"][0]) // 100_000
    rows = rows[view[at, np.searchsorted(simulated.truth.object_id, rows["object_id"])]]
    numbers, kinds = rows["object_id"].astype(np.int64), rows["object_class"].astype(np.int64)
    return FusedRows(rows["time_us"], numbers, kinds, rows["x_m"], rows["y_m"], [()] * len(rows))


def test_perfect_rows_of_all_views_cover_everything_and_of_one_view_not_nearly(run):
    simulated = run.simulated
    views = [*simulated.views.values()]
    shares = [
        score(simulated.truth, simulated.views, [], states_of(simulated, view)).truth_coverage
        for view in (np.any(views, axis=0), views[0])
    ]
    assert shares[0] == 1.0
    assert shares[1] < 0.6
