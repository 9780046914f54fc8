"""Settings: precedence, refusals that say where, secrets."""

import shutil
from pathlib import Path

import pytest

from infra.local.planning import with_own_mappings
from jobs.setting_values import SettingsError
from jobs.settings import Settings, as_toml, load

ROOT = Path(__file__).parents[2]

# (lines of the file, line of the fault, what the error has to name)
BAD = [
    ('[kafka]\nbootstrap = "here"', 2, "kafka.bootstrap"),
    ('\n\n[kafka]\nbootstrap = "a.example:9092"', 4, "kafka.security to SSL"),
    ('kafka.bootstrap = "x"', 1, "kafka.bootstrap"),
    ("[kafka]\nbootstrap = 9092", 2, "a text in quotes"),
    ('[kafka]\nsecurity = "TLS"', 2, "SASL_SSL"),
    ('[kafka]\nsecurity = "SASL_SSL"', 2, "STATION_KAFKA_PASSWORD"),
    ('[kafka]\npassword = "hush"', 2, "STATION_KAFKA_PASSWORD"),
    ('[kafka]\nbootstraps = "local"', 2, "known are kafka.bootstrap"),
    ("[kafak]\nx = 1", 2, "known are clickhouse"),
    ('[registry]\nurl = "ftp://r.example"', 2, "registry.url"),
    ('[registry]\nurl = "http://user:hush@r.example:8081"', 2, "without user and password"),
    ('[clickhouse]\nurl = "http://c.example"', 2, "clickhouse.url"),
    ('[clickhouse]\ndatabase = "a;b"', 2, "clickhouse.database"),
    ('[flink]\nmode = "fast"', 2, "flink.mode"),
    ("[flink]\nparallelism = 0", 2, "flink.parallelism"),
    ("[flink]\nparallelism = true", 2, "a whole number"),
    ("[flink]\nparallelism = 1.5", 2, "a whole number"),
    ('[flink]\nid_prefix = ""', 2, "flink.id_prefix"),
    ("[flink]\nexclude_silent_ms = 20", 2, "flink.exclude_silent_ms"),
    ("[flink]\n# a comment\ntransaction_timeout_ms = 900001", 3, "15 min"),
    ("[flink]\ntransaction_timeout_ms = 180000", 2, "must exceed"),
    ("[run]\ntick_us = 90001", 2, "multiple of slice_us"),
    ('[run]\nhalo_m = "far"', 2, "a number"),
    ('[partitions]\n"raw.roadside" = 0', 2, "partitions.raw.roadside"),
    ('[partitions]\n"raw.roadsides" = 4', 2, "unknown setting"),
    ('[serve]\nhost = "0.0.0.0"', 2, "tokens and TLS"),
    ('[serve]\nkey_file = "k.pem"', 2, "go together"),
    ("[local]\nkafka_port = 80", 2, "local.kafka_port"),
    ("[local]\ntaskmanager_heap_mib = 1", 2, "at least 256"),
    ("[local]\n[local]", 2, "no valid TOML"),
    ("[flink]\nmode = thread", 2, "no valid TOML"),
    ('[formats]\nmappings = "none"', 2, "none is no folder"),
    ('[topics."a.b"]\nformats = "bsm.json"', 2, "known are topics.NAME.format"),
    ('[topics."a.b"]\nformat = "bsm.json"\nkind = "probe"\nkeyed = 1', 4, "true or false"),
    ('[topics."a.b"]\nformat = "bsm"\nkind = "probe"', 2, "known are bsm.json"),
    ('[topics."a.b"]\nformat = "bsm.json"\nkind = "probes"', 3, "roadside, probe, feed"),
    ('[topics."raw.probe"]\nformat = "bsm.json"\nkind = "probe"', 2, "topics of others"),
    ('[topics.x]\nformat = "cap"\nkind = "feed"\ndisorder_ms = -1', 4, "0 to 60000"),
    ('[topics.x]\nformat = "cap"\nkind = "feed"\nidle_ms = 1', 4, "100 to 3600000"),
]


@pytest.fixture
def read(tmp_path):
    def from_text(text, **environment):
        file = tmp_path / "station.toml"
        file.write_text(text)
        return load(file, environment)

    return from_text


