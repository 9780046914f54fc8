"""What the guard lets through, and what it stops before any parser."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.decode.guard import LIMITS, Limits, admit_json, admit_text, nesting_depth
from operators.errors import DecodeError
from operators.reasons import Reason


def reason(payload: bytes, limits: Limits = LIMITS) -> Reason:
    with pytest.raises(DecodeError) as caught:
        admit_json(payload, limits)
    return caught.value.reason


def depth_of(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    return 0


@pytest.mark.parametrize("payload", [b"", b" \n\t", b"\xef\xbb\xbf", b"\xef\xbb\xbf  "])
def test_empty_bodies_are_named(payload: bytes) -> None:
    assert reason(payload) is Reason.EMPTY_BODY


def test_byte_order_mark_is_removed() -> None:
    assert admit_json(b'\xef\xbb\xbf{"a":1}') == b'{"a":1}'


def test_size_limit_is_inclusive() -> None:
    assert admit_text(b"x" * 100, Limits(max_bytes=100)) == b"x" * 100
    assert reason(b"x" * 101, Limits(max_bytes=100)) is Reason.TOO_LARGE


def test_default_limit_is_ten_megabytes() -> None:
    assert reason(b" " * 10_000_001) is Reason.TOO_LARGE


@pytest.mark.parametrize("payload", [b'{"a":"\xff"}', b"\xc3", b"\xed\xa0\x80", b"\x80abc"])
def test_bytes_that_are_not_utf8_are_named(payload: bytes) -> None:
    assert reason(payload) is Reason.NOT_UTF8


def test_utf8_beyond_ascii_passes() -> None:
    assert admit_json('{"a":"路口"}'.encode()) == '{"a":"路口"}'.encode()


@pytest.mark.parametrize("opener", [b"[", b'{"a":'])
def test_depth_limit_is_inclusive(opener: bytes) -> None:
    assert admit_json(opener * 64)
    assert reason(opener * 65) is Reason.TOO_DEEP


def test_ten_thousand_levels_are_too_deep() -> None:
    assert reason(b"[" * 10_000 + b"]" * 10_000) is Reason.TOO_DEEP


def test_ten_megabytes_of_brackets_are_refused_by_their_number() -> None:
    assert reason(b"[" * 10_000_000) is Reason.TOO_MANY_OBJECTS


def test_brackets_in_strings_are_text() -> None:
    assert admit_json(b'{"a":"' + b"[" * 500 + b'"}')


def test_closers_in_strings_do_not_hide_depth() -> None:
    assert reason(b'["]]]]",' * 65) is Reason.TOO_DEEP


def test_escaped_quotes_do_not_end_a_string() -> None:
    assert nesting_depth(rb'{"a":"\"[[[[","b":[1]}') == 2
    assert nesting_depth(rb'{"a":"\\","b":[[1]]}') == 3


def test_wide_is_not_deep() -> None:
    assert admit_json(b"[" + b",".join([b"[]"] * 1000) + b"]")


def test_too_many_elements_are_refused_before_parsing() -> None:
    assert reason(b"[" + b"{}," * 170_000 + b"{}]") is Reason.TOO_MANY_OBJECTS
    assert reason(b"[" + b"1," * 650_000 + b"1]") is Reason.TOO_MANY_OBJECTS


@given(
    st.recursive(
        st.text(alphabet='[]{}"\\ab,:') | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text('[]"\\x'), inner, max_size=3)
        ),
        max_leaves=30,
    )
)
def test_depth_of_any_json_is_exact(value: object) -> None:
    assert nesting_depth(json.dumps(value).encode()) == depth_of(value)


@pytest.mark.parametrize("levels", [1, 15, 16, 17, 63, 1000])
def test_depth_is_the_same_by_peeling_and_by_the_sum(levels: int) -> None:
    deep = b'{"a":[' * (levels // 2) + b"[" * (levels % 2)
    closed = b"]" * (levels % 2) + b"]}" * (levels // 2)
    assert nesting_depth(deep + closed) == levels
    assert nesting_depth(b"[1],[[2]]," + deep) == max(levels, 2)  # never closed
