"""Runs the HTTP service: one process, one event loop, one thread that reads the broker."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from infra.serve.access import Access
from infra.serve.app import Parts, make_app
from infra.serve.history import History
from infra.serve.hub import Hub
from infra.serve.pictures import AVRO, TOPICS, Taker
from infra.serve.tokens import Doorkeeper, open_to_all, read_tokens
from jobs.io.avro import AvroCodec
from jobs.io.reader import Reader
from jobs.io.registry import look_up
from jobs.settings import Settings

_LOCAL_RATE_HZ, _LOCAL_STREAMS = 5000.0, 2000
_SILENCE_S = 10.0
_CHECK_S = 1.0
_MOST_WAITING = 4096


def parts_of(settings: Settings) -> Parts:
    """What a service with these settings answers from.

    Raises
    ------
    TokensError
        If the file of tokens cannot be used.
    """
    file = settings.serve.tokens_file
    callers = read_tokens(Path(file)) if file else None
    doorkeeper = Doorkeeper(callers, open_to_all(_LOCAL_RATE_HZ, _LOCAL_STREAMS))
    return Parts(Access(doorkeeper), History(settings.clickhouse))


def application(settings: Settings, parts: Parts, stop: Callable[[], None]) -> FastAPI:
    """The application with its reader, which begins and ends with it.

    Parameters
    ----------
    settings
        With the addresses of broker and registry.
    parts
        What it answers from.
    stop
        Called if the reader ends by itself.
    """

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        codec = AvroCodec(look_up(settings.registry.address(), AVRO))
        call = asyncio.get_running_loop().call_soon_threadsafe
        taker = Taker(codec, parts, call)
        reader = Reader(settings.kafka, TOPICS, taker)
        reader.start()
        watch = asyncio.create_task(_watch(reader, parts.hub, stop))
        try:
            yield
        finally:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch
            await asyncio.to_thread(reader.stop)

    return make_app(parts, life)


async def _watch(reader: Reader, hub: Hub, stop: Callable[[], None]) -> None:
    """Keep silent streams open, and end a service whose reader has ended."""
    silent_s, last = 0.0, hub.newest
    while reader.failure is None:
        await asyncio.sleep(_CHECK_S)
        silent_s = 0.0 if hub.newest is not last else silent_s + _CHECK_S
        last = hub.newest
        if silent_s >= _SILENCE_S:
            hub.wake()
            silent_s = 0.0
    logging.getLogger(__name__).critical("the reader ended: %s", reader.failure)
    stop()


def serve(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; exit status 1 if the reader failed.

    Raises
    ------
    TokensError
        If the file of tokens cannot be used.
    """
    parts, failed = parts_of(settings), []

    def stop() -> None:
        failed.append(True)
        server.should_exit = True

    given = settings.serve
    config = uvicorn.Config(
        application(settings, parts, stop),
        host=given.host,
        port=given.port,
        ssl_certfile=given.certificate_file or None,
        ssl_keyfile=given.key_file or None,
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=_MOST_WAITING,
        timeout_graceful_shutdown=1,
        h11_max_incomplete_event_size=16_384,
    )
    server = uvicorn.Server(config)
    server.run()
    return 1 if failed or not server.started else 0
