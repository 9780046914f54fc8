"""Road weather as the SensorThings standard shows its entities."""

import json

import pytest

from operators.decode.registry import decode, guess_format
from operators.enrich.weather import weather_of
from operators.errors import DecodeError
from operators.reasons import Reason

AT_US = 1_704_103_800_000_000  # 2024-01-01T10:10Z
SPOT = {"type": "Point", "coordinates": [11.5, 48.1]}


def observation(name="Visibility", result=400, symbol="m", **fields):
    stream = {
        "@iot.id": 7, "ObservedProperty": {"name": name}, "unitOfMeasurement": {"symbol": symbol},
        "Thing": {"name": "RWS 12", "Locations": [{"location": SPOT}]},
    }  # fmt: skip
    known = {"phenomenonTime": "2024-01-01T10:00:00Z/2024-01-01T10:10:00Z", "result": result}
    return known | {"Datastream": stream} | fields


def read(message):
    return decode("sensorthings.json", json.dumps(message).encode(), 0).features


def test_an_observation_by_hand():
    (found,) = read(observation(resultTime="2024-01-01T10:11:00Z"))
    assert (found.feature_id, found.kind, found.radius_m) == ("sensorthings/7", "weather", 1000.0)
    assert (found.valid_from_us, found.issued_us) == (AT_US, AT_US + 60_000_000)
    assert found.valid_to_us == AT_US + 1_200_000_000
    assert json.loads(found.area) == SPOT
    assert guess_format(json.dumps(observation()).encode()) == "sensorthings.json"


@pytest.mark.parametrize(
    ("name", "result", "symbol", "expected"),
    [
        ("Visibility", 1.5, "km", {"visibility_m": 1500.0}),
        ("wind_speed", 36, "km/h", {"wind_mps": 10.0}),
        ("Mean Wind Speed", 10, "kn", {"wind_mps": 5.144}),
        ("Rain intensity", 0.0, "mm/h", {"precipitation_mmph": 0.0}),
        ("Precipitation type", "Freezing rain", None, {"precipitation": 4}),
        ("Road surface condition", "ICE", None, {"road_surface": 8}),
        ("Pavement state", "wet", None, {"road_surface": 3}),
    ],
)
def test_each_property_has_its_unit(name, result, symbol, expected):
    (found,) = read(observation(name, result, symbol))
    told = weather_of(found.properties)
    assert {key: getattr(told, key) for key in expected} == expected


@pytest.mark.parametrize(
    ("name", "result", "symbol"),
    [
        ("Air temperature", 3, "degC"), ("Visibility", "NaN", "m"), ("Visibility", -1, "m"),
        ("Visibility", 5, "furlong"), ("Wind gust speed", 5, "m/s"),
        ("Pavement state", "odd", None),
    ],
)  # fmt: skip
def test_what_tells_no_weather_is_left_out_of_a_collection_and_unavailable_alone(
    name, result, symbol
):
    with pytest.raises(DecodeError) as caught:
        read(observation(name, result, symbol))
    assert caught.value.reason is Reason.UNAVAILABLE
    assert len(read({"value": [observation(), observation(name, result, symbol)]})) == 1


def test_the_place_is_the_observations_own_then_the_things_then_the_feeds():
    area = {"type": "Polygon", "coordinates": [[[11, 48], [12, 48], [12, 49], [11, 48]]]}
    (own,) = read(observation(FeatureOfInterest={"feature": area}))
    assert (json.loads(own.area)["type"], own.radius_m) == ("Polygon", None)
    nowhere = observation()
    del nowhere["Datastream"]["Thing"]
    assert read(nowhere)[0].area == ""


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (observation(phenomenonTime="2024-01-01T10:00:00"), Reason.MALFORMED),
        ({"result": 1, "phenomenonTime": "2024-01-01T10:00:00Z"}, Reason.MISSING_FIELD),
    ],
)
def test_wrong_observations_are_named(message, expected):
    with pytest.raises(DecodeError) as caught:
        read(message)
    assert caught.value.reason is expected
