"""Streams: every tick once and in order, from where a client was, gaps told, nothing piled up."""

import asyncio
import json

import pytest

from infra.serve.problems import ProblemError
from infra.serve.streams import events, last_tick_us
from tests.infra.serve.builders import TICK, a_snapshot, parts_with


def render(moment):
    return json.dumps({"tick_us": moment.tick_us}).encode()


async def first(hub, n, since_us=0):
    """The first events of a stream, as (kind, number of the tick)."""
    found = []
    async for event in events(hub, since_us, render):
        fields = dict(line.split(": ", 1) for line in event.decode().strip().split("\n"))
        if fields.get("event") == "gap":
            gap = json.loads(fields["data"])
            found.append(("gap", gap["after_us"] // TICK, gap["before_us"] // TICK))
        elif "id" in fields:
            found.append(int(fields["id"]) // TICK)
        else:
            found.append("silence")
        if len(found) == n:
            break
    return found


def a_hub(ticks, kept=100):
    return parts_with(*(a_snapshot(tick=tick) for tick in ticks), kept=kept).hub


def test_a_new_stream_begins_with_the_newest_tick_and_goes_on():
    async def watch():
        hub = a_hub(range(10, 15))
        reading = asyncio.create_task(first(hub, 4))
        for tick in (15, 16, 17):
            await asyncio.sleep(0)
            hub.take([a_snapshot(tick=tick)])
        return await reading

    assert asyncio.run(watch()) == [14, 15, 16, 17]


def test_a_client_that_was_away_gets_every_tick_since():
    assert asyncio.run(first(a_hub(range(10, 15)), 3, 11 * TICK)) == [12, 13, 14]


def test_what_is_not_kept_any_more_is_told_as_a_gap():
    hub = a_hub(range(10, 30), kept=3)
    assert asyncio.run(first(hub, 4, 11 * TICK)) == [("gap", 11, 27), 27, 28, 29]


def test_a_slow_client_gets_all_that_is_kept_and_delays_nobody():
    async def watch():
        hub = a_hub([10])
        stream = events(hub, 0, render)
        await anext(stream)
        hub.take([a_snapshot(tick=tick) for tick in range(11, 60)])
        return [await anext(stream) for _ in range(49)]

    assert len(set(asyncio.run(watch()))) == 49


def test_repeats_make_no_event():
    async def watch():
        hub = a_hub([10])
        reading = asyncio.create_task(first(hub, 2))
        await asyncio.sleep(0)
        hub.take([a_snapshot(tick=10), a_snapshot(tick=9), a_snapshot(tick=11)])
        return await reading

    assert asyncio.run(watch()) == [10, 11]


def test_a_silent_line_is_kept_open():
    async def watch():
        hub = a_hub([10])
        reading = asyncio.create_task(first(hub, 2))
        for _ in range(3):
            await asyncio.sleep(0)
        hub.wake()
        return await reading

    assert asyncio.run(watch()) == [10, "silence"]


def test_an_id_of_the_future_begins_with_what_is_new():
    async def watch():
        hub = a_hub([10])
        reading = asyncio.create_task(first(hub, 1, 99 * TICK))
        await asyncio.sleep(0)
        hub.take([a_snapshot(tick=11)])
        return await reading

    assert asyncio.run(watch()) == [11]


@pytest.mark.parametrize("text", ["", "-1", "x", "1.5", "9" * 19, "١"])
def test_what_is_no_id_is_refused(text):
    with pytest.raises(ProblemError):
        last_tick_us(text)
    assert last_tick_us(None) == 0
    assert last_tick_us("17") == 17


def test_an_area_that_grows_too_full_ends_its_stream_with_a_problem():
    def too_many(_):
        raise ProblemError(413, "too many objects", "ask for a smaller one")

    async def watch():
        return [event async for event in events(a_hub([10]), 0, too_many)]

    (event,) = asyncio.run(watch())
    assert event.startswith(b"event: problem")


def test_streams_of_a_caller_are_counted_and_given_back():
    from infra.serve.app import _stream
    from infra.serve.tokens import Caller

    async def watch():
        parts, caller = parts_with(a_snapshot()), Caller("0" * 64, ("live",), streams=1)
        parts.access.limits.admit("map", caller, 0.0)
        held = _stream(parts, ("map", caller), 0, render).body_iterator
        await anext(held)
        with pytest.raises(ProblemError, match="1 streams"):
            _stream(parts, ("map", caller), 0, render)
        await held.aclose()
        return _stream(parts, ("map", caller), 0, render)

    assert asyncio.run(watch()) is not None


def test_who_leaves_a_service_that_is_behind_is_let_go():
    """A tick in each round of the loop, as where ticks come faster than all streams take them."""
    from infra.serve.answers import sse
    from infra.serve.tokens import Caller, Limits

    async def watch():
        hub, limits, caller = a_hub([10]), Limits(), Caller("0" * 64, ("live",), streams=1)
        limits.admit("map", caller, 0.0)
        left, sent = asyncio.Event(), []

        async def feed():
            for tick in range(11, 10_000):
                hub.take([a_snapshot(tick=tick)])
                await asyncio.sleep(0)

        async def receive():
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)
            if len(sent) == 5:
                left.set()

        feeding = asyncio.create_task(feed())
        response = sse(limits, ("map", caller), lambda: events(hub, 0, render))
        await response({"type": "http", "asgi": {"spec_version": "2.3"}}, receive, send)
        feeding.cancel()
        assert limits.open_stream("map", caller)  # it is counted no more
        return len(sent)

    assert asyncio.run(watch()) < 20
