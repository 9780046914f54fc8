from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from operators.blocks import BLOCK, Blocks, block_decoder
from operators.pipeline import FOREVER_US, Stage
from operators.raw import pack_raw
from tests.builders import SECOND_US, START_US, a_raw_record

KEY = "fused.objects/3"


def records(gaps_ms):
    at_us, made = START_US, []
    for offset, gap in enumerate(gaps_ms):
        at_us += gap * 1000
        made.append(pack_raw(a_raw_record(offset, at_us, b"r%d" % offset)))
    return made


def cut(stage, events, watermark_us):
    for event in events:
        stage.take(KEY, event)
    return [block_decoder.decode(o.value) for o in stage.advance(watermark_us)]


def whole(events, interval_us=SECOND_US, offsets=5):
    return cut(Stage(Blocks(interval_us, offsets)), events, FOREVER_US)


def test_a_block_names_its_partition_and_holds_its_records_in_order():
    (block,) = whole(reversed(records([1, 1, 1])))
    assert (block.topic, block.partition, block.first, block.last) == ("fused.objects", 3, 0, 2)
    assert block.records == [b"r0", b"r1", b"r2"]


def test_cuts_stand_at_multiples_of_the_offset():
    blocks = whole(records([1] * 12))
    assert [(b.first, b.last) for b in blocks] == [(0, 4), (5, 9), (10, 11)]


def test_cuts_stand_at_whole_seconds_not_a_second_after_the_first_record():
    # Receive times 0.9 s, 1.0 s, 1.001 s: the interval is (k, k + 1] s.
    blocks = whole(records([900, 100, 1]))
    assert [(b.first, b.last) for b in blocks] == [(0, 1), (2, 2)]


@given(after_ms=st.integers(0, 10_000), interval_us=st.sampled_from([SECOND_US, 10_000]))
def test_a_record_waits_less_than_an_interval_for_its_cut(after_ms, interval_us):
    appended_us = START_US + after_ms * 1000
    event = pack_raw(a_raw_record(0, appended_us))
    wait_us = Blocks(interval_us, 5).wake_for(event) - appended_us
    assert 0 <= wait_us < interval_us


GAPS = st.lists(st.integers(0, 700), min_size=1, max_size=30)


@given(gaps=GAPS, sizes=st.lists(st.integers(1, 9), max_size=8))
def test_blocks_do_not_depend_on_how_records_are_delivered(gaps, sizes):
    events, made, at = records(gaps), [], 0
    stage = Stage(Blocks(SECOND_US, 5))
    for size in sizes:
        part, at = events[at : at + size], at + size
        # Records come in order: the watermark may stand just before the next one.
        passed_us = START_US + sum(gaps[: at + 1]) * 1000 - 1000
        made += cut(stage, part, passed_us)
        stage.step = Blocks(SECOND_US, 5)
    made += cut(stage, events[at:], FOREVER_US)
    assert made == whole(events)


@given(gaps=GAPS, first=st.integers(0, 30))
def test_a_restart_at_a_cut_gives_the_same_blocks_from_there(gaps, first):
    events = records(gaps)
    blocks = whole(events)
    tail = blocks[first % len(blocks) :]
    assert whole(events[tail[0].first :]) == tail


@given(gaps=GAPS)
def test_blocks_hold_every_record_once(gaps):
    blocks = whole(records(gaps))
    assert [r for b in blocks for r in b.records] == [b"r%d" % k for k in range(len(gaps))]
    assert all(a.last + 1 == b.first for a, b in pairwise(blocks))


def test_every_output_goes_to_the_writer_and_nothing_is_kept():
    stage = Stage(Blocks(SECOND_US, 5))
    stage.take(KEY, records([0])[0])
    assert [(o.route, o.key) for o in stage.advance(FOREVER_US)] == [(BLOCK, KEY)]
    assert list(stage.advance(FOREVER_US)) == []
