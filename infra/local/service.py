"""The life of a small server of the station: started, told to stand by its port, ended by a signal.

``python -m infra.local.<name> --data DIR --port N`` prints ``ready PORT`` when it serves.
"""

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol


class Service(Protocol):
    """A server that listens from when it is made."""

    server_address: Any

    def serve_forever(self, poll_interval: float = 0.5) -> None:
        """Serve until `stop`."""
        ...

    def stop(self) -> None:
        """End what is being served, stop, and let go of the folder."""
        ...


def run(name: str, make: Callable[[Path, int], Service]) -> int:
    """Run a server until SIGTERM or SIGINT; exit status 1 if another one holds the folder.

    Parameters
    ----------
    name
        Of the server, as in its module.
    make
        ``(folder of its state, port) -> server``; raises `BlockingIOError` if the folder is held.
    """
    logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    parser = argparse.ArgumentParser(prog=f"python -m infra.local.{name}")
    parser.add_argument("--data", type=Path, required=True, help=f"folder of the {name}'s state")
    parser.add_argument("--port", type=int, default=0, help="TCP port; 0 takes a free one")
    given = parser.parse_args()
    try:
        server = make(given.data, given.port)
    except BlockingIOError:
        logging.getLogger(__name__).critical("another %s holds %s", name, given.data)
        return 1
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=server.serve_forever, args=(0.1,)).start()
    sys.stdout.write(f"ready {server.server_address[1]}\n")
    sys.stdout.flush()
    stop.wait()
    server.stop()
    return 0
