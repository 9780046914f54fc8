"""Start the local engine: ``python -m infra.local.engine --data DIR --port N``."""

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path

from infra.local.engine.server import EngineServer
from infra.local.engine.store import Store

_log = logging.getLogger("infra.local.engine")


def main() -> int:
    """Run until SIGTERM or SIGINT; exit status 1 if another engine holds the folder."""
    logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    parser = argparse.ArgumentParser(prog="python -m infra.local.engine", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the engine's state")
    parser.add_argument("--port", type=int, default=0, help="TCP port; 0 takes a free one")
    arguments = parser.parse_args()
    try:
        store = Store(arguments.data)
    except BlockingIOError:
        _log.critical("another engine holds %s", arguments.data)
        return 1
    server = EngineServer(store, arguments.port)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=server.serve_forever, args=(0.1,)).start()
    sys.stdout.write(f"ready {server.server_address[1]}\n")
    sys.stdout.flush()
    stop.wait()
    server.stop()
    store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
