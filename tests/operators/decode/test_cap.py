"""Alerts of CAP 1.2: places, times, updates, and every way of an entity kept out."""

import json
import math

import pytest

from operators.decode.decoded import Feature
from operators.decode.registry import decode
from operators.errors import DecodeError
from operators.reasons import Reason

SQUARE = "50.0,8.0 50.0,8.1 50.1,8.1 50.1,8.0 50.0,8.0"
INFO = (
    "<info><language>en-US</language><category>{category}</category><event>{event}</event>"
    "<urgency>Immediate</urgency><severity>Severe</severity><certainty>Observed</certainty>"
    "{times}<area><areaDesc>Here</areaDesc>{area}</area></info>"
)


def info(
    area: str = f"<polygon>{SQUARE}</polygon>",
    category: str = "Fire",
    event: str = "Fire",
    times: str = "<expires>2024-03-05T14:00:00+01:00</expires>",
) -> str:
    return INFO.format(area=area, category=category, event=event, times=times)


def alert(
    body: str = info(), identifier: str = "a1", kind: str = "Alert", status: str = "Actual",
    sent: str = "2024-03-05T12:00:00+01:00", references: str = "",
) -> str:  # fmt: skip
    refs = f"<references>{references}</references>" if references else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">'
        f"<identifier>{identifier}</identifier><sender>fire@city</sender><sent>{sent}</sent>"
        f"<status>{status}</status><msgType>{kind}</msgType><scope>Public</scope>{refs}{body}</alert>"
    )


def feature(text: str) -> Feature:
    (found,) = decode("cap", text.encode(), 0).features
    return found


def reason(text: str | bytes) -> Reason:
    with pytest.raises(DecodeError) as caught:
        decode("cap", text if isinstance(text, bytes) else text.encode(), 0)
    return caught.value.reason


def test_alert_by_hand() -> None:
    found = feature(alert())
    assert (found.feature_id, found.kind, found.cancelled) == (
        "cap/fire@city/a1",
        "emergency",
        False,
    )
    assert found.valid_from_us == 1_709_636_400_000_000  # 2024-03-05T11:00Z
    assert found.valid_to_us == 1_709_643_600_000_000  # 13:00Z
    assert found.properties["severity"] == "Severe"
    assert found.properties["area_description"] == "Here"


def test_polygon_turns_to_longitude_first() -> None:
    area = json.loads(feature(alert()).area)
    assert area["type"] == "Polygon"
    assert area["coordinates"][0][1] == [8.1, 50.0]


def test_lone_circle_is_a_point_with_a_radius_from_kilometres() -> None:
    found = feature(alert(info("<circle>50.0,8.0 2.5</circle>")))
    assert json.loads(found.area) == {"type": "Point", "coordinates": [8.0, 50.0]}
    assert found.radius_m == 2500.0


def test_several_shapes_are_joined() -> None:
    both = f"<polygon>{SQUARE}</polygon><circle>50.0,8.0 1</circle>"
    found = feature(alert(info(both)))
    area = json.loads(found.area)
    assert (area["type"], len(area["coordinates"]), found.radius_m) == ("MultiPolygon", 2, None)
    ring = area["coordinates"][1][0]
    assert ring[0] == ring[-1]
    assert all(
        math.isclose(math.hypot((lat - 50) * 111_195, (lon - 8) * 71_475), 1000, rel_tol=0.01)
        for lon, lat in ring
    )


def test_geocode_alone_leaves_the_area_empty() -> None:
    assert feature(alert(info("<geocode><valueName>SAME</valueName></geocode>"))).area == ""


def test_translation_of_the_first_info_adds_nothing() -> None:
    german = info().replace("en-US", "de-DE").replace("<event>Fire", "<event>Feuer")
    found = feature(alert(info() + german))
    assert found.properties["event"] == "Fire"
    assert json.loads(found.area)["type"] == "Polygon"
    two = feature(alert(info() + info()))
    assert json.loads(two.area)["type"] == "MultiPolygon"


