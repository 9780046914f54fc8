import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.envelope import Kind, due_us, seal, unseal


@given(st.integers(-(2**63), 2**63 - 1), st.sampled_from(Kind), st.binary())
def test_an_envelope_gives_back_what_was_sealed(at_us, kind, content):
    sealed = seal(at_us, kind, content)
    assert unseal(sealed) == (at_us, kind, content)
    assert due_us(sealed) == at_us


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="77"):
        unseal(seal(0, Kind.NAME, b"")[:8] + bytes([77]))
