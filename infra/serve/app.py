"""The routes of the HTTP service; its OpenAPI text is made of what stands here."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, FastAPI, Header, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.responses import StreamingResponse

from infra.serve.access import Access
from infra.serve.answers import GEOJSON, JSON, Form, as_json, sse
from infra.serve.areas import BoxText, Lat, Lon, Radius, chosen
from infra.serve.directory import Directory
from infra.serve.history import MOST_ROWS, History
from infra.serve.hub import Hub
from infra.serve.problems import ProblemError
from infra.serve.road_events import EventFeed
from infra.serve.road_routes import road_routes
from infra.serve.streams import Render, events, last_tick_us
from infra.serve.tokens import Caller
from infra.serve.traffic import Traffic
from jobs.runtime.clock import now_us
from operators.current import Part
from operators.services.plain import Moment, collection
from operators.services.signals import Signals
from operators.services.vehicles import Asked, around

STALE_US = 5_000_000
TrackId = Annotated[int, Path(ge=0, lt=2**64, description="as `track_id` of an object")]
Life = Callable[[FastAPI], AbstractAsyncContextManager[None]]
Instant = Annotated[int, Query(ge=0, lt=2**62, description="UTC microseconds since 1970")]


@dataclass(frozen=True, slots=True)
class Parts:
    """What a service answers from."""

    access: Access
    history: History
    hub: Hub = field(default_factory=Hub)
    directory: Directory = field(default_factory=Directory)
    signals: Signals = field(default_factory=Signals)
    traffic: Traffic = field(default_factory=Traffic)
    events: EventFeed = field(default_factory=EventFeed)


def make_app(parts: Parts, life: Life | None = None) -> FastAPI:
    """The application; `life` runs around it."""
    app = FastAPI(
        title="Data power station",
        description="Fused road users, now and before. Reads only.",
        version="1",
        lifespan=life,
        docs_url=None,  # the pages behind these load scripts from elsewhere
        redoc_url=None,
    )
    app.exception_handler(ProblemError)(_problem)
    app.exception_handler(RequestValidationError)(_invalid)
    _live_routes(app, parts)
    _vehicle_routes(app, parts)
    road_routes(app, parts.events, parts.traffic, parts.access)
    _history_routes(app, parts)
    return app


async def _problem(_: Request, error: Exception) -> Response:
    if not isinstance(error, ProblemError):
        raise error
    return error.response()


async def _invalid(_: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    wrong = [f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in error.errors()]
    return ProblemError(400, "wrong parameter", "; ".join(wrong)).response()


def newest(hub: Hub) -> Moment:
    """The last tick.

    Raises
    ------
    ProblemError
        503 before the first.
    """
    if hub.newest is None:
        detail = "nothing was published since this service started; try again"
        raise ProblemError(503, "no picture yet", detail, {"Retry-After": "1"})
    return hub.newest


def _rendered(moment: Moment, parts: list[Part], form: str) -> bytes:
    geojson = form == "geojson"
    return collection(moment.tick_us, moment.of(parts, geojson=geojson), geojson=geojson)


def _live_routes(app: FastAPI, parts: Parts) -> None:
    hub, live = parts.hub, parts.access.role("live")
    caller = Annotated[tuple[str, Caller], Depends(live)]

    @app.get("/health", summary="Whether the picture is fresh", tags=["service"])
    async def health() -> Response:
        moment = newest(hub)
        age_us = now_us() - moment.tick_us
        cells = moment.closed.cells
        told = {"tick_us": moment.tick_us, "age_ms": age_us // 1000, "cells": len(cells)}
        told |= {"objects": sum(len(held.rows) for held in cells)}
        return as_json(told, 200 if age_us < STALE_US else 503)

    @app.get("/v1/objects", summary="Objects in a box or a circle", tags=["live"])
    async def objects(
        _: caller,
        box: BoxText = None,
        lat: Lat = None,
        lon: Lon = None,
        radius_m: Radius = 200.0,
        form: Form = "json",
    ) -> Response:
        moment = newest(hub)
        found = chosen(box, lat, lon, radius_m)(moment.closed)
        kind = GEOJSON if form == "geojson" else JSON
        return Response(_rendered(moment, found, form), media_type=kind)

    @app.get("/v1/objects/stream", summary="The same at every tick, as events", tags=["live"])
    async def stream(
        who: caller,
        box: BoxText = None,
        lat: Lat = None,
        lon: Lon = None,
        radius_m: Radius = 200.0,
        form: Form = "json",
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> StreamingResponse:
        choose = chosen(box, lat, lon, radius_m)
        since_us = last_tick_us(last_event_id)
        return _stream(parts, who, since_us, lambda m: _rendered(m, choose(m.closed), form))

    @app.get("/v1/sources", summary="Sources, and whether they are heard", tags=["live"])
    async def sources(_: caller) -> Response:
        cells = hub.newest.closed.cells if hub.newest else ()
        return as_json({"sources": parts.directory.listed(cells, now_us())})

    @app.get("/v1/signals", summary="What signals show now", tags=["live"])
    async def signals(
        _: caller,
        intersection: Annotated[
            str | None, Query(max_length=64, description="region/id, or id; all if left out")
        ] = None,
    ) -> Response:
        return as_json({"intersections": parts.signals.listed(intersection, now_us())})


def _vehicle_routes(app: FastAPI, parts: Parts) -> None:
    hub, live = parts.hub, parts.access.role("live")
    caller = Annotated[tuple[str, Caller], Depends(live)]
    near = Annotated[float, Query(gt=0, le=500, description="metres")]

    def found(moment: Moment, track_id: int) -> Part:
        part = moment.closed.tracks([track_id]).get(track_id)
        if part is None:
            raise ProblemError(404, "no such object", f"{track_id} is not on the road now")
        return part

    @app.get("/v1/objects/{track_id}", summary="One object", tags=["live"])
    async def one(_: caller, track_id: TrackId, form: Form = "json") -> Response:
        moment = newest(hub)
        return Response(_rendered(moment, [found(moment, track_id)], form), media_type=JSON)

    @app.get(
        "/v1/objects/{track_id}/surroundings",
        summary="What a vehicle meets, and whether it can see it",
        tags=["live"],
    )
    async def surroundings(
        _: caller, track_id: TrackId, radius_m: near = 150.0, sight_m: near = 100.0
    ) -> Response:
        moment = newest(hub)
        part = found(moment, track_id)
        (told,) = around(moment, [Asked(part, "", radius_m, sight_m)])
        return Response(told.as_json(b'"tick_us":%d' % moment.tick_us), media_type=JSON)


def _history_routes(app: FastAPI, parts: Parts) -> None:
    caller = Annotated[tuple[str, Caller], Depends(parts.access.role("history"))]

    @app.get("/v1/tracks/{track_id}/history", summary="States of a track", tags=["history"])
    def history(
        _: caller,
        track_id: TrackId,
        start_us: Instant,
        end_us: Instant,
        limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = MOST_ROWS,
    ) -> Response:
        if end_us <= start_us:
            raise ProblemError(400, "wrong parameter", "end_us is after start_us")
        states = parts.history.track(track_id, start_us, end_us, limit)
        return as_json({"states": states, "complete": len(states) < limit})

    @app.get("/v1/grades", summary="Grades of sources over the newest minutes", tags=["history"])
    def grades(
        _: caller,
        source: Annotated[str, Query(max_length=200, description="id; all if left out")] = "",
        minutes: Annotated[int, Query(ge=1, le=1440)] = 60,
    ) -> Response:
        return as_json({"grades": parts.history.grades(source, minutes)})


def _stream(
    parts: Parts, who: tuple[str, Caller], since_us: int, render: Render
) -> StreamingResponse:
    return sse(parts.access.limits, who, lambda: events(parts.hub, since_us, render))
