"""Server-sent events: one for each tick, with the tick as its id, so that a client can go on.

    id: 1790000000100000
    event: objects
    data: {"tick_us":1790000000100000,"objects":[...]}

A client that was away sends `Last-Event-ID` and gets every tick since, as far as they are kept;
what is not is told first, as an event `gap`. While nothing is published a comment comes every 10 s.
"""

from collections.abc import AsyncIterator, Callable

import msgspec

from infra.serve.hub import Hub
from infra.serve.problems import ProblemError
from operators.services.plain import Moment

Render = Callable[[Moment], bytes]


def last_tick_us(last_event_id: str | None) -> int:
    """Tick that a client had last, 0 if it begins.

    Raises
    ------
    ProblemError
        400 for what is no id of ours.
    """
    if last_event_id is None:
        return 0
    if not (last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 19):
        raise ProblemError(
            400, "no event id", "Last-Event-ID is the id of an event, a whole number"
        )
    return int(last_event_id)


async def events(hub: Hub, since_us: int, render: Render) -> AsyncIterator[bytes]:
    """Events of every tick after one, forever.

    Parameters
    ----------
    hub
        Where the ticks are.
    since_us
        The last tick that the client has; 0 begins with the newest.
    render
        Data of a tick; an error in it ends the stream with an event `problem`.
    """
    async for before_us, moment in hub.after(since_us):
        if moment is None:
            yield b": nothing new\n\n"
            continue
        if since_us and not before_us:
            yield _gap(since_us, moment.tick_us)
        since_us = moment.tick_us
        try:
            data = render(moment)
        except ProblemError as problem:
            yield b"event: problem\ndata: %s\n\n" % msgspec.json.encode(problem.detail)
            return
        yield b"id: %d\nevent: objects\ndata: %s\n\n" % (since_us, data)


def _gap(after_us: int, before_us: int) -> bytes:
    told = msgspec.json.encode({"after_us": after_us, "before_us": before_us})
    return b"event: gap\ndata: %s\n\n" % told
