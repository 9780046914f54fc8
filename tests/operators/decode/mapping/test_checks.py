"""A mapping that cannot be meant is refused: file, key, what is wrong, what to write."""

import pytest

from operators.decode.mapping.checks import parse_mapping
from operators.errors import ParameterError
from tests.operators.decode.mapping.feeds import EXAMPLES, a_mapping

DEGREES = 'lat = "a"\nlon = "b"'

BAD = [
    (a_mapping(title=3), "feed.toml: title: expected `str`, got `int`"),
    (a_mapping(kind="radar"), "feed.toml: kind: invalid enum value 'radar'"),
    (a_mapping(sources="x"), "unknown field `sources`; known are accuracy, class, csv,"),
    (a_mapping(position='x = "a"\ny = "b"\nq = "c"'), "position: object contains unknown field"),
    (a_mapping(position='x = "a"\ny = "b"\nq = "c"'), "known are datum, lat, lon, place"),
    (a_mapping('[feature]\nid = "a"\nkind = "b"\nradius = "c"\nstarts = { until = 1 }'),
     "feature.starts: object contains unknown field `until`; known are delay_ms, form, path"),
    (a_mapping(position='x = "a"'), "position: give lat and lon, or x and y, or place"),
    (a_mapping(position=DEGREES + '\nx = "c"'), "position: give lat and lon, or x and y"),
    (a_mapping(position='x = "a"\ny = "b"\ndatum = "GCJ-02"'), "position.datum: is of degrees"),
    (a_mapping(position='x = "a"\ny = "b"\ndatum = "ED50"'), "position.datum: invalid enum value"),
    (a_mapping(position=DEGREES + "\npose = { lat_deg = 1.0, lon_deg = 2.0 }"), "is for x and y"),
    (a_mapping(position='x = "a"\ny = "b"\npose = { lat_deg = 99.0, lon_deg = 2.0 }'),
     "position.pose: lat_deg is -90 to 90"),
    (a_mapping(position='place = "a"'), "places: position.place and a table [places.NAME]"),
    (a_mapping("[places.a]\nlat_deg = 1.0\nlon_deg = 2.0"), "places: position.place and a table"),
    (a_mapping("[places.a]\nlat_deg = 1.0\nlon_deg = 200.0", position='place = "p"'), "places.a:"),
    (a_mapping(position='x = { path = "a", unit = "yd" }\ny = "b"'),
     "position.x.unit: 'yd' is none; known are m, dm, cm"),
    (a_mapping(position='x = { unit = "m" }\ny = "b"'), "position.x: give either the path"),
    (a_mapping(position='x = { path = "a", factor = 0.0 }\ny = "b"'), "position.x.factor: has to"),
    (a_mapping('[motion]\nspeed = "v"'), "motion.speed: needs motion.heading"),
    (a_mapping('[motion]\nvx = "v"'), "motion: give vx and vy, or speed"),
    (a_mapping('[accuracy]\nx = { value = 1.0, meaning = "sigma" }'), "accuracy: x and y go"),
    (a_mapping('[accuracy]\nx = { value = 1.0, meaning = "cep" }'), "accuracy.x.meaning: invalid"),
    (a_mapping(time='form = "unix"\npath = "t"'), "time.form: 'unix' is none; known are iso"),
    (a_mapping(time='form = "%H:%M"\npath = "t"'), "time.form: '%H:%M' is none"),
    (a_mapping(time='form = "iso"'), "time.path: is needed"),
    (a_mapping(time='form = "receipt"\npath = "t"'), "time.path: is needed, but for"),
    (a_mapping(time='form = "receipt"\nzone = "CET"'), "time.zone: 'CET' is no offset"),
    (a_mapping(time='form = "receipt"\ndelay_ms = 70000.0'), "time.delay_ms: is 70000; 0 to 60000"),
    (a_mapping('[class]\npath = "c"\nother = "unknown"\nmap = { a = "tank" }'),
     "class: 'tank' is none; known are unknown, car, van"),
    (a_mapping(kind="feed"), "feature: a feed has a table [feature]"),
    (a_mapping('[feature]\nid = "a"\nkind = "party"\nradius = "r"', kind="feed", position=DEGREES),
     "feature.kind: 'party' is none; known are weather, emergency"),
    (a_mapping('[feature]\nid = "a"\nkind = "weather"\nradius = "r"', kind="feed"),
     "position: a feature needs lat and lon, or place"),
    (a_mapping('[feature]\nid = "a"\nkind = "weather"\nradius = "r"\nlasts_min = 0.0', kind="feed",
               position=DEGREES), "feature.lasts_min: has to be positive"),
    (a_mapping(syntax="csv", objects="list"), "objects: is for JSON"),
    (a_mapping("[csv]", 'delimiter = "::"', syntax="csv"), "csv.delimiter: is one character"),
    (a_mapping("[csv]", 'columns = ["x"]', syntax="csv"), "position.y: column 'y' is not among"),
    (a_mapping(syntax="csv", source="/a"), "source: in CSV a path is the name of a column"),
    ("title = ", "feed.toml: no valid TOML"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), BAD)
def test_bad_mappings_are_refused_with_file_and_key(text, words):
    with pytest.raises(ParameterError) as refused:
        parse_mapping("feed", text)
    assert words in str(refused.value)
    assert str(refused.value).startswith("feed.toml: ")


def test_the_name_has_to_fit_into_the_name_of_a_format():
    with pytest.raises(ParameterError, match=r"a b\.toml: a file's name has letters"):
        parse_mapping("a b", a_mapping())


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_are_good(name):
    assert parse_mapping(name, EXAMPLES[name]).title
