from contextlib import suppress

import msgspec
import pytest

from jobs.io.block_log import BlockLog
from jobs.io.clickhouse import InsertError, Warehouse
from jobs.io.delivery import ATTEMPTS, BlockRefusedError, Delivery
from jobs.io.rows import rows_of
from operators.routes import OBJECTS
from tests.infra.clickhouse.engine import warehouse_at
from tests.jobs.io.packed import CODEC, pictures, token

pytestmark = pytest.mark.engine

CONSTRAINT = "ALTER TABLE station.picture {} CONSTRAINT small {}"
# What a table may have against a block, and how it is mended again.
FAULTS = {
    "constraint": (CONSTRAINT.format("ADD", "CHECK count < 2"), CONSTRAINT.format("DROP", "")),
    "unknown column": (
        "ALTER TABLE station.picture RENAME COLUMN frame TO other",
        "ALTER TABLE station.picture RENAME COLUMN other TO frame",
    ),
    "type": (
        "ALTER TABLE station.picture MODIFY COLUMN cell UInt16",
        "ALTER TABLE station.picture MODIFY COLUMN cell UInt64",
    ),
}


@pytest.fixture
def make(client, warehouse, engine_port):
    """Makes a delivery, as each start of the job does: make(attempts, database) -> Delivery."""
    made = []

    def delivery(attempts=ATTEMPTS, database="station"):
        where = warehouse_at(engine_port, database=database)
        log = BlockLog(where.client(), database)
        made.append(Delivery(Warehouse(where), log, CODEC, attempts))
        return made[-1]

    yield delivery
    for one in made:
        one.close()


@pytest.fixture
def log(client, warehouse):
    return BlockLog(client, "station")


@pytest.fixture(params=sorted(FAULTS))
def mend(client, warehouse, request):
    """A fault of the table of pictures; the function mends it."""
    breaking, mending = FAULTS[request.param]
    client.execute(breaking)
    mended = []

    def once():
        if not mended:
            mended.append(client.execute(mending))

    yield once
    once()


def rows(client, table):
    return client.execute(f"SELECT count() FROM station.{table}")[0][0]


def take_until_parked(make, block):
    """Number of attempts, each by a job that remembers nothing."""
    for attempt in range(1, 10):
        with suppress(BlockRefusedError):
            make().take(block, token(block))
            return attempt
    pytest.fail("never parked")


def test_a_refused_block_is_parked_and_lands_once_when_it_is_sent_again(client, make, log, mend):
    assert take_until_parked(make, pictures(0)) == ATTEMPTS
    assert (rows(client, "fused_object_state"), rows(client, "picture")) == (4, 0)
    ((topic, table, blocks, reason),) = log.summary()
    assert (topic, table, blocks, bool(reason)) == ("fused.objects", "picture", 1, True)
    with pytest.raises(BlockRefusedError):
        make().resend(log.parked()[0])
    mend()
    (parked,) = log.parked()
    assert make().resend(parked) == 3
    assert log.parked() == []
    make().take(pictures(0), token(pictures(0)))  # a job that restarts from before
    make().resend(parked)
    assert (rows(client, "fused_object_state"), rows(client, "picture")) == (4, 3)


def test_the_next_blocks_of_a_known_fault_cost_no_restart(client, make, log, mend):
    assert take_until_parked(make, pictures(0)) == ATTEMPTS
    assert take_until_parked(make, pictures(1)) == 1
    assert [block for _, _, block, _ in log.summary()] == [2]
    mend()
    for parked in log.parked():
        make().resend(parked)
    assert take_until_parked(make, pictures(2)) == 1
    assert (rows(client, "fused_object_state"), rows(client, "picture")) == (12, 9)


def test_a_block_would_block_the_stream_for_ever_without_parking(make, log, mend):
    """The control: with no end of attempts the job only ever restarts."""
    for _ in range(2 * ATTEMPTS):
        with pytest.raises(BlockRefusedError):
            make(attempts=1000).take(pictures(0), token(pictures(0)))
    assert log.parked() == []


def test_records_that_cannot_be_read_are_parked_with_their_place(client, make, log):
    good = pictures(0)
    broken = msgspec.structs.replace(good, records=[*good.records[:2], good.records[2][:40]])
    assert take_until_parked(make, broken) == ATTEMPTS
    ((_, table, _, reason),) = log.summary()
    assert table == ""
    assert "record 3 of 3" in reason
    assert rows(client, "fused_object_state") == 0
    assert msgspec.msgpack.decode(log.parked()[0].content)[-1] == broken.records


def test_a_block_across_midnight_is_completed_where_only_a_day_of_it_went_in(
    client, warehouse, make
):
    """A block of two days is two parts, and an engine may die between them."""
    before = pictures(0)
    later = [CODEC.decode(OBJECTS, data) for data in before.records]
    for record in later:
        record["tick_us"] += 86_400_000_000
    records = [CODEC.encode(OBJECTS, msgspec.msgpack.encode(record)) for record in later]
    block = msgspec.structs.replace(before, records=[*before.records, *records])
    rows_of_day = rows_of(OBJECTS, [CODEC.decode(OBJECTS, data) for data in before.records])
    for table in rows_of_day:
        warehouse.insert_rows(table, token(block))
    assert (rows(client, "fused_object_state"), rows(client, "picture")) == (4, 3)
    for _ in range(2):
        make().take(block, token(block))
    assert (rows(client, "fused_object_state"), rows(client, "picture")) == (8, 6)


def test_a_warehouse_that_is_not_there_is_waited_for(client, make, log):
    client.execute("RENAME TABLE station.picture TO station.away")
    for delivery in (make(), make(database="nowhere")):
        for _ in range(ATTEMPTS + 1):
            with pytest.raises(InsertError) as caught:
                delivery.take(pictures(0), token(pictures(0)))
            assert not caught.value.refused
    client.execute("RENAME TABLE station.away TO station.picture")
    make().take(pictures(0), token(pictures(0)))
    assert log.parked() == []
    assert rows(client, "picture") == 3


def test_too_many_parts_are_waited_for(client, make, log):
    client.execute("SYSTEM STOP MERGES station.picture")
    client.execute("ALTER TABLE station.picture MODIFY SETTING parts_to_throw_insert = 3,"
                   " parts_to_delay_insert = 1000")  # fmt: skip
    taken = 0
    with pytest.raises(InsertError) as caught:  # noqa: PT012
        for number in range(20):
            make().take(pictures(number), token(pictures(number)))
            taken += 1
    assert (caught.value.code, caught.value.refused) == (252, False)
    assert log.parked() == []
    client.execute("SYSTEM START MERGES station.picture")
    client.execute("OPTIMIZE TABLE station.picture FINAL")
    make().take(pictures(taken), token(pictures(taken)))
    assert rows(client, "picture") == 3 * (taken + 1)
    client.execute("ALTER TABLE station.picture RESET SETTING parts_to_throw_insert,"
                   " parts_to_delay_insert")  # fmt: skip
