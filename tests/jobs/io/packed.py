"""Blocks of real records, as the warehouse job gets them."""

import msgspec

import schemas
from jobs.io.avro import AvroCodec
from operators.blocks import PackedBlock, Span, token_of
from operators.routes import OBJECTS
from tests.schemas.packing import packed_example

CODEC = AvroCodec({name: k for k, (name, t) in enumerate(schemas.topics().items()) if t.record})
CASES = ("two-objects-of-two-sources", "empty-cell", "local-recording")


def pictures(number, run_id="run-1", codec=CODEC):
    """Block `number` of `fused.objects`: three pictures with four objects of ticks of their own."""
    records = []
    for place, case in enumerate(CASES):
        record = packed_example("picture", case)
        tick_us = record["tick_us"] + number * 100_000 + place * 1000
        made = record | {"tick_us": tick_us, "sequence": number, "run_id": run_id}
        records.append(codec.encode(OBJECTS, msgspec.msgpack.encode(made)))
    first = len(CASES) * number
    return PackedBlock(OBJECTS, [Span(0, first, first + len(CASES) - 1)], records)


def token(block):
    return token_of(block, "uuid")
