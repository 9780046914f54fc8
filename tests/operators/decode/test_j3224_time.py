"""DDateTime: whole, cut short from either side, out of any calendar."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from operators.decode.j3224_time import DateTime, instant_us
from operators.errors import DecodeError
from operators.reasons import Reason


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1e6)


WHOLE = {"year": 2024, "month": 2, "day": 29, "hour": 23, "minute": 59, "second": 59_999}


@pytest.mark.parametrize(
    ("parts", "anchor", "expected"),
    [
        (WHOLE, "2030-01-01T00:00:00", "2024-02-29T23:59:59.999"),
        (WHOLE | {"offset": 540}, "2030-01-01T00:00:00", "2024-02-29T14:59:59.999"),
        ({"second": 59_980}, "2025-05-22T12:00:00.050", "2025-05-22T11:59:59.980"),
        ({"minute": 59, "second": 58_000}, "2025-05-22T12:00:01", "2025-05-22T11:59:58"),
        # half an hour ahead of UTC and no hour: the minute has to be turned back
        (
            {"minute": 20, "second": 0, "offset": 330},
            "2025-05-22T12:49:59",
            "2025-05-22T12:50:00",
        ),
        (
            {"hour": 23, "minute": 59, "second": 59_000},
            "2025-05-23T00:00:01",
            "2025-05-22T23:59:59",
        ),
        # a date without its hour is no date of ours
        (
            {"year": 1999, "minute": 1, "second": 500},
            "2025-05-22T12:01:02",
            "2025-05-22T12:01:00.5",
        ),
    ],
)
def test_known_parts_name_an_instant(parts: dict[str, Any], anchor: str, expected: str) -> None:
    assert instant_us(DateTime(**parts), at(anchor)) == at(expected)


@pytest.mark.parametrize(
    "parts", [{"year": 2024}, WHOLE | {"second": 65_535}, WHOLE | {"second": 60_000}, {}]
)
def test_no_second_is_no_instant(parts: dict[str, Any]) -> None:
    assert instant_us(DateTime(**parts), at("2025-05-22T12:00:00")) is None


def test_day_of_no_calendar_is_out_of_range() -> None:
    with pytest.raises(DecodeError) as caught:
        instant_us(DateTime(**WHOLE | {"year": 2023}), 0)
    assert caught.value.reason is Reason.OUT_OF_RANGE


@pytest.mark.parametrize(
    "text", ['{"hour":32}', '{"minute":61}', '{"second":65536}', '{"month":13}', '{"offset":841}']
)
def test_ranges_are_those_of_the_standard(text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=DateTime)
