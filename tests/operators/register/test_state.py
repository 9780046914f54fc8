import numpy as np
import pytest

from operators.errors import LayoutError
from operators.register.state import (
    MOST_UNITS,
    N_UNITS,
    no_registry,
    pack_registry,
    unpack_registry,
)


def filled(n=3):
    """A registry of n units with different content everywhere."""
    rng, registry = np.random.default_rng(0), no_registry()
    registry.counts[:] = n, 1_700_000_000
    registry.roles[:5] = (0, 1, -1, 2, -2)
    size = 5 * n
    registry.units["key"][:n] = rng.integers(1, 2**60, n)
    registry.units["candidates"][:n] = np.arange(n) * 7
    registry.bias[:n] = rng.normal(size=(n, 5))
    for part in (registry.covariance, registry.information):
        part[:size, :size] = rng.normal(size=(size, size))
    registry.pull[:size] = rng.normal(size=size)
    registry.relative[:n] = rng.normal(size=(n, 5, 5))
    for unit in range(n):
        registry.candidates[unit, : 7 * unit] = rng.normal(size=(7 * unit, 8))
        registry.candidates_us[unit, : 7 * unit] = rng.integers(0, 2**50, 7 * unit)
    return registry


@pytest.mark.parametrize("n", [0, 1, 3, MOST_UNITS])
def test_packed_registry_comes_back_whole(n):
    registry = filled(n)
    back = unpack_registry(pack_registry(registry))
    for name, part in registry._asdict().items():
        assert np.array_equal(getattr(back, name), part), name


def test_an_empty_registry_takes_little_room():
    assert len(pack_registry(no_registry())) < 700


@pytest.mark.parametrize("change", [-1, 8])
def test_bytes_that_are_cut_or_too_long_are_refused(change):
    data = pack_registry(filled())
    with pytest.raises(LayoutError, match="registry"):
        unpack_registry(data[:change] if change < 0 else data + bytes(change))


def test_impossible_counts_are_refused():
    for place, value in ((N_UNITS, MOST_UNITS + 1), (N_UNITS, -1)):
        registry = no_registry()
        data = bytearray(pack_registry(registry))
        data[8 * place : 8 * place + 8] = int(value).to_bytes(8, "little", signed=True)
        with pytest.raises(LayoutError, match="units"):
            unpack_registry(bytes(data))
    crowded = filled()
    crowded.units["candidates"][1] = 1000
    with pytest.raises(LayoutError, match="bytes"):
        unpack_registry(pack_registry(crowded))
