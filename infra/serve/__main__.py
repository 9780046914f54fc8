"""The HTTP service as a process of its own.

python -m infra.serve --config FILE
"""

import argparse
import sys
from pathlib import Path

from infra.serve.server import serve
from jobs.settings import load

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m infra.serve")
    parser.add_argument("--config", type=Path, required=True)
    sys.exit(serve(load(parser.parse_args().config)))
