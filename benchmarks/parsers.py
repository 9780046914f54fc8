"""Parsers of others for weather reports and alerts beside our own, on what tells them apart.

Reports and alerts are those whose reading was in doubt; the library's is asked in its strict mode
and, where that gives up, in its lenient one, always with year and month of the report.
"""

import time
from collections.abc import Callable
from typing import Any

from cap_tools.models import Alert
from metar.Metar import Metar
from xsdata.formats.dataclass.parsers import XmlParser

from operators.decode.registry import decode
from operators.errors import DecodeError
from tests.operators.decode.test_cap import alert, info

ANCHOR_US = 1_712_016_000_000_000  # 2024-04-02T00:00Z
YEAR, MONTH = 2024, 4
PLAIN = "METAR EDDF 012120Z 24015G27KT 3000 -SHRA BR FEW010CB OVC020 M01/M03 Q0998 NOSIG="
REPORTS = {
    "plain": PLAIN,
    "visibility unknown": "EDDF 012120Z 24015KT //// BR OVC002 01/01 Q1010",
    "state of a runway": "EDDF 012120Z 24015KT 9999 R25L/29//95 01/01 Q1010",
    "last day of the month before": "EDDF 312350Z 24015KT 9999 01/01 Q1010",
    "nothing to report": "EDDF 012120Z NIL=",
    "an hour that is none": "EDDF 012520Z 24015KT 9999 01/01 Q1010",
}
_BOMB = (
    '<!DOCTYPE l [<!ENTITY a "' + 10_000 * "x" + '">'
    + "".join(f'<!ENTITY {to} "{10 * f"&{of};"}">' for of, to in ("ab", "bc", "cd", "de")) + "]>"
)  # fmt: skip
_HEAD, _TAIL = alert(identifier="&e;").split("?>", 1)
ALERTS = {
    "plain": alert(),
    "a latitude of 950": alert(info(area="<circle>950.0,8.0 5</circle>")),
    "a ring that is open": alert(info(area="<polygon>50.0,8.0 50.0,8.1</polygon>")),
    "a cancellation of nothing": alert(kind="Cancel"),
    "entities in entities": f"{_HEAD}?>{_BOMB}{_TAIL}",
    "an extension": alert(info() + "<Signature xmlns='http://www.w3.org/2000/09/xmldsig#'/>"),
    "an info without an event": alert("<info/>"),
}


def ours(name: str, text: str) -> str:
    """What the station reads, or the reason why not."""
    try:
        (found,) = decode(name, text.encode(), ANCHOR_US).features
    except DecodeError as error:
        return f"{error.reason.name}: {error.detail}"
    if name == "cap":
        return f"{found.area[:60]} {found.radius_m or ''}"
    words = ("wind_mps", "visibility_m", "temperature_celsius", "pressure_hpa")
    return " ".join(f"{word} {found.properties.get(word)}" for word in words)


def metar(text: str) -> str:
    """What the library `metar` reads."""
    try:
        return _values(Metar(text, month=MONTH, year=YEAR))
    except Exception as error:  # any: which ones escape is the question
        lenient = Metar(text, month=MONTH, year=YEAR, strict=False)
        return f"{type(error).__name__}; lenient: {_values(lenient)}"


def _values(report: Metar) -> str:
    read = {
        "time": report.time,
        "wind_mps": report.wind_speed and round(report.wind_speed.value("MPS"), 2),
        "visibility_m": report.vis and report.vis.value("M"),
        "temperature_celsius": report.temp and report.temp.value("C"),
        "pressure_hpa": report.press and report.press.value("HPA"),
    }
    return " ".join(f"{name} {value}" for name, value in read.items())


def cap(text: str) -> str:
    """What `cap-tools` reads: texts of areas stay texts."""
    try:
        (told,) = XmlParser().from_string(text, Alert).infos or [None]
    except Exception as error:  # any, as above
        return f"{type(error).__name__}: {str(error)[:90]}"
    return str(told and [(area.polygons, area.circles) for area in told.areas])[:110]


def microseconds(read: Callable[[str], Any], text: str, count: int = 300) -> float:
    """CPU microseconds of one call."""
    read(text)
    began = time.process_time()
    for _ in range(count):
        read(text)
    return 1e6 * (time.process_time() - began) / count


def main() -> None:
    """Print both readings of each text, and what a plain one costs."""
    for name, texts, theirs in (("metar", REPORTS, metar), ("cap", ALERTS, cap)):
        for what, text in texts.items():
            began = time.process_time()
            read = theirs(text)
            spent_ms = 1e3 * (time.process_time() - began)
            print(f"{name}: {what}\n    ours    {ours(name, text)}")
            print(f"    theirs  {read}  ({spent_ms:.1f} ms)")
        plain = texts["plain"]
        us = [microseconds(read, plain) for read in (lambda t, n=name: ours(n, t), theirs)]
        print(f"{name}: CPU of a plain one: ours {us[0]:.0f} us, theirs {us[1]:.0f} us\n")


if __name__ == "__main__":
    main()
