"""Streaming clients and requests over plain sockets, so that they cost little themselves."""

import asyncio
import re
import time
from dataclasses import dataclass, field

import numpy as np

from benchmarks.serving.feed import HALF_M, LAT_DEG, LON_DEG, TICK_US
from jobs.runtime.clock import now_us
from operators.transform.cells import local_frame

_ID = re.compile(rb"id: (\d+)\nevent: objects\n")


@dataclass(slots=True)
class Seen:
    """What the clients saw."""

    events: int = 0
    lost: int = 0  # ticks between two events of one stream
    gaps: int = 0  # events that say so
    bytes: int = 0
    ages_us: list[int] = field(default_factory=list)
    answers: int = 0
    errors: int = 0
    delays_us: list[int] = field(default_factory=list)


def places(n: int) -> list[tuple[float, float]]:
    """Latitudes and longitudes of circles to ask about."""
    x, y = np.random.default_rng(3).uniform(-0.8 * HALF_M, 0.8 * HALF_M, (2, n))
    lon, lat = local_frame(LON_DEG, LAT_DEG).to_geographic(x, y)
    return list(zip(lat.round(6).tolist(), lon.round(6).tolist(), strict=True))


def _get(path: str, place: tuple[float, float], radius_m: float) -> bytes:
    query = f"{path}?lat={place[0]}&lon={place[1]}&radius_m={radius_m:g}"
    return f"GET {query} HTTP/1.1\r\nHost: service\r\n\r\n".encode()


async def stream(port: int, place: tuple[float, float], radius_m: float, seen: Seen) -> None:
    """One streaming client: every event has to be of the next tick."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(_get("/v1/objects/stream", place, radius_m))
    last, rest = 0, b""
    try:
        while data := await reader.read(65_536):
            seen.bytes += len(data)
            now, data = now_us(), rest + data
            for found in _ID.finditer(data):
                tick = int(found[1])
                seen.lost += (tick - last) // TICK_US - 1 if last else 0
                last = tick
                seen.events += 1
                seen.ages_us.append(now - tick)
            seen.gaps += data.count(b"event: gap")
            rest = data[data.rfind(b"\n\n") + 2 :] if b"\n\n" in data else data
    finally:
        writer.close()


async def ask(port: int, place: tuple[float, float], rate_hz: float, seen: Seen) -> None:
    """One client that asks so often over one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    message, due_s = _get("/v1/objects", place, 100.0), time.monotonic()
    try:
        while True:
            due_s += 1 / rate_hz
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            began = time.monotonic()
            writer.write(message)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(re.search(rb"content-length: (\d+)", head)[1])
            await reader.readexactly(length)
            seen.answers += 1
            seen.errors += not head.startswith(b"HTTP/1.1 200")
            seen.delays_us.append(round((time.monotonic() - began) * 1e6))
    finally:
        writer.close()


async def load(port: int, streams: int, rate_hz: float, radius_m: float, seconds: float) -> Seen:
    """All clients for some seconds; what they saw after the first two."""
    seen, asking = Seen(), 50
    spots = places(max(streams, asking))
    tasks = [asyncio.create_task(stream(port, one, radius_m, seen)) for one in spots[:streams]]
    tasks += [
        asyncio.create_task(ask(port, one, rate_hz / asking, seen))
        for one in spots[: asking if rate_hz else 0]
    ]
    await asyncio.sleep(2.0)
    seen.events = seen.lost = seen.gaps = seen.bytes = seen.answers = seen.errors = 0
    seen.ages_us, seen.delays_us = [], []
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    seen.errors += sum(not isinstance(one, asyncio.CancelledError) for one in done)
    return seen
