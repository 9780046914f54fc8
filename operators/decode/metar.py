"""Format `metar`: aviation weather report, WMO FM 15 (WMO-No. 306), as plain text.

One report a record, with or without ``METAR``/``SPECI`` and the final ``=``. Read up to the first
trend or remark (``NOSIG``, ``BECMG``, ``TEMPO``, ``RMK``):

| group | becomes |
|---|---|
| station, ``DDHHMMZ`` | feature id ``metar/<station>``, valid-from in the month of the anchor |
| ``dddff(Gff)(KT/MPS/KMH)``, ``VRBff`` | `wind_from_deg`, `wind_mps`, `gust_mps` |
| ``VVVV``, ``9999``, ``n SM``, ``CAVOK`` | `visibility_m`; 9999 and CAVOK are 10 km or more |
| ``+/-`` ``VC`` and pairs of letters | `weather`, the codes as they are, separated by blanks; |
| | `precipitation`, the worst at the station, ``none`` without such a group |
| ``TT/DD`` | `temperature_celsius`, `dew_point_celsius` |
| ``Qpppp``, ``Apppp`` | `pressure_hpa` |

Runway visual range, clouds, recent weather and wind shear are skipped; ``////`` stays unknown.
A report holds until the next, 30 to 60 minutes later: valid-to is 90 minutes after, so that one
missed report leaves no gap. ``NIL`` reports nothing and is UNAVAILABLE. The place of a station is
not in the text: `area` is empty, and the source's entry says where the report holds, one station's
or, under `regions`, each one's of many. A report that was corrected (``COR``) replaces its first.

The maintained parser `metar` is an oracle of the tests and not used: it reads the visibility
``////`` as 10 km, and fails on day 31 in a month of 30 as on states of runways (decision 17).
"""

import re
from collections.abc import Sequence

from operators.decode.decoded import Decoded, Feature
from operators.errors import DecodeError
from operators.normalise.event_time import day_of_month_us
from operators.reasons import Reason

_VALID_US = 90 * 60_000_000
_MAX_CHARACTERS = 2000
_HEAD = re.compile(r"(?:(?:METAR|SPECI)\s+)?(?:COR\s+)?([A-Z][A-Z0-9]{3})\s+(\d\d)(\d\d)(\d\d)Z\b")
_END = re.compile(r"\s(?:NOSIG|BECMG|TEMPO|RMK)\b|=")
_WIND = re.compile(r"(\d{3}|VRB)(\d{2,3})(?:G(\d{2,3}))?(KT|MPS|KMH)")
_METRES = re.compile(r"(\d{4})(?:NDV)?")
_MILES = re.compile(r"[MP]?(?:(\d+)|(?:(\d+)\s)?(\d+)/(\d+))SM")
_TEMPERATURE = re.compile(r"(M?\d\d)/(M?\d\d)?(?://)?")
_PRESSURE = re.compile(r"([QA])(\d{4})")
_PHENOMENA = "DZ|RA|SN|SG|IC|PL|GR|GS|UP|BR|FG|FU|VA|DU|SA|HZ|PO|SQ|FC|SS|DS"
_WEATHER = re.compile(
    rf"(?:[+-]|VC)?(?:MI|PR|BC|DR|BL|SH|TS|FZ)?(?:{_PHENOMENA}){{1,3}}|(?:[+-]|VC)?(?:TS|SH)"
)
_MPS_PER_UNIT = {"KT": 1852 / 3600, "MPS": 1.0, "KMH": 1 / 3.6}
_METRES_PER_MILE = 1609.344
_HPA_PER_INCH = 33.8639


def adapt(payload: bytes, anchor_us: int) -> Decoded:
    """Read one report.

    Raises
    ------
    DecodeError
        MALFORMED without station and time, OUT_OF_RANGE for a day or time that does not exist
        around the anchor, UNAVAILABLE for NIL, TOO_LARGE beyond 2000 characters.
    """
    text = payload.decode().strip()
    if len(text) > _MAX_CHARACTERS:
        msg = f"{len(text)} characters, limit {_MAX_CHARACTERS}"
        raise DecodeError(Reason.TOO_LARGE, msg)
    head = _HEAD.match(text)
    if head is None:
        raise DecodeError(Reason.MALFORMED, "no station and DDHHMMZ at the start")
    station, day, hour, minute = head.groups()
    observed_us = day_of_month_us(int(day), int(hour), int(minute), anchor_us)
    if observed_us is None:
        msg = f"no instant {day}{hour}{minute}Z around the anchor"
        raise DecodeError(Reason.OUT_OF_RANGE, msg)
    body = _END.split(text[head.end() :], maxsplit=1)[0]
    if "NIL" in body.split():
        raise DecodeError(Reason.UNAVAILABLE, "NIL report")
    feature = Feature(
        feature_id=f"metar/{station}",
        kind="weather",
        valid_from_us=observed_us,
        valid_to_us=observed_us + _VALID_US,
        area="",
        radius_m=None,
        cancelled=False,
        properties={"station": station} | _properties(body),
        issued_us=observed_us,
        regions=(station,),
    )
    return Decoded(features=(feature,))


