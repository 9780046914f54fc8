"""Traveler information: a published message, and each form of a region."""

import copy
import json
from pathlib import Path

import pytest

from operators.decode.registry import decode, guess_format
from operators.errors import DecodeError
from operators.reasons import Reason

SAMPLE = json.loads(Path("../shared/data/jpo-ode/expected-tim.json").read_text())
ANCHOR_US = 1_733_851_248_000_000  # 2024-12-10T17:20:48Z, when it was received


def read(message=SAMPLE):
    return decode("tim.json", json.dumps(message).encode(), ANCHOR_US).features


def changed(frame=None, **region):
    message = copy.deepcopy(SAMPLE)
    one = message["payload"]["data"]["dataFrames"][0]
    one.update(frame or {})
    one["regions"][0].update(region)
    return message


def cubits():
    center = {"lat": 0, "long": 0}
    return {"geometry": {"circle": {"center": center, "radius": 1, "units": "cubit"}}}


def path(*deltas, scale=0, kind="xy"):
    nodes = [{"delta": delta} for delta in deltas]
    return {"path": {"scale": scale, "offset": {kind: {"nodes": nodes}}}}


def test_the_published_message_by_hand():
    (found,) = read()
    assert found.feature_id == "tim/0000000000000BBC2B/0/0"
    assert (found.kind, found.radius_m, found.cancelled) == ("warning", 163.5, False)
    assert found.valid_from_us == 1_541_660_400_000_000  # 2018-11-08T07:00Z, minute 448 260
    assert found.valid_to_us - found.valid_from_us == 86_400_000_000
    line = json.loads(found.area)
    assert (line["type"], len(line["coordinates"])) == ("LineString", 12)
    assert line["coordinates"][:2] == [[-104.7269563, 41.1269876], [-104.7287423, 41.1264686]]
    assert found.properties["itis_codes"] == "777 13579"
    assert guess_format(json.dumps(SAMPLE).encode()) == "tim.json"


def test_steps_in_centimetres_are_from_node_to_node_and_scaled():
    steps = [{"node-XY1": {"x": 50, "y": 0}}, {"node-XY6": {"x": 0, "y": 10_000}}]
    plain, scaled = (
        json.loads(read(changed(description=path(*steps, scale=scale)))[0].area)["coordinates"]
        for scale in (0, 3)
    )
    for places, factor in ((plain, 1), (scaled, 8)):
        east_m = (places[1][0] - places[0][0]) * 84_005
        north_m = (places[2][1] - places[1][1]) * 111_060
        assert (east_m, north_m) == pytest.approx((0.5 * factor, 100.0 * factor), rel=2e-3)


def test_steps_in_degrees_and_closed_paths():
    steps = [{"node-LL1": {"lon": lon, "lat": lat}} for lon, lat in ((900, 0), (0, 900), (-900, 0))]
    found = read(changed(description=path(*steps, kind="ll"), closedPath=True))[0]
    ring = json.loads(found.area)
    assert (ring["type"], found.radius_m) == ("Polygon", None)
    assert ring["coordinates"][0][0] == ring["coordinates"][0][-1]
    assert ring["coordinates"][0][1] == pytest.approx([-104.7268663, 41.1270776])


def test_a_circle_has_units():
    circle = {"center": {"lat": 411269876, "long": -1047269563}, "radius": 2, "units": "kilometer"}
    found = read(changed(description={"geometry": {"circle": circle}}))[0]
    assert (json.loads(found.area)["type"], found.radius_m) == ("Point", 2000.0)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ({"workZone": [{"item": {"text": "x"}}]}, "work_zone"),
        ({"advisory": [{"item": {"itis": 1025}}]}, "work_zone"),
        ({"advisory": [{"item": {"itis": 770}}, {"item": {"itis": 5906}}]}, "weather"),
        ({"advisory": [{"item": {"itis": 513}}]}, "incident"),
        ({"speedLimit": [{"item": {"itis": 268}}]}, "warning"),
        ({"advisory": "?"}, "warning"),
    ],
)
def test_content_gives_the_kind(content, kind):
    assert read(changed({"content": content}))[0].kind == kind


def test_duration_32000_is_open_and_a_year_that_is_missing_is_the_nearest():
    assert read(changed({"durationTime": 32_000}))[0].valid_to_us is None
    nearest = read(changed({"startYear": None}))[0]
    assert nearest.valid_from_us == 1_730_962_800_000_000  # 2024-11-07T07:00Z


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (changed({"durationTime": 32_001}), Reason.OUT_OF_RANGE),
        (changed({"startTime": 527_040}), Reason.OUT_OF_RANGE),
        (changed(anchor=None), Reason.MISSING_FIELD),
        (changed(anchor={"lat": 900000001, "long": 0}), Reason.UNAVAILABLE),
        (changed(description=path({"node-XY1": {"x": 1}})), Reason.MISSING_FIELD),
        (changed(description=cubits()), Reason.OUT_OF_RANGE),
    ],
)  # fmt: skip
def test_wrong_messages_are_named(message, expected):
    with pytest.raises(DecodeError) as caught:
        read(message)
    assert caught.value.reason is expected
