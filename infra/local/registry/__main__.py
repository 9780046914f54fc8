"""Start the local schema registry: ``python -m infra.local.registry --data DIR --port N``."""

import sys

from infra.local.registry.catalog import Catalog
from infra.local.registry.server import RegistryServer
from infra.local.service import run

if __name__ == "__main__":
    sys.exit(run("registry", lambda folder, port: RegistryServer(Catalog(folder), port)))
