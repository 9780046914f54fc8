from datetime import UTC, datetime

import numpy as np
import pytest

from infra.clickhouse.account import account
from infra.clickhouse.compare import compare, tables_of_runs
from infra.clickhouse.migrate import migrate
from infra.clickhouse.runs import days_of
from jobs.io.clickhouse import Warehouse
from jobs.io.rows import rows_of
from tests.infra.clickhouse.engine import client_of, warehouse_at
from tests.schemas.packing import packed_example

pytestmark = pytest.mark.engine

PICTURE = packed_example("picture", "two-objects-of-two-sources")
LINKS = packed_example("links", "used-and-clutter")
DAY = datetime.fromtimestamp(PICTURE["tick_us"] / 1e6, UTC).date()


def moved(k):
    """Offsets of the raw records that the links of picture `k` name."""
    return (np.frombuffer(LINKS["offset"], "<i8") + 100 * k).tobytes()


def run_of(run_id, pictures=3):
    """Records of a run whose account closes: a picture and its links at each of some ticks."""
    span = packed_example("record_ledger", "accepted-late-and-rejected")
    uses = packed_example("observation_ledger", "two-sources")
    count = LINKS["count"] * pictures
    entries = [span["entries"][0] | {"records": pictures, "observations": count}]
    ticks = [PICTURE["tick_us"] + k * 100_000 for k in range(pictures)]
    own = {"run_id": run_id}
    return {
        "fused.objects": [
            PICTURE | own | {"tick_us": tick, "sequence": k} for k, tick in enumerate(ticks)
        ],
        "fused.links": [
            LINKS | own | {"tick_us": tick, "offset": moved(k)} for k, tick in enumerate(ticks)
        ],
        "ledger.records": [span | own | {"entries": entries}],
        "ledger.observations": [
            uses | own | {"entries": [uses["entries"][0] | {"observations": count}]}
        ],
    }


@pytest.fixture(scope="module")
def database(engine_port):
    """Tables that merge nothing away and remember no token."""
    with client_of(engine_port) as client:
        migrate(client, "station")
        for table in ("fused_link", "picture", "fused_object_state"):
            client.execute(f"ALTER TABLE station.{table} MODIFY SETTING"
                           " non_replicated_deduplication_window = 0")  # fmt: skip
            client.execute(f"SYSTEM STOP MERGES station.{table}")
    return "station"


@pytest.fixture
def load(database, engine_port):
    """Loads records: load(records, only one table)."""
    warehouse = Warehouse(warehouse_at(engine_port))

    def send(records, only=""):
        for topic, of_topic in records.items():
            for rows in rows_of(topic, of_topic):
                if only in ("", rows.table):
                    warehouse.insert_rows(rows, f"{of_topic[0]['run_id']}:{topic}")

    yield send
    warehouse.close()


def faults(client, run_id, sent=3):
    return account(client, "station", run_id).faults(sent)


def test_the_account_of_a_whole_run_closes(client, load):
    load(run_of("whole"))
    assert faults(client, "whole") == faults(client, "whole", None) == []
    assert days_of(client, "station", "whole") == [DAY]
    assert faults(client, "whole", 4) == ["3 records by disposition, 4 sent"]


@pytest.mark.parametrize(
    ("topic", "word"),
    [("fused.links", "links"), ("ledger.records", "sent"), ("ledger.observations", "uses")],
)
def test_what_is_missing_is_named(client, load, topic, word):
    run_id = f"without {topic}"
    load({name: found for name, found in run_of(run_id).items() if name != topic})
    assert any(word in fault for fault in faults(client, run_id))


def test_a_picture_that_is_missing_in_the_middle_is_named(client, load):
    records = run_of("gap")
    del records["fused.objects"][1]
    load(records)
    assert faults(client, "gap") == ["1 breaks in the sequences of pictures"]


def test_a_cell_that_slept_counts_anew(client, load):
    records = run_of("slept", pictures=5)
    for picture, sequence in zip(records["fused.objects"], (0, 1, 0, 1, 2), strict=True):
        picture["sequence"] = sequence
    load(records)
    assert faults(client, "slept", 5) == []


def test_a_picture_that_is_there_twice_is_named(client, load):
    records = run_of("doubled")
    load(records)
    load({"fused.objects": records["fused.objects"][:1]}, only="picture")
    assert "1 breaks in the sequences of pictures" in faults(client, "doubled")


def test_pictures_without_their_objects_are_named(client, load):
    load(run_of("hollow"), only="picture")
    assert "6 objects in pictures, 0 rows" in faults(client, "hollow")


def test_equal_runs_have_equal_hashes_and_others_have_not(client, load):
    for run_id in ("one", "same", "twice"):
        load(run_of(run_id))
    load({"fused.links": run_of("twice")["fused.links"][:1]})
    client.execute(
        "INSERT INTO station.picture SELECT * REPLACE ('changed' AS run_id, count + 1 AS count)"
        " FROM station.picture WHERE run_id = 'one'"
    )
    assert len(tables_of_runs(client, "station")) >= 8
    equal = {
        run_id: {d.table: d.equal for d in compare(client, "station", run_id, {DAY: "one"})}
        for run_id in ("same", "twice", "changed")
    }
    assert {"station.picture", "station.fused_object_state"} <= set(equal["same"])
    assert all(equal["same"].values())
    assert [t for t, same in equal["twice"].items() if not same] == ["station.fused_link"]
    assert not equal["changed"]["station.picture"]
