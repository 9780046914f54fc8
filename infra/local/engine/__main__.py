"""Start the local engine: ``python -m infra.local.engine --data DIR --port N``."""

import sys

from infra.local.engine.server import EngineServer
from infra.local.engine.store import Store
from infra.local.service import run

if __name__ == "__main__":
    sys.exit(run("engine", lambda folder, port: EngineServer(Store(folder), port)))
