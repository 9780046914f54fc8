"""Own metrics against the libraries of the field, on random sequences."""

import warnings
from datetime import datetime, timedelta

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from benchmarks.metrics.boxes import closeness, iou_3d, pairs
from benchmarks.metrics.clear import Scene
from benchmarks.metrics.gospa import gospa, ospa
from benchmarks.metrics.hota import ALPHAS, hota
from benchmarks.metrics.identity import idf1
from tests.benchmarks.metrics.sequences import sequence

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # theirs, of their own imports
    import motmetrics
    from stonesoup.metricgenerator.ospametric import GOSPAMetric, OSPAMetric
    from stonesoup.types.state import State
    from trackeval.metrics.hota import HOTA

SEEDS = (1, 2, 3)


def matrices(truth, tracks, similarity):
    """For each frame: objects, tracks, dense matrix of similarity (0 for no pair)."""
    found = pairs(truth, tracks, similarity)
    full = np.zeros((len(truth), len(tracks)))
    full[found.truth, found.track] = found.similarity
    for k in range(truth.frame.max() + 1):
        i, j = np.flatnonzero(truth.frame == k), np.flatnonzero(tracks.frame == k)
        yield truth.identity[i], tracks.identity[j], full[np.ix_(i, j)]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("similarity", "least"), [(closeness, 0.5), (iou_3d, 0.25)])
def test_clear_and_idf1_are_those_of_motmetrics(seed, similarity, least):
    truth, tracks = sequence(seed)
    accumulator = motmetrics.MOTAccumulator(auto_id=True)
    for objects, found, matrix in matrices(truth, tracks, similarity):
        accumulator.update(objects, found, np.where(matrix >= least, 1 - matrix, np.nan))
    names = ["mota", "motp", "idf1", "num_switches", "num_fragmentations", "num_false_positives"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it runs ahead of pandas
        told = motmetrics.metrics.create().compute(accumulator, metrics=names).iloc[0]
    scene = Scene(truth, tracks, pairs(truth, tracks, similarity).at_least(least))
    ours = scene.clear()
    assert ours.switches > 5  # or nothing was tested
    assert ours.fragmentations > 5
    assert ours.mota == pytest.approx(told["mota"])
    assert 1 - ours.motp == pytest.approx(told["motp"])
    assert ours.switches == told["num_switches"]
    assert ours.fragmentations == told["num_fragmentations"]
    assert ours.false == told["num_false_positives"]
    assert idf1(scene) == pytest.approx(told["idf1"])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("similarity", [closeness, iou_3d])
def test_hota_is_that_of_trackeval(seed, similarity):
    truth, tracks = sequence(seed)
    objects, found, scores = zip(*matrices(truth, tracks, similarity), strict=True)
    told = HOTA().eval_sequence(
        {
            "num_tracker_dets": len(tracks),
            "num_gt_dets": len(truth),
            "num_gt_ids": truth.identities,
            "num_tracker_ids": tracks.identities,
            "gt_ids": objects,
            "tracker_ids": found,
            "similarity_scores": scores,
        }
    )
    ours = hota(Scene(truth, tracks, pairs(truth, tracks, similarity)))
    assert len(ours.hota) == len(ALPHAS)
    np.testing.assert_allclose(ours.hota, told["HOTA"], atol=1e-9)
    np.testing.assert_allclose(ours.deta, told["DetA"], atol=1e-9)
    np.testing.assert_allclose(ours.assa, told["AssA"], atol=1e-9)
    np.testing.assert_allclose(ours.loca, told["LocA"], atol=1e-9)


@pytest.mark.parametrize(("n", "m"), [(6, 9), (9, 6), (5, 5), (0, 4), (4, 0)])
@pytest.mark.parametrize("p", [1.0, 2.0])
def test_gospa_and_ospa_are_those_of_stone_soup(n, m, p):
    rng = np.random.default_rng(n * 10 + m)
    truth, found = rng.uniform(0, 12, (n, 2)), rng.uniform(0, 12, (m, 2))
    at = datetime(2025, 1, 1)  # noqa: DTZ001  (Stone Soup's states carry no zone)
    there, here = (
        [State(point[:, None], timestamp=at + timedelta(0)) for point in side]
        for side in (truth, found)
    )
    told = GOSPAMetric(p=p, c=3.0).compute_gospa_metric(here, there)[0].value
    ours = gospa(truth, found, 3.0, p)
    assert ours.distance == pytest.approx(told["distance"])
    assert ours.localisation == pytest.approx(told["localisation"])
    assert ours.missed == pytest.approx(told["missed"])
    assert ours.false == pytest.approx(told["false"])
    told = OSPAMetric(p=p, c=3.0).compute_OSPA_distance(here, there).value
    assert ospa(truth, found, 3.0, p) == pytest.approx(told)
    assert ospa(truth, truth + 0.0, 3.0, p) == 0.0


def test_closeness_is_1_at_no_distance_and_a_half_at_2_m():
    truth, tracks = sequence(1)
    for k in (0, 7):
        i, j = np.flatnonzero(truth.frame == k), np.flatnonzero(tracks.frame == k)
        away = cdist(truth.centre_m[i, :2], tracks.centre_m[j, :2])
        ii, jj = np.meshgrid(i, j, indexing="ij")
        ours = closeness(truth, ii.ravel(), tracks, jj.ravel()).reshape(away.shape)
        np.testing.assert_allclose(ours, np.clip(1 - away / 4, 0, None))
