"""Settings: precedence, refusals that say where, secrets."""

from pathlib import Path

import pytest

from jobs.settings import Settings, SettingsError, as_toml, load

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
    ("[flink]\n# a comment\ntransaction_timeout_ms = 900001", 3, "15 min"),
    ("[flink]\ntransaction_timeout_ms = 180000", 2, "must exceed"),
    ("[run]\ntick_us = 90001", 2, "multiple of slice_us"),
    ('[run]\nhalo_m = "far"', 2, "a number"),
    ('[partitions]\n"raw.roadside" = 0', 2, "partitions.raw.roadside"),
    ('[partitions]\n"raw.roadsides" = 4', 2, "unknown setting"),
    ("[local]\nkafka_port = 80", 2, "local.kafka_port"),
    ("[local]\ntaskmanager_heap_mib = 1", 2, "at least 256"),
    ("[local]\n[local]", 2, "no valid TOML"),
    ("[flink]\nmode = thread", 2, "no valid TOML"),
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
