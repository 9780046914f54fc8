"""Ids of one object, joined in whatever order their aliases come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.clickhouse.migrate import migrate
from jobs.io.clickhouse import Block, InsertError, Warehouse
from jobs.io.families import families
from tests.infra.clickhouse.engine import warehouse_at
from tests.infra.clickhouse.pictures import event

ID = st.integers(0, 12)


def reached(pairs, start):
    """Ids that can be walked to from one, step by step."""
    found = {start}
    while True:
        more = {b for a, b in [*pairs, *((b, a) for a, b in pairs)] if a in found} - found
        if not more:
            return found
        found |= more


@given(st.lists(st.tuples(ID, ID), max_size=20))
def test_families_are_what_a_walk_reaches(pairs):
    found = families(pairs)
    assert sum(map(len, found)) == len({one for pair in pairs for one in pair})
    for family in found:
        for one in family:
            assert reached(pairs, one) == family


@pytest.fixture(scope="module")
def database(client):
    migrate(client, "families")
    return "families"


@pytest.fixture
def send(client, database, engine_port):
    """Sends aliases as one block: send(token, (1, 2), (2, 3))."""
    for table in ("track_event", "track_alias", "track_family"):
        client.execute(f"TRUNCATE TABLE {database}.{table} SYNC")
    warehouse = Warehouse(warehouse_at(engine_port, database=database))
    yield lambda token, *pairs, run="run-1": warehouse.insert(
        Block("track.events", [event(one, other, run=run) for one, other in pairs], token)
    )
    warehouse.close()


def others(client, one):
    asked = f"SELECT run_id, track_id FROM families.aliases_of_track(track={one})"
    return [track for run, track in sorted(client.execute(asked)) if run == "run-1"]


CHAINS = {
    "three in one block": [[(1, 2), (2, 3)]],
    "three, the later alias first": [[(2, 3)], [(1, 2)]],
    "two families that a late alias joins": [[(1, 2)], [(3, 4)], [(5, 6)], [(2, 3), (4, 5)]],
    "a cycle": [[(1, 2), (2, 3), (3, 1)]],
    "a cycle over blocks": [[(1, 2)], [(2, 3)], [(3, 1)]],
    "what two blocks tell": [[(1, 2), (2, 3)], [(1, 2), (3, 4)]],
}


@pytest.mark.engine
@pytest.mark.parametrize("blocks", CHAINS.values(), ids=CHAINS)
def test_each_id_finds_all_others(client, send, blocks):
    for number, pairs in enumerate(blocks):
        send(f"{blocks}:{number}", *pairs)
    send(f"{blocks} of another run", (1, 77), run="other")
    ids = sorted({one for pairs in blocks for pair in pairs for one in pair})
    for one in ids:
        assert others(client, one) == [other for other in ids if other != one]


@pytest.mark.engine
def test_a_block_whose_families_failed_is_made_up_for_when_it_comes_again(client, send):
    send("before", (1, 2))
    client.execute("RENAME TABLE families.track_family TO families.away")
    try:
        with pytest.raises(InsertError) as failed:
            send("half", (2, 3))
        assert not failed.value.refused
    finally:
        client.execute("RENAME TABLE families.away TO families.track_family")
    assert client.execute("SELECT count() FROM families.track_event") == [(2,)]
    assert others(client, 1) == [2]
    for _ in range(2):
        send("half", (2, 3))
    assert client.execute("SELECT count() FROM families.track_event") == [(2,)]
    assert others(client, 1) == [2, 3]
    assert client.execute("SELECT count() FROM families.track_family") == [(6,)]


@pytest.mark.engine
def test_many_aliases_of_one_block_are_asked_in_parts(client, send):
    pairs = [(2 * k + 1, 2 * k + 2) for k in range(5000)]
    send("many", *pairs)
    send("many again", *pairs)
    assert client.execute("SELECT count() FROM families.track_family") == [(10_000,)]
