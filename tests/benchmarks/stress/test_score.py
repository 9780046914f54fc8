import numpy as np
import pytest

from benchmarks.stress.__main__ import _chosen, as_json, table
from benchmarks.stress.base import Case
from benchmarks.stress.fusing import fuse, instants, truth_at
from benchmarks.stress.score import at_least, at_most, chosen, honest, score
from tests.benchmarks.stress.scene import frames, traffic

TIMES = instants(3.0, 7.5)


def test_the_truth_itself_scores_full_marks_and_a_shifted_one_its_shift():
    truth = truth_at(traffic(), TIMES)
    own = score(truth, truth, len(TIMES))
    assert own.gospa_m == own.missed == own.false == own.switches == 0
    assert own.hota == pytest.approx(1.0)
    moved = chosen(truth, np.ones(len(truth), bool))
    moved.centre_m[:, 0] += 0.5
    off = score(truth, moved, len(TIMES))
    assert off.bias_m == pytest.approx(0.5, abs=0.01)
    assert off.rmse_m == pytest.approx(0.5, abs=0.01)


def test_a_demand_is_reached_within_its_range_and_never_by_what_is_unknown():
    assert at_most("a", 1.0, 1.0).reached
    assert not at_most("a", 1.1, 1.0).reached
    assert not at_least("a", float("nan"), 0.0).reached
    assert at_least("a", 2.0, 1.0).asked == ">= 1"
    assert at_most("a", 2.0, 1.0).asked == "<= 1"


def test_a_clean_scene_is_fused_well_and_each_demand_has_a_row():
    truth = truth_at(traffic(), TIMES)
    fused = fuse(frames(), TIMES)
    found = score(truth, fused.tracks, len(TIMES))
    assert found.missed < 0.2
    assert found.rmse_m < 0.5
    assert len(fused.unseen_s) == len(fused.tracks)
    case = Case("none", found, found, (honest(found), at_most("a", float("nan"), 1.0)), "said")
    assert table({"S0": [case]}).row_count == 2
    assert [one["reached"] for one in as_json(case)["demands"]][1] is False


def test_scenarios_that_do_not_exist_are_named():
    assert _chosen("S5,S12") == ["S5", "S12"]
    with pytest.raises(Exception, match="S11"):
        _chosen("S11")
