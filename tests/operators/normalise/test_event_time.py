"""Anchoring of partial times, by the published numbers of the standards' users."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.normalise.event_time import (
    day_of_month_us,
    generation_delta_us,
    instant_us,
    its_ms_from_utc_us,
    second_of_minute_us,
    utc_us_from_its_ms,
)

ANCHORS = st.integers(1_072_915_200_000_000 + 10**12, 4_000_000_000_000_000)


def us(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000_000)


def test_mark_before_the_minute_goes_to_the_minute_before() -> None:
    received = us("2024-03-05T12:00:00.050")
    assert second_of_minute_us(59_980, received) == us("2024-03-05T11:59:59.980")


def test_mark_one_second_late_is_kept_and_stamped() -> None:
    received = us("2024-03-05T12:00:30")
    assert second_of_minute_us(29_000, received) == us("2024-03-05T12:00:29")


def test_mark_after_the_anchor_goes_to_the_next_minute() -> None:
    assert second_of_minute_us(20, us("2024-03-05T11:59:59.990")) == us("2024-03-05T12:00:00.020")


def test_mark_half_a_minute_away_is_late_not_early() -> None:
    assert second_of_minute_us(30_000, us("2024-03-05T12:00:00")) == us("2024-03-05T11:59:30")


@pytest.mark.parametrize("mark", [60_000, 60_999, 65_534, 65_535, -1])
def test_reserved_marks_name_no_instant(mark: int) -> None:
    assert second_of_minute_us(mark, us("2024-03-05T12:00:00")) is None


def test_last_millisecond_of_the_minute_is_an_instant() -> None:
    assert second_of_minute_us(59_999, us("2024-03-05T12:00:00")) is not None


def test_its_epoch_is_2004() -> None:
    assert its_ms_from_utc_us(us("2004-01-01T00:00:00")) == 0


def test_its_time_of_2007_has_one_leap_second() -> None:
    assert its_ms_from_utc_us(us("2007-01-01T00:00:00")) == 94_694_401_000
    assert utc_us_from_its_ms(94_694_401_000) == us("2007-01-01T00:00:00")


def test_its_time_since_2017_is_five_seconds_ahead() -> None:
    at = us("2024-06-01T00:00:00")
    assert its_ms_from_utc_us(at) == at // 1000 - 1_072_915_200_000 + 5000


@pytest.mark.parametrize(
    ("midnight", "leaps"),
    [("2006-01-01", 1), ("2009-01-01", 2), ("2012-07-01", 3), ("2015-07-01", 4), ("2017-01-01", 5)],
)
def test_each_leap_second_counts_from_its_midnight(midnight: str, leaps: int) -> None:
    at = us(midnight)
    plain = at // 1000 - 1_072_915_200_000
    assert its_ms_from_utc_us(at) - plain == leaps * 1000
    assert its_ms_from_utc_us(at - 1000) - (plain - 1) == (leaps - 1) * 1000


@pytest.mark.parametrize(
    ("unix_ms", "delta"), [(1_647_437_975_239, 59_983), (1_647_437_975_448, 60_192)]
)
def test_live_cams_decode_to_their_unix_time(unix_ms: int, delta: int) -> None:
    assert generation_delta_us(delta, unix_ms * 1000 + 3_000_000) == unix_ms * 1000
    assert (unix_ms - 1_072_915_200_000 + 5000) % 65_536 == delta


def test_generation_delta_rolls_over_after_65536_ms() -> None:
    sent = us("2022-03-16T13:39:35.239")
    edge = sent + (65_536 - 59_983) * 1000  # the instant whose delta is 0
    assert generation_delta_us(0, edge - 20_000) == edge
    assert generation_delta_us(65_535, edge + 20_000) == edge - 1000


@pytest.mark.parametrize("delta", [-1, 65_536])
def test_deltas_outside_the_modulus_name_no_instant(delta: int) -> None:
    assert generation_delta_us(delta, us("2024-01-01")) is None


@given(st.integers(0, 59_999), ANCHORS)
def test_mark_is_the_nearest_instant_with_that_residue(mark: int, anchor: int) -> None:
    found = second_of_minute_us(mark, anchor)
    assert found is not None
    assert found // 1000 % 60_000 == mark
    assert abs(found - anchor) <= 30_000_000 + 500


@given(st.integers(0, 65_535), ANCHORS)
def test_delta_is_the_nearest_instant_with_that_residue(delta: int, anchor: int) -> None:
    found = generation_delta_us(delta, anchor)
    assert found is not None
    assert abs(found - anchor) <= 32_768_000 + 1_000_500  # a leap second may lie between


@given(st.integers(0, 2**42 - 1))
def test_its_time_survives_utc_but_for_the_leap_seconds(its_ms: int) -> None:
    back = its_ms_from_utc_us(utc_us_from_its_ms(its_ms))
    assert back - its_ms in (0, 1000)  # 1000 within an inserted second, which UTC repeats


@pytest.mark.parametrize(
    ("group", "anchor", "expected"),
    [
        ((31, 23, 50), "2024-02-01T00:05", "2024-01-31T23:50"),
        ((1, 0, 20), "2024-01-31T23:59", "2024-02-01T00:20"),
        ((29, 12, 0), "2024-02-29T13:00", "2024-02-29T12:00"),
        ((31, 12, 0), "2024-01-01T01:00", "2023-12-31T12:00"),
        ((1, 0, 0), "2023-12-31T23:50", "2024-01-01T00:00"),
    ],
)
def test_day_group_falls_in_the_nearest_month(
    group: tuple[int, int, int], anchor: str, expected: str
) -> None:
    assert day_of_month_us(*group, us(anchor)) == us(expected)


def test_day_31_skips_the_months_without_one() -> None:
    april = us("2023-04-29T12:00")  # 29.5 days after 31 March, 31.5 before 31 May
    assert day_of_month_us(31, 0, 0, april) == us("2023-03-31T00:00")


@pytest.mark.parametrize("group", [(0, 0, 0), (32, 0, 0), (1, 24, 0), (1, 0, 60)])
def test_impossible_day_groups_name_no_instant(group: tuple[int, int, int]) -> None:
    assert day_of_month_us(*group, us("2024-01-15")) is None


def test_iso_text_needs_an_offset() -> None:
    assert instant_us("2018-05-01T16:04:23.694Z") == 1_525_190_663_694_000
    assert instant_us("2018-05-01T18:04:23.694+02:00") == 1_525_190_663_694_000
    assert instant_us("2018-05-01T16:04:23") is None
    assert instant_us("") is None