def test_update_and_cancel_carry_the_id_of_the_first_alert() -> None:
    first = "fire@city,a1,2024-03-05T12:00:00+01:00"
    second = "fire@city,a2,2024-03-05T12:10:00+01:00"
    update = feature(alert(kind="Update", identifier="a2", references=first))
    cancel = feature(alert("", kind="Cancel", identifier="a3", references=f"{second} {first}"))
    assert (update.feature_id, update.cancelled) == ("cap/fire@city/a1", False)
    assert (cancel.feature_id, cancel.cancelled) == ("cap/fire@city/a1", True)
    assert (cancel.area, cancel.valid_to_us) == ("", None)


def test_earliest_reference_counts_in_utc_not_as_text() -> None:
    west = "fire@city,west,2024-03-05T06:30:00-06:00"  # 12:30Z
    east = "fire@city,east,2024-03-05T12:00:00+00:00"
    found = feature(alert(kind="Update", identifier="n", references=f"{west} {east}"))
    assert found.feature_id == "cap/fire@city/east"


def test_onset_goes_before_effective() -> None:
    times = "<effective>2024-03-05T12:00:00Z</effective><onset>2024-03-05T13:00:00Z</onset>"
    assert feature(alert(info(times=times))).valid_from_us == 1_709_643_600_000_000


@pytest.mark.parametrize(
    ("category", "kind"),
    [("Fire", "emergency"), ("Met", "weather"), ("Transport", "incident"), ("Other", "warning")],
)
def test_category_gives_the_kind(category: str, kind: str) -> None:
    assert feature(alert(info(category=category))).kind == kind


@pytest.mark.parametrize("status", ["Exercise", "System", "Test", "Draft"])
def test_alerts_that_are_not_actual_do_not_act(status: str) -> None:
    assert reason(alert(status=status)) is Reason.WRONG_KIND


@pytest.mark.parametrize("kind", ["Ack", "Error"])
def test_answers_are_not_alerts(kind: str) -> None:
    assert reason(alert(kind=kind)) is Reason.WRONG_KIND


@pytest.mark.parametrize(
    "prologue",
    [
        '<!DOCTYPE alert [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE alert [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE alert SYSTEM "http://example.invalid/cap.dtd">',
        '<!DOCTYPE alert [<!ENTITY % p SYSTEM "http://example.invalid/p">%p;]>',
    ],
)
def test_document_types_are_refused(prologue: str) -> None:
    text = alert().replace("?>", f"?>{prologue}", 1)
    assert reason(text) is Reason.MALFORMED


def test_billion_laughs_costs_nothing() -> None:
    entities = "".join(f'<!ENTITY e{k} "{f"&e{k - 1};" * 10}">' for k in range(1, 10))
    text = f'<!DOCTYPE alert [<!ENTITY e0 "ha">{entities}]><alert>&e9;</alert>'
    assert reason(text) is Reason.MALFORMED


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<alert/>", Reason.MISSING_FIELD),
        ("<alert>", Reason.MALFORMED),
        ("<a>&undefined;</a>", Reason.MALFORMED),
        (alert(sent="yesterday", body=""), Reason.MALFORMED),
        (alert(sent="2024-03-05T12:00:00"), Reason.MALFORMED),
        (alert(references="no-commas"), Reason.MALFORMED),
        (alert(info("<polygon>50,8 51,8 50,8</polygon>")), Reason.MALFORMED),
        (alert(info("<polygon>50,8 51,8 51,9 50,9</polygon>")), Reason.MALFORMED),
        (alert(info("<polygon>8,150 8,151 9,151 8,150</polygon>")), None),
        (alert(info("<polygon>150,8 151,8 151,9 150,8</polygon>")), Reason.OUT_OF_RANGE),
        (alert(info("<circle>50,8 -1</circle>")), Reason.OUT_OF_RANGE),
        (alert(info("<circle>50,8 nan</circle>")), Reason.NOT_FINITE),
        (alert(info("<circle>50,8</circle>")), Reason.MALFORMED),
        ("<a>" * 65 + "</a>" * 65, Reason.TOO_DEEP),
    ],
)
def test_wrong_alerts_are_named(text: str, expected: Reason | None) -> None:
    if expected is None:
        assert json.loads(feature(text).area)["coordinates"][0][0] == [150.0, 8.0]
    else:
        assert reason(text) is expected


def test_text_that_is_not_utf8_is_named() -> None:
    assert reason(alert().encode() + b"\xff") is Reason.NOT_UTF8
