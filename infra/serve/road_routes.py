"""Routes about the road: events, and traffic on segments and at signals."""

from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Header, Query, Response
from starlette.responses import StreamingResponse

from infra.serve.access import Access
from infra.serve.answers import GEOJSON, Form, as_json, sse
from infra.serve.areas import BoxText, Lat, Lon, Radius, inside
from infra.serve.road_events import EventFeed, as_feature
from infra.serve.road_events import as_json as event_json
from infra.serve.streams import last_tick_us
from infra.serve.tokens import Caller
from infra.serve.traffic import MINUTE_US, SECOND_US, Traffic
from jobs.runtime.clock import now_us

Intersection = Annotated[
    str | None, Query(max_length=64, description="region/id, or id; all if left out")
]
Kind = Annotated[str | None, Query(max_length=40, description="of events; all if left out")]
Period = Annotated[Literal["second", "minute"], Query(description="the newest that is over")]


def road_routes(app: FastAPI, feed: EventFeed, traffic: Traffic, access: Access) -> None:
    """Add them to an application."""
    caller = Annotated[tuple[str, Caller], Depends(access.role("live"))]

    @app.get("/v1/events", summary="Events that are open", tags=["live"])
    async def events(
        _: caller,
        kind: Kind = None,
        box: BoxText = None,
        lat: Lat = None,
        lon: Lon = None,
        radius_m: Radius = 200.0,
        form: Form = "json",
    ) -> Response:
        there = inside(box, lat, lon, radius_m)
        found = [
            one
            for one in feed.open.listed()
            if kind in {None, one["kind"]} and there(one["lon_e7"] / 1e7, one["lat_e7"] / 1e7)
        ]
        if form == "geojson":
            return _collection([as_feature(one) for one in found])
        return as_json({"events": [event_json(one) for one in found]})

    @app.get("/v1/events/stream", summary="Changes of events as they come", tags=["live"])
    async def stream(
        who: caller, last_event_id: Annotated[str | None, Header()] = None
    ) -> StreamingResponse:
        since_us = last_tick_us(last_event_id)
        return sse(access.limits, who, lambda: feed.after(since_us))

    @app.get("/v1/segments", summary="Traffic on road segments", tags=["live"])
    async def segments(_: caller, period: Period = "second", form: Form = "json") -> Response:
        found = traffic.segments(SECOND_US if period == "second" else MINUTE_US, now_us())
        if form == "json":
            return as_json({"segments": found})
        return _collection(
            [
                {"type": "Feature", "id": one["segment_id"], "properties": one,
                 "geometry": traffic.geometry(one["segment_id"])}
                for one in found
            ]
        )  # fmt: skip

    @app.get("/v1/approaches", summary="Traffic at signal groups", tags=["live"])
    async def approaches(_: caller, intersection: Intersection = None) -> Response:
        return as_json({"approaches": traffic.approaches(intersection, now_us())})


def _collection(features: list[dict[str, Any]]) -> Response:
    return as_json({"type": "FeatureCollection", "features": features}, media_type=GEOJSON)