def looks_like(text: bytes) -> bool:
    """Whether `text` starts as a report does."""
    return _HEAD.match(text[:80].decode(errors="replace")) is not None


def _properties(body: str) -> dict[str, str]:
    found: dict[str, str] = {}
    weather = []
    for group in _with_whole_miles(body.split()):
        if _WEATHER.fullmatch(group):
            weather.append(group)
            continue
        for pattern, reader in _READERS:
            if match := pattern.fullmatch(group):
                found = reader(match) | found  # the first group of a kind stands
                break
    found["precipitation"] = _precipitation(weather)
    return found | ({"weather": " ".join(weather)} if weather else {})


# From the worst to the mildest for a road.
_PRECIPITATION = (
    ("hail", ("GR", "GS")),
    ("freezing_rain", ("FZRA", "FZDZ")),
    ("snow", ("SN", "SG", "IC")),
    ("sleet", ("PL", "UP")),
    ("rain", ("RA",)),
    ("drizzle", ("DZ",)),
)


def _precipitation(weather: Sequence[str]) -> str:
    """Name of what falls at the station; rain and snow at once are sleet."""
    here = " ".join(group for group in weather if not group.startswith("VC"))
    if "SN" in here and "RA" in here:
        return "sleet"
    names = (name for name, codes in _PRECIPITATION if any(code in here for code in codes))
    return next(names, "none")


def _with_whole_miles(groups: list[str]) -> list[str]:
    """Join ``1 1/2SM``, the one group that is written with a blank."""
    joined: list[str] = []
    for group in groups:
        if joined and re.fullmatch(r"\d", joined[-1]) and re.fullmatch(r"\d/\d+SM", group):
            joined[-1] += f" {group}"
        else:
            joined.append(group)
    return joined


def _wind(match: re.Match[str]) -> dict[str, str]:
    direction, speed, gust, unit = match.groups()
    found = {"wind_mps": f"{int(speed) * _MPS_PER_UNIT[unit]:.2f}"}
    if direction != "VRB":
        found["wind_from_deg"] = str(int(direction))
    if gust:
        found["gust_mps"] = f"{int(gust) * _MPS_PER_UNIT[unit]:.2f}"
    return found


def _visibility_m(match: re.Match[str]) -> dict[str, str]:
    metres = int(match[1])
    return {"visibility_m": str(10_000 if metres == 9999 else metres)}


def _visibility_miles(match: re.Match[str]) -> dict[str, str]:
    whole, units, over, under = match.groups()
    if under is not None and int(under) == 0:
        return {}
    miles = int(whole) if whole else int(units or 0) + int(over) / int(under)
    return {"visibility_m": f"{miles * _METRES_PER_MILE:.0f}"}


def _cavok(_: re.Match[str]) -> dict[str, str]:
    return {"visibility_m": "10000"}


def _temperature(match: re.Match[str]) -> dict[str, str]:
    air, dew = match.groups()
    found = {"temperature_celsius": str(int(air.replace("M", "-")))}
    if dew:
        found["dew_point_celsius"] = str(int(dew.replace("M", "-")))
    return found


def _pressure(match: re.Match[str]) -> dict[str, str]:
    if match[1] == "Q":
        return {"pressure_hpa": str(int(match[2]))}
    return {"pressure_hpa": f"{int(match[2]) / 100 * _HPA_PER_INCH:.1f}"}


_READERS = (
    (_WIND, _wind),
    (_METRES, _visibility_m),
    (_MILES, _visibility_miles),
    (re.compile("CAVOK"), _cavok),
    (_TEMPERATURE, _temperature),
    (_PRESSURE, _pressure),
)
