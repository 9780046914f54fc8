"""WZDx 4.2: the published examples, and what its schema refuses."""

import copy
import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from operators.decode.registry import decode, guess_format
from operators.errors import DecodeError
from operators.reasons import Reason

FOLDER = Path("../shared/data/wzdx")
WORK, SHIFT, DETOUR = (
    json.loads((FOLDER / name).read_text())
    for name in (
        "scenario1_simple_linestring_example.geojson",
        "scenario2_laneshift_linestring_example.geojson",
        "scenario4_detour_linestring_example.geojson",
    )
)
BOARD = json.loads((FOLDER / "arrow_board_ok_example.geojson").read_text())
# The shapes that the schemas take from elsewhere, as RFC 7946 has them.
POSITION = {"type": "array", "minItems": 2, "items": {"type": "number"}}
SHAPES = {
    "Point": POSITION,
    "MultiPoint": {"type": "array", "items": POSITION},
    "LineString": {"type": "array", "minItems": 2, "items": POSITION},
}


def shape(name, coordinates):
    members = {"type": {"enum": [name]}, "coordinates": coordinates}
    return {"type": "object", "required": ["type", "coordinates"], "properties": members}


def validator(name):
    found = [json.loads(path.read_text()) for path in (FOLDER / "schemas-4.2").iterdir()]
    # two of the six schemas have no id of their own
    base = next(s["$id"] for s in found if "$id" in s).rpartition("/")[0] + "/"
    pairs = [
        (base + path.name, json.loads(path.read_text()))
        for path in (FOLDER / "schemas-4.2").iterdir()
    ]
    pairs += [(f"https://geojson.org/schema/{n}.json", shape(n, c)) for n, c in SHAPES.items()]
    resources = [(uri, Resource.from_contents(s, default_specification=DRAFT7)) for uri, s in pairs]
    schema = next(s for s in found if s.get("$id", "").endswith(f"/{name}.json"))
    registry = Registry().with_resources(resources)
    return Draft7Validator(schema, registry=registry, format_checker=FormatChecker())


WORK_SCHEMA, DEVICE_SCHEMA = validator("WorkZoneFeed"), validator("DeviceFeed")


def read(feed):
    return decode("wzdx.json", json.dumps(feed).encode(), 0).features


def reason(feed):
    with pytest.raises(DecodeError) as caught:
        read(feed)
    return caught.value.reason


def mended(feed, **properties):
    feed = copy.deepcopy(feed)
    feed["features"] = feed["features"][:1]
    given = feed["features"][0]["properties"]
    for name, value in properties.items():
        (given if name in given or name not in given["core_details"] else given["core_details"])[
            name
        ] = value
    return feed


@pytest.mark.parametrize("feed", [WORK, SHIFT, DETOUR])
def test_published_feeds_are_valid_and_every_event_is_a_feature(feed):
    assert WORK_SCHEMA.is_valid(feed)
    assert len(read(feed)) == len(feed["features"])
    assert guess_format(json.dumps(feed).encode()) == "wzdx.json"


def test_a_work_zone_by_hand():
    found = read(WORK)[0]
    assert found.feature_id == "wzdx/1/af2e3f51-611f-4ce0-9282-2f28ca68e62f"
    assert (found.kind, found.cancelled, found.radius_m) == ("work_zone", False, 15.0)
    assert found.valid_from_us == 1_262_307_600_000_000  # 2010-01-01T01:00Z
    assert found.valid_to_us == 1_262_394_000_000_000
    assert found.issued_us == 1_262_282_461_000_000  # 2009-12-31T18:01:01Z
    assert found.properties["speed_limit_mps"] == "24.59"  # 88.514 km/h
    assert found.properties["road_names"] == "I-80; I-35"
    geometry = json.loads(found.area)
    assert geometry["type"] == "LineString"
    assert geometry["coordinates"][0][:2] == [-93.77668405099996, 41.617961698000045]


