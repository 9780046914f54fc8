"""The load of the warehouse: the insert of its job, on the blocks that the job would cut."""

import time
from dataclasses import dataclass

from benchmarks.measure import BenchmarkError, read
from infra.demo.run import client_of
from jobs.io.avro import AvroCodec
from jobs.io.clickhouse import Block, Warehouse, WarehouseSettings
from jobs.settings import Settings
from jobs.warehouse import PARTS, RECORDS, topic_ids
from operators.blocks import Blocks, PackedBlock, block_decoder, token_of
from operators.pipeline import FOREVER_US, Stage
from operators.raw import RawRecord, pack_raw, place_raw

_WARM = 0.1  # share of the blocks before which nothing is counted


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was loaded.

    Parameters
    ----------
    rows_per_s
        Rows of all tables, of objects and links nearly all, in a second of wall time.
    decode_share
        Share of that time in which Avro was read.
    rows, blocks
        All that was sent.
    """

    rows_per_s: float
    decode_share: float
    rows: int
    blocks: int


def load_all(settings: Settings, codec: AvroCodec, objects: int) -> Loaded:
    """Load everything that is committed, block after block, in this one process.

    Raises
    ------
    BenchmarkError
        If the table does not hold `objects` object rows afterwards.
    """
    blocks, ids = _blocks(settings), topic_ids(settings)
    warehouse = Warehouse(WarehouseSettings.of(settings.clickhouse))
    spent, counted, rows = [0.0, 0.0], 0, 0
    for number, block in enumerate(blocks):
        began = time.perf_counter()
        records = [codec.decode(block.topic, data) for data in block.records]
        decoded = time.perf_counter()
        token = f"{token_of(block, ids[block.topic])}:benchmark"
        sent = warehouse.insert(Block(block.topic, records, token))
        rows += sent
        if number >= _WARM * len(blocks):
            counted += sent
            spent[0] += decoded - began
            spent[1] += time.perf_counter() - decoded
    warehouse.close()
    _check(settings, objects)
    return Loaded(counted / sum(spent), spent[0] / sum(spent), rows, len(blocks))


def _blocks(settings: Settings) -> list[PackedBlock]:
    """Blocks of all committed records: states first, then the rest."""
    made = []
    for part in PARTS:
        stage = Stage(Blocks(part.interval_us, RECORDS))
        for one in read(settings.kafka.client(), part.topics):
            record = RawRecord(one.offset, one.append_us, 0, "", "", one.key, one.value)
            stage.take(one.topic, place_raw(one.partition, pack_raw(record)))
        made += [block_decoder.decode(output.value) for output in stage.advance(FOREVER_US)]
    return made


def _check(settings: Settings, objects: int) -> None:
    found = client_of(settings).execute("SELECT count() FROM fused_object_state")[0][0]
    if found != objects:
        msg = f"{objects} object rows were published, the warehouse holds {found}"
        raise BenchmarkError(msg)
