from dataclasses import FrozenInstanceError

import pytest

from operators.step import Output, Result, State


def test_a_new_key_has_neither_value_nor_parts():
    assert State().value is None
    assert dict(State().entries) == {}


def test_a_result_says_nothing_it_was_not_told():
    result = Result(b"v")
    assert (dict(result.entries), tuple(result.outputs), result.wake_at_us) == ({}, (), None)


def test_a_step_cannot_change_the_state_that_it_is_given():
    with pytest.raises(FrozenInstanceError):
        State().value = b"v"


def test_an_output_is_route_key_and_value():
    assert tuple(Output("cell", "k", b"v")) == ("cell", "k", b"v")
