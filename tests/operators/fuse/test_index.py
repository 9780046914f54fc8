import numpy as np

from operators.fuse.index import BUCKETS, bucket_of, file_under, gather


def an_index(places):
    heads, links = np.full(BUCKETS, -1, np.int64), np.full(len(places), -1, np.int64)
    for slot, (x, y) in enumerate(places):
        file_under(bucket_of(x, y), slot, heads, links)
    return heads, links


def test_everything_within_reach_is_found_in_order():
    rng = np.random.default_rng(2)
    places, seen = rng.uniform(-1500, 1500, (3000, 2)), rng.uniform(-1500, 1500, (20, 2))
    found = gather(seen, 50.0, np.zeros(3), 0.0, *an_index(places), 3000)
    apart = np.abs(places[:, None] - seen[None]).max(2).min(1)
    assert set(np.flatnonzero(apart <= 50.0)) <= set(found.tolist())
    assert (np.diff(found) > 0).all()
    assert len(found) < 1000


def test_everything_in_the_circle_is_found():
    rng = np.random.default_rng(3)
    places = rng.uniform(-800, 800, (500, 2))
    circle = np.array([100.0, -50.0, 150.0])
    found = gather(np.zeros((0, 2)), 50.0, circle, 20.0, *an_index(places), 500)
    inside = np.flatnonzero(np.hypot(*(places - circle[:2]).T) < 170.0)
    assert set(inside) <= set(found.tolist())


def test_a_circle_larger_than_the_torus_finds_all_once():
    places = np.random.default_rng(4).uniform(-5000, 5000, (200, 2))
    circle = np.array([0.0, 0.0, 9000.0])
    found = gather(np.zeros((0, 2)), 50.0, circle, 20.0, *an_index(places), 200)
    assert found.tolist() == list(range(200))
