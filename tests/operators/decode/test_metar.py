"""Weather reports by hand, after the groups of WMO FM 15."""

from datetime import UTC, datetime

import pytest

from operators.decode.decoded import Feature
from operators.decode.registry import decode
from operators.errors import DecodeError
from operators.reasons import Reason

ANCHOR_US = round(datetime(2024, 3, 5, 21, 30, tzinfo=UTC).timestamp()) * 1_000_000


def report(text: str, anchor_us: int = ANCHOR_US) -> Feature:
    (found,) = decode("metar", text.encode(), anchor_us).features
    return found


def test_report_by_hand() -> None:
    text = (
        "METAR EDDF 052120Z 24015G27KT 3000 R25L/1000 -SHRA BR FEW010CB OVC020 M01/M03 Q0998 NOSIG="
    )
    found = report(text)
    assert (found.feature_id, found.kind, found.area, found.cancelled) == (
        "metar/EDDF", "weather", "", False,
    )  # fmt: skip
    assert found.valid_from_us == ANCHOR_US - 600_000_000
    assert found.valid_to_us == ANCHOR_US + 80 * 60_000_000
    assert found.properties == {
        "station": "EDDF", "wind_from_deg": "240", "wind_mps": "7.72", "gust_mps": "13.89",
        "visibility_m": "3000", "weather": "-SHRA BR", "temperature_celsius": "-1",
        "dew_point_celsius": "-3", "pressure_hpa": "998", "precipitation": "rain",
    }  # fmt: skip
    assert (found.regions, found.issued_us) == (("EDDF",), found.valid_from_us)


@pytest.mark.parametrize(
    ("group", "name", "expected"),
    [
        ("9999", "visibility_m", "10000"), ("CAVOK", "visibility_m", "10000"),
        ("0050", "visibility_m", "50"), ("10SM", "visibility_m", "16093"),
        ("1/2SM", "visibility_m", "805"), ("1 1/2SM", "visibility_m", "2414"),
        ("M1/4SM", "visibility_m", "402"), ("//// ", "visibility_m", None),
        ("1/0SM", "visibility_m", None),
        ("00000KT", "wind_mps", "0.00"), ("VRB02MPS", "wind_mps", "2.00"),
        ("VRB02MPS", "wind_from_deg", None), ("36036KMH", "wind_mps", "10.00"),
        ("/////KT", "wind_mps", None), ("+TSRA", "weather", "+TSRA"), ("FZFG", "weather", "FZFG"),
        ("VCSH", "weather", "VCSH"), ("-SNRA", "weather", "-SNRA"), ("OVC010", "weather", None),
        ("M00/M02", "temperature_celsius", "0"), ("20/", "temperature_celsius", "20"),
        ("20///", "dew_point_celsius", None), ("A2992", "pressure_hpa", "1013.2"),
        ("Q////", "pressure_hpa", None), ("R24/P2000", "visibility_m", None),
    ],
)  # fmt: skip
def test_groups(group: str, name: str, expected: str | None) -> None:
    assert report(f"EDDF 052120Z {group}").properties.get(name) == expected


def test_trend_and_remarks_are_not_read() -> None:
    found = report("EDDF 052120Z 9999 TEMPO 0200 FG")
    assert found.properties == {
        "station": "EDDF", "visibility_m": "10000", "precipitation": "none",
    }  # fmt: skip
    assert "weather" not in report("KDEN 052120Z 10SM RMK SNB05").properties


def test_month_comes_from_the_anchor() -> None:
    new_year = round(datetime(2024, 1, 1, 0, 5, tzinfo=UTC).timestamp()) * 1_000_000
    assert report("EDDF 312350Z CAVOK", new_year).valid_from_us == new_year - 15 * 60_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("EDDF 052120Z NIL=", Reason.UNAVAILABLE),
        ("EDDF 322120Z CAVOK", Reason.OUT_OF_RANGE),
        ("EDDF 052520Z CAVOK", Reason.OUT_OF_RANGE),
        ("EDDF CAVOK", Reason.MALFORMED),
        ("{}", Reason.MALFORMED),
        ("EDDF 052120Z " + "x" * 2000, Reason.TOO_LARGE),
    ],
)
def test_wrong_reports_are_named(text: str, expected: Reason) -> None:
    with pytest.raises(DecodeError) as caught:
        report(text)
    assert caught.value.reason is expected


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("", "none"), ("BR", "none"), ("VCSHRA", "none"), ("-DZ", "drizzle"), ("+TSRA", "rain"),
        ("FZRA", "freezing_rain"), ("-SNRA", "sleet"), ("RA SN", "sleet"), ("PL", "sleet"),
        ("BLSN", "snow"), ("SHGR RA", "hail"),
    ],
)  # fmt: skip
def test_precipitation_is_the_worst_that_falls_at_the_station(group: str, expected: str) -> None:
    assert report(f"EDDF 052120Z 9999 {group}").properties["precipitation"] == expected


def test_day_31_in_a_month_of_30_is_that_of_the_month_before() -> None:
    april = round(datetime(2024, 4, 2, tzinfo=UTC).timestamp()) * 1_000_000
    found = report("EDDF 311220Z 9999", april)
    assert (
        found.valid_from_us == round(datetime(2024, 3, 31, 12, 20, tzinfo=UTC).timestamp()) * 10**6
    )