@pytest.mark.parametrize(("text", "line", "words"), BAD)
def test_bad_setting_is_refused_with_its_line(read, text, line, words):
    with pytest.raises(SettingsError) as refused:
        read(text)
    assert f"station.toml:{line}: " in str(refused.value)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("STATION_FLINK_PARALLELISM", "two", "a whole number"),
        ("STATION_FLINK_PARALLELISM", "0", "flink.parallelism"),
        ("STATION_KAFKA_BOOTSTRAPS", "local", "unknown setting"),
        ("STATION_RUN_HALO_M", "far", "a number"),
    ],
)
def test_bad_variable_is_refused_by_its_name(name, value, words):
    with pytest.raises(SettingsError, match=words) as refused:
        load(None, {name: value})
    assert f"environment {name}" in str(refused.value).replace("environment: ", "environment ")


def test_environment_goes_before_file_and_file_before_default(read):
    text = "[flink]\nparallelism = 3\ncheckpoint_interval_ms = 500"
    flink = read(text, STATION_FLINK_PARALLELISM="5").flink
    assert (flink.parallelism, flink.checkpoint_interval_ms) == (5, 500)
    assert flink.id_prefix == Settings().flink.id_prefix


def test_shipped_file_is_the_defaults(tmp_path):
    lines = (ROOT / "station.toml").read_text().splitlines()
    opened = [line.removeprefix("#") if "=" in line and line[0] in "#" else line for line in lines]
    kept = [line for line in opened if not line.startswith((" ", "#"))]
    file = tmp_path / "station.toml"
    file.write_text("\n".join(line for line in kept if "raw.roadside" not in line))
    assert as_toml(load(file, {})) == as_toml(
        load(None, {"STATION_LOCAL_STATE_DIR": str(tmp_path / ".station")})
    )


def test_written_settings_read_back_the_same(read):
    first = read('[run]\nstation_id = "Ring „Ost“"\n[partitions]\n"raw.probe" = 8')
    assert read(as_toml(first)) == first


def test_secret_is_used_but_never_shown(read):
    text = '[kafka]\nbootstrap = "b.example:9093"\nsecurity = "SASL_SSL"\nusername = "me"'
    made = read(text, STATION_KAFKA_PASSWORD="hush-1234")
    assert made.kafka.client()["sasl.password"] == "hush-1234"
    assert "hush-1234" in made.kafka.java()["sasl.jaas.config"]
    assert "hush" not in repr(made) + as_toml(made)


def test_missing_file_is_an_error_with_its_name(tmp_path):
    with pytest.raises(SettingsError, match=r"gone\.toml: cannot be read"):
        load(tmp_path / "gone.toml", {})


@pytest.mark.parametrize("host", ["127.0.0.1:9092", "localhost:9092", "[::1]:9092"])
def test_plain_text_is_allowed_on_the_loopback(read, host):
    assert read(f'[kafka]\nbootstrap = "{host}"').kafka.bootstrap == host


def test_state_folder_lies_beside_the_file(read, tmp_path):
    assert read("").state_dir == tmp_path / ".station"


def test_a_foreign_topic_says_what_it_carries(read):
    with pytest.raises(SettingsError, match=r"topics\.a\.b\.kind: is missing"):
        read('[topics."a.b"]\nformat = "bsm.json"')


MAPPINGS = ROOT / "docs/examples/mappings"


def test_mappings_are_read_from_the_folder_beside_the_file(read, tmp_path):
    shutil.copytree(MAPPINGS, tmp_path / "feeds")
    text = (
        '[formats]\nmappings = "feeds"\n[topics."v2x-v1-rsm"]\nkind = "roadside"\nkeyed = false\n'
    )
    made = read(text + 'format = "mapping.loops"')
    assert set(made.mappings) == {file.stem for file in MAPPINGS.glob("*.toml")}
    assert made.topics["v2x-v1-rsm"].format == "mapping.loops"
    assert read(as_toml(made)) == made


def test_a_wrong_mapping_is_refused_with_its_file_and_key(read, tmp_path):
    (tmp_path / "radar.toml").write_text('title = "x"\nkind = "roadside"\nsyntax = "xml"')
    with pytest.raises(SettingsError) as refused:
        read(f'[formats]\nmappings = "{tmp_path}"')
    assert "station.toml:2: formats.mappings" in str(refused.value)
    assert "radar.toml: syntax: invalid enum value 'xml'" in str(refused.value)


def test_a_station_reads_its_own_copy_of_the_mappings(read, tmp_path):
    shutil.copytree(MAPPINGS, tmp_path / "feeds")
    made = with_own_mappings(read('[formats]\nmappings = "feeds"'), tmp_path / "state")
    shutil.rmtree(tmp_path / "feeds")
    assert read(as_toml(made)).mappings == made.mappings
