import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from operators.register.algebra import inverse


@given(st.integers(1, 30), st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_inverse_is_numpys_and_exactly_symmetric(n, seed):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(n, n + 3)) * 10.0 ** rng.uniform(-2, 2, (n, 1))
    matrix = root @ root.T
    found = inverse(matrix)
    assert np.array_equal(found, found.T)
    np.testing.assert_allclose(found @ matrix, np.eye(n), atol=1e-6 * np.linalg.cond(matrix) ** 0.5)


def test_a_matrix_that_rounding_made_singular_has_a_finite_inverse():
    assert np.isfinite(inverse(np.ones((3, 3)))).all()
    assert np.isfinite(inverse(np.zeros((2, 2)))).all()