def test_where_the_traffic_is_led_is_no_work_zone():
    assert [f.kind for f in read(DETOUR)] == ["work_zone"] + ["warning"] * 3
    assert read(SHIFT)[0].properties["workers_present"] == "true"


def test_an_arrow_board_warns_while_it_shows_a_pattern():
    assert DEVICE_SCHEMA.is_valid(BOARD)
    (found,) = read(BOARD)
    assert (found.kind, found.cancelled, found.radius_m) == ("work_zone", False, 50.0)
    assert found.valid_to_us - found.valid_from_us == 300_000_000
    for quiet in (
        {"pattern": "blank"},
        {"is_in_transport_position": True},
        {"device_status": "error"},
    ):
        assert read(mended(BOARD, **quiet))[0].cancelled


@pytest.mark.parametrize(
    ("feed", "schema"), [(WORK, WORK_SCHEMA), (DETOUR, WORK_SCHEMA), (BOARD, DEVICE_SCHEMA)]
)
def test_what_the_schema_requires_and_the_station_needs_is_missed_by_both(feed, schema):
    """Without any one member: a feed that is read is valid, but for members nobody needs."""
    one = {**feed, "features": feed["features"][-1:]}
    for path in list(paths(one)):
        broken = copy.deepcopy(one)
        holder = broken
        for step in path[:-1]:
            holder = holder[step]
        del holder[path[-1]]
        if not schema.is_valid(broken) and not any(str(part).startswith(NEEDLESS) for part in path):
            with pytest.raises(DecodeError):
                read(broken)


NEEDLESS = ("is_", "related_road_events", "types_of_work", "lanes", "worker_presence")


def paths(value, path=()):
    """Where each member of an object stands, however deep."""
    within = value.items() if isinstance(value, dict) else ()
    within = enumerate(value) if isinstance(value, list) else within
    for key, inner in within:
        if isinstance(value, dict):
            yield (*path, key)
        yield from paths(inner, (*path, key))


def test_swapped_coordinates_within_both_ranges_are_only_seen_by_the_feeds_place():
    """Pitfall 16: the official camera example has [43.6768, -70.2563]."""
    swapped = mended(BOARD)
    swapped["features"][0]["geometry"]["coordinates"] = [43.6768, -70.2563]
    assert DEVICE_SCHEMA.is_valid(swapped)
    assert json.loads(read(swapped)[0].area)["coordinates"] == [43.6768, -70.2563]
    swapped["features"][0]["geometry"]["coordinates"] = [39.9, 116.4]
    assert reason(swapped) is Reason.OUT_OF_RANGE


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        (mended(WORK, start_date="2010-01-01T01:00:00"), Reason.MALFORMED),
        (mended(WORK, end_date=None), Reason.MISSING_FIELD),
        (mended(WORK, event_type="party"), Reason.WRONG_KIND),
        ({**WORK, "type": "Feature"}, Reason.WRONG_TYPE),
        ({"type": "FeatureCollection", "features": []}, Reason.MISSING_FIELD),
    ],
)
def test_wrong_feeds_are_named(broken, expected):
    assert reason(broken) is expected
    # whether a date is one, the schema's checker does not say
    assert expected is Reason.MALFORMED or not WORK_SCHEMA.is_valid(broken)


def test_points_in_order_along_the_road_are_a_line():
    points = mended(WORK)
    places = points["features"][0]["geometry"]["coordinates"][:2]
    points["features"][0]["geometry"] = {"type": "MultiPoint", "coordinates": places}
    assert WORK_SCHEMA.is_valid(points)
    assert json.loads(read(points)[0].area) == {"type": "LineString", "coordinates": places}


def test_a_cancelled_event_is_cancelled_and_a_camera_says_nothing():
    assert read(mended(WORK, event_status="cancelled"))[0].cancelled
    assert read(mended(BOARD, device_type="camera")) == ()
