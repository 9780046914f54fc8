"""What answers have in common: forms, and streams that are counted."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Literal

import msgspec
from fastapi import Query, Response
from starlette.responses import StreamingResponse

from infra.serve.problems import ProblemError
from infra.serve.tokens import Caller, Limits

JSON, GEOJSON = "application/json", "application/geo+json"
Form = Annotated[Literal["json", "geojson"], Query(description="geojson for a map (RFC 7946)")]


def as_json(value: object, status: int = 200, media_type: str = JSON) -> Response:
    """An answer of a value."""
    return Response(msgspec.json.encode(value), status, media_type=media_type)


def sse(
    limits: Limits, who: tuple[str, Caller], events: Callable[[], AsyncIterator[bytes]]
) -> StreamingResponse:
    """A stream of server-sent events, which counts as one of the caller's.

    Raises
    ------
    ProblemError
        429 if the caller has as many as it may.
    """
    name, caller = who
    if not limits.open_stream(name, caller):
        detail = f"{caller.streams} streams at a time are allowed; close one"
        raise ProblemError(429, "too many streams", detail)

    async def counted() -> AsyncIterator[bytes]:
        try:
            async for event in events():
                yield event
                # Who left is told so only while it waits for nothing that has come already: where
                # there is always a next tick this is the one such place.
                await asyncio.sleep(0)
        finally:
            limits.close_stream(name)

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(counted(), media_type="text/event-stream", headers=headers)
