"""The listener: one thread for every client."""

import contextlib
import logging
import socket
import socketserver
from typing import Any, Final

from infra.local.engine.session import ClientSession
from infra.local.engine.store import Store

LOOPBACK: Final = "127.0.0.1"

_log = logging.getLogger(__name__)


class EngineServer(socketserver.ThreadingTCPServer):
    """Accepts native-protocol clients on the loopback.

    Parameters
    ----------
    store
        The engine.
    port
        TCP port; 0 takes a free one.
    """

    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, store: Store, port: int) -> None:
        super().__init__((LOOPBACK, port), socketserver.BaseRequestHandler)
        self._store = store
        self._clients: set[socket.socket] = set()

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve one client to its end, in its own thread."""
        self._clients.add(request)
        try:
            ClientSession(request, self._store).serve()
        finally:
            self._clients.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what ended a connection without being the client's doing."""
        _log.exception("connection from %s failed", client_address)

    def stop(self) -> None:
        """End all statements and connections, wait for their threads, and close the engine."""
        self.shutdown()
        self._store.kill()
        for client in tuple(self._clients):
            with contextlib.suppress(OSError):  # it may have just gone
                client.shutdown(socket.SHUT_RDWR)
        self.server_close()
        self._store.close()
