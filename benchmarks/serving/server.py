"""The HTTP service with a made road in place of the broker, pinned to one core.

python -m benchmarks.serving.server OBJECTS
"""

import asyncio
import os
import sys
from contextlib import asynccontextmanager

import uvicorn

from benchmarks.serving.feed import TICK_US, Road
from infra.serve.access import Access
from infra.serve.app import Parts, make_app
from infra.serve.history import History
from infra.serve.hub import Hub
from infra.serve.tokens import Doorkeeper, open_to_all
from jobs.runtime.clock import now_us
from jobs.sections import ClickHouse


async def feed(hub: Hub, road: Road) -> None:
    """A tick each tenth of a second of wall time."""
    tick_us = now_us() // TICK_US * TICK_US
    while True:
        tick_us += TICK_US
        await asyncio.sleep(max(0.0, (tick_us - now_us()) / 1e6))
        hub.take(road.at(tick_us))


def main() -> None:
    os.sched_setaffinity(0, {0})
    doorkeeper = Doorkeeper(None, open_to_all(1e9, 100_000))
    parts = Parts(Access(doorkeeper), History(ClickHouse()))
    road = Road(int(sys.argv[1]))

    @asynccontextmanager
    async def life(_):
        # who is ready shows all: the first tick is closed before the other cells are known
        for back in (2, 1):
            parts.hub.take(road.at((now_us() // TICK_US - back) * TICK_US))
        feeding = asyncio.create_task(feed(parts.hub, road))
        yield
        feeding.cancel()

    config = uvicorn.Config(
        make_app(parts, life), port=0, loop="uvloop", http="httptools",
        log_level="warning", access_log=False, timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)

    async def run() -> None:
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        sys.stdout.write(f"ready {server.servers[0].sockets[0].getsockname()[1]}\n")
        sys.stdout.flush()
        await serving

    asyncio.run(run())


if __name__ == "__main__":
    main()
