"""A service without a broker: its parts, filled by hand."""

from contextlib import asynccontextmanager

import httpx

from infra.serve.access import Access
from infra.serve.app import Parts, make_app
from infra.serve.history import History
from infra.serve.hub import Hub
from infra.serve.tokens import Doorkeeper, open_to_all
from jobs.sections import ClickHouse
from tests.operators.test_current import LAT, LON, TICK, a_snapshot

__all__ = ["LAT", "LON", "TICK", "a_snapshot", "asking", "parts_with"]


def parts_with(*snapshots, callers=None, rate_hz=1e6, streams=10, kept=100, history=None):
    """What a service answers from after it took some pictures."""
    doorkeeper = Doorkeeper(callers, open_to_all(rate_hz, streams))
    hub = Hub(kept)
    warehouse = history or History(ClickHouse(url="clickhouse://127.0.0.1:1"))
    parts = Parts(Access(doorkeeper), warehouse, hub)
    hub.take(list(snapshots))
    return parts


@asynccontextmanager
async def asking(parts, token=""):
    """A client of the service."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    transport = httpx.ASGITransport(make_app(parts))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://service", headers=headers
    ) as client:
        yield client
