from itertools import groupby, pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from operators.blocks import BLOCK, Blocks, Span, block_decoder, token_of, unpack_parked
from operators.pipeline import FOREVER_US, Stage
from operators.raw import pack_raw, place_raw
from tests.builders import SECOND_US, START_US, a_raw_record

KEY = "fused.objects"


def records(gaps_ms, partition=3):
    at_us, made = START_US, []
    for offset, gap in enumerate(gaps_ms):
        at_us += gap * 1000
        raw = pack_raw(a_raw_record(offset, at_us, b"r%d/%d" % (partition, offset)))
        made.append(place_raw(partition, raw))
    return made


def cut(stage, events, watermark_us):
    for event in events:
        stage.take(KEY, event)
    return [block_decoder.decode(o.value) for o in stage.advance(watermark_us)]


def whole(events, interval_us=SECOND_US, most=5):
    return cut(Stage(Blocks(interval_us, most)), events, FOREVER_US)


def spans(blocks):
    return [[(s.partition, s.first, s.last) for s in block.spans] for block in blocks]


def test_a_block_names_its_topic_and_holds_its_records_in_order():
    (block,) = whole(reversed(records([1, 1, 1])))
    assert (block.topic, block.spans) == ("fused.objects", [Span(3, 0, 2)])
    assert block.records == [b"r3/0", b"r3/1", b"r3/2"]


def test_a_block_holds_all_partitions():
    mixed = [e for pair in zip(records([1, 1], 10), records([2, 3], 9), strict=True) for e in pair]
    (block,) = whole(mixed)
    assert spans([block]) == [[(9, 0, 1), (10, 0, 1)]]
    assert block.records == [b"r9/0", b"r9/1", b"r10/0", b"r10/1"]
    assert token_of(block, "uuid") == "uuid:9:0-1,10:0-1:v0"


def test_an_interval_of_more_records_is_several_blocks():
    blocks = whole([*records([1] * 12, 0), *records([1] * 2, 1)])
    assert spans(blocks) == [[(0, 0, 4)], [(0, 5, 9)], [(0, 10, 11), (1, 0, 1)]]


def test_cuts_stand_at_whole_seconds_not_a_second_after_the_first_record():
    # Receive times 0.9 s, 1.0 s, 1.001 s: the interval is (k, k + 1] s.
    blocks = whole(records([900, 100, 1]))
    assert spans(blocks) == [[(3, 0, 1)], [(3, 2, 2)]]


@given(after_ms=st.integers(0, 10_000), interval_us=st.sampled_from([SECOND_US, 10_000]))
def test_a_record_waits_less_than_an_interval_for_its_cut(after_ms, interval_us):
    appended_us = START_US + after_ms * 1000
    event = place_raw(0, pack_raw(a_raw_record(0, appended_us)))
    wait_us = Blocks(interval_us, 5).wake_for(event) - appended_us
    assert 0 <= wait_us < interval_us


GAPS = st.lists(st.integers(0, 700), min_size=1, max_size=30)


@given(
    gaps=st.lists(GAPS, min_size=1, max_size=3),
    order=st.randoms(),
    sizes=st.lists(st.integers(1, 9), max_size=8),
)
def test_blocks_do_not_depend_on_how_records_are_delivered(gaps, order, sizes):
    partitions = [records(one, number) for number, one in enumerate(gaps)]
    ends_us = [[START_US + sum(one[: k + 1]) * 1000 for k in range(len(one))] for one in gaps]
    taken, made = [0] * len(gaps), []
    stage = Stage(Blocks(SECOND_US, 5))
    for size in sizes:
        number = order.randrange(len(gaps))
        part = partitions[number][taken[number] : taken[number] + size]
        taken[number] += len(part)
        # Each partition comes in order: the watermark may stand just before the next of any.
        waits_us = [ends[at] for ends, at in zip(ends_us, taken, strict=True) if at < len(ends)]
        made += cut(stage, part, min(waits_us, default=START_US) - 1000)
        stage.step = Blocks(SECOND_US, 5)
    rest = [e for events, at in zip(partitions, taken, strict=True) for e in events[at:]]
    made += cut(stage, rest, FOREVER_US)
    assert made == whole([event for events in partitions for event in events])


@given(gaps=GAPS, first=st.integers(0, 30))
def test_a_restart_at_a_cut_gives_the_same_blocks_from_there(gaps, first):
    events = records(gaps)
    blocks = whole(events, most=100)
    tail = blocks[first % len(blocks) :]
    assert whole(events[tail[0].spans[0].first :], most=100) == tail


@given(gaps=st.tuples(GAPS, GAPS))
def test_blocks_hold_every_record_once(gaps):
    blocks = whole([e for number, one in enumerate(gaps) for e in records(one, number)])
    held = sorted(r for b in blocks for r in b.records)
    assert held == sorted(b"r%d/%d" % (n, k) for n, one in enumerate(gaps) for k in range(len(one)))
    told = sorted(span for one in spans(blocks) for span in one)
    for _, of_partition in groupby(told, key=lambda span: span[0]):
        assert all(a[2] + 1 == b[1] for a, b in pairwise(of_partition))


def test_a_block_that_was_parked_when_it_was_of_one_partition_is_read():
    old = msgspec.msgpack.encode(["fused.objects", 3, 5, 6, [b"a", b"b"]])
    block = unpack_parked(old)
    assert (block.topic, block.spans, block.records) == (KEY, [Span(3, 5, 6)], [b"a", b"b"])
    assert unpack_parked(msgspec.msgpack.encode(block)) == block


def test_every_output_goes_to_the_writer_and_nothing_is_kept():
    stage = Stage(Blocks(SECOND_US, 5))
    stage.take(KEY, records([0])[0])
    assert [(o.route, o.key) for o in stage.advance(FOREVER_US)] == [(BLOCK, KEY)]
    assert list(stage.advance(FOREVER_US)) == []
