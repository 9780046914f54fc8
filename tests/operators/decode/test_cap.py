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


def test_geocodes_name_regions_and_are_no_area() -> None:
    codes = "<geocode><valueName>SAME</valueName><value>006109</value></geocode>"
    codes += "<geocode><valueName>UGC</valueName><value>CAZ017</value></geocode>"
    found = feature(alert(info(codes)))
    assert (found.area, found.regions) == ("", ("006109", "CAZ017"))
    parameter = "<parameter><valueName>x</valueName><value>7</value></parameter></info>"
    assert feature(alert(info().replace("</info>", parameter))).regions == ()


def test_translation_of_the_first_info_adds_nothing() -> None:
    german = info().replace("en-US", "de-DE").replace("<event>Fire", "<event>Feuer")
    found = feature(alert(info() + german))
    assert found.properties["event"] == "Fire"
    assert json.loads(found.area)["type"] == "Polygon"
    two = feature(alert(info() + info()))
    assert json.loads(two.area)["type"] == "MultiPolygon"


FIRST = "fire@city,a1,2024-03-05T12:00:00+01:00"
SECOND = "fire@city,a2,2024-03-05T12:10:00+01:00"


def test_an_update_ends_what_it_names_and_a_cancellation_says_nothing_else() -> None:
    update = alert(kind="Update", identifier="a2", references=FIRST, sent=SECOND.split(",")[2])
    new, old = decode("cap", update.encode(), 0).features
    assert (new.feature_id, new.cancelled) == ("cap/fire@city/a2", False)
    assert (old.feature_id, old.cancelled, old.area) == ("cap/fire@city/a1", True, "")
    assert old.issued_us == new.issued_us == 1_709_637_000_000_000
    cancel = alert("", kind="Cancel", identifier="a3", references=f"{SECOND} {FIRST}")
    ended = decode("cap", cancel.encode(), 0).features
    assert [f.feature_id for f in ended] == ["cap/fire@city/a2", "cap/fire@city/a1"]
    assert all(f.cancelled and f.properties == {"ended_by": "cap/fire@city/a3"} for f in ended)


@pytest.mark.parametrize("kind", ["Update", "Cancel"])
def test_an_update_or_cancellation_of_nothing_is_refused(kind: str) -> None:
    assert reason(alert(kind=kind)) is Reason.MISSING_FIELD


def test_an_alert_may_refer_to_others_without_ending_them() -> None:
    assert feature(alert(references=FIRST, identifier="a9")).feature_id == "cap/fire@city/a9"


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
        (alert(kind="Update", references="no-commas"), Reason.MALFORMED),
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


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ("x" * 2_000_000, Reason.TOO_LARGE),
        ("<" + "x" * 20_000 + "/>", Reason.TOO_LARGE),
        ("<b " + " ".join(f"a{k}=''" for k in range(3000)) + "/>", Reason.TOO_LARGE),
        ("<b/>" * 30_001, Reason.TOO_MANY_OBJECTS),
        ("x" * 1_900_000 + "<b/>" * 20_000, Reason.MISSING_FIELD),
    ],
    ids=["bytes", "name", "attributes", "elements", "within the bounds"],
)
def test_what_would_keep_the_parser_busy_for_long_is_refused(inner: str, expected: Reason) -> None:
    assert reason(f"<alert>{inner}</alert>") is expected
