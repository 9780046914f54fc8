"""Start the local schema registry: ``python -m infra.local.registry --data DIR --port N``."""

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path

from infra.local.registry.catalog import Catalog
from infra.local.registry.server import RegistryServer

_log = logging.getLogger("infra.local.registry")


def main() -> int:
    """Run until SIGTERM or SIGINT; exit status 1 if another registry holds the folder."""
    logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    parser = argparse.ArgumentParser(prog="python -m infra.local.registry", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the registry's state")
    parser.add_argument("--port", type=int, default=0, help="TCP port; 0 takes a free one")
    arguments = parser.parse_args()
    try:
        catalog = Catalog(arguments.data)
    except BlockingIOError:
        _log.critical("another registry holds %s", arguments.data)
        return 1
    server = RegistryServer(catalog, arguments.port)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=server.serve_forever, args=(0.1,)).start()
    sys.stdout.write(f"ready {server.server_address[1]}\n")
    sys.stdout.flush()
    stop.wait()
    server.shutdown()
    server.server_close()
    catalog.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
