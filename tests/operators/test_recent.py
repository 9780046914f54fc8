import pytest

from operators import recent
from operators.recent import RecentStates


@pytest.fixture
def states():
    return RecentStates(lambda packed: [*packed])


def test_a_state_is_given_out_as_it_was_kept_and_once(states):
    state = [1, 2]
    states.keep("a", b"\1\2", state)
    assert states.take("a", b"\1\2") is state
    again = states.take("a", b"\1\2")
    assert again == state
    assert again is not state


def test_a_state_of_other_bytes_is_unpacked(states):
    states.keep("a", b"\1\2", [1, 2])
    assert states.take("a", b"\3") == [3]
    assert states.take("b", b"\1\2") == [1, 2]


def test_the_oldest_key_is_forgotten(states, monkeypatch):
    monkeypatch.setattr(recent, "MOST", 2)
    kept = {name: [name] for name in "abc"}
    for name, state in kept.items():
        states.keep(name, name.encode(), state)
    assert states.take("a", b"a") is not kept["a"]
    assert states.take("b", b"b") is kept["b"]
