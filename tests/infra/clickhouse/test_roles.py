"""What the roles of the migrations may do, by the engine's own access control.

The local engine keeps no roles, but reads users with grants and row filters from a file: the
statements of the migration are put there, one role at a time.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

import schemas
from infra.clickhouse.migrate import migrate, statements
from jobs.io.clickhouse import Block, Warehouse
from tests.infra.clickhouse.engine import client_of, running_engine, warehouse_at
from tests.infra.clickhouse.pictures import START_US, drive, pictures
from tests.schemas.packing import packed_example
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.engine

DENIED = 497
TIMES = "first='2026-01-01 00:00:00', last='2027-01-01 00:00:00'"
RAW = "SELECT count() FROM station_raw.dead_letter"
OBJECTS = "SELECT count() FROM station.current_objects"
TILE = f"SELECT count() FROM station.map_tile(zoom=20, x=1, y=1, {TIMES})"
TRACK = "SELECT count() FROM station.path_of_track(track=7)"
EVENTS = "SELECT count() FROM station.event_history"
LINKS = "SELECT arraySort(groupUniqArray(source_id)) FROM station.fused_link"
LEAGUE = f"SELECT count() FROM station.source_league({TIMES})"
CHOOSE = "INSERT INTO station.run_choice (run_id) VALUES ('mine')"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    home = tmp_path_factory.mktemp("roles")
    with running_engine(home) as port, client_of(port) as client:
        migrate(client)
        warehouse = Warehouse(warehouse_at(port))
        warehouse.insert(Block("fused.objects", pictures(drive(7, 2.0)), "objects"))
        links = packed_example("links", "used-and-clutter") | {"tick_us": START_US}
        warehouse.insert(Block("fused.links", [links], "links"))
        letter = packed_example("dead_letter", "malformed-json")
        warehouse.insert(Block("dead.letters", [letter], "letters"))
        warehouse.close()
        client.execute("INSERT INTO station.supplier_source VALUES", [("default", "rsu-1")])
    return home / "clickhouse"


def granted(role):
    """Grants of a role, and its row filters by table, as the migrations have them."""
    given = [m for m in schemas.migrations() if m.grants]
    grants, filters = [], {}
    for statement in (one for m in given for one in statements(m.up, "station")):
        text = "\n".join(x for x in statement.splitlines() if not x.startswith("--"))
        if found := re.fullmatch(rf"(GRANT .*) TO station_{role}", text):
            grants.append(found[1])
        if found := re.search(rf"ON station\.(\w+) USING (.*) TO station_{role}$", text):
            filters[found[1]] = found[2]
    return grants, filters


@pytest.fixture
def ask(folder, tmp_path):
    def as_role(role, *queries):
        grants, filters = granted(role)
        texts = "".join(f"<query>{escape(one)}</query>" for one in grants)
        rows = "".join(
            f"<{table}><filter>{escape(condition)}</filter></{table}>"
            for table, condition in filters.items()
        )
        users = tmp_path / "users.xml"
        users.write_text(
            "<clickhouse><profiles><default/></profiles><quotas><default/></quotas><users><default>"
            "<password></password><networks><ip>::/0</ip></networks><profile>default</profile>"
            f"<quota>default</quota><grants>{texts}</grants>"
            f"<databases><station>{rows}</station></databases></default></users></clickhouse>"
        )
        script = Path(__file__).with_name("restricted.py")
        ended = subprocess.run(
            [sys.executable, script, folder, users], input=json.dumps(queries),
            capture_output=True, text=True, timeout=PATIENCE_S, check=True,
        )  # fmt: skip
        return json.loads(ended.stdout)

    return as_role


def test_operator_reads_and_writes_everything(ask):
    assert ask("operator", RAW, OBJECTS, CHOOSE) == ["1", "1", ""]


def test_analyst_reads_everything_but_raw_bytes_and_writes_nothing(ask):
    found = ask("analyst", RAW, CHOOSE, OBJECTS, TILE, TRACK, LINKS, LEAGUE)
    assert found == [DENIED, DENIED, "1", "0", "20", "['fleet-9','rsu-1']", "0"]


def test_object_reader_sees_objects_and_no_accounts(ask):
    found = ask("object_reader", OBJECTS, TILE, TRACK, EVENTS, LINKS, LEAGUE, RAW, CHOOSE)
    assert found == ["1", "0", "20", "0", DENIED, DENIED, DENIED, DENIED]


def test_supplier_sees_its_own_rows_alone(ask):
    assert ask("supplier", LINKS, OBJECTS, RAW) == ["['rsu-1']", DENIED, DENIED]


def test_local_engine_says_that_it_passes_roles_over(folder):
    with running_engine(folder.parent) as port, client_of(port) as client:
        changes = migrate(client, "said", dry_run=True)
    passed = [str(change) for change in changes if change.passed_over]
    assert len(passed) == sum(migration.grants for migration in schemas.migrations())
    assert passed[0].endswith("grant_roles (passed over: this engine keeps no roles)")
