"""Messages to start from: of `../shared/data`, the simulator, the tests and the examples."""

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from infra.replay.messages import ANCHOR_US
from infra.simulator.scenario import Scenario, simulate
from operators.decode.formats import Formats
from operators.errors import DecodeError
from tests.operators.decode.mapping.feeds import EXAMPLES, MESSAGES
from tests.operators.decode.test_hostile import SAMPLES

DATA = Path(__file__).parents[2].parent / "shared/data"
FORMATS = Formats(EXAMPLES)
MOST = 6  # seeds of one format
LARGEST = 50_000


@cache
def seeds() -> dict[str, list[bytes]]:
    """Messages of every format that it reads, by its name."""
    found: dict[str, list[bytes]] = defaultdict(list)
    for name, message in SAMPLES.items():
        found[name].append(message)
    for name, message in MESSAGES.items():
        found[f"mapping.{name}"].append(message)
    for sent in simulate(Scenario(start_us=ANCHOR_US, duration_s=1.0, seed=1)).sent:
        if len(found[sent.format]) < 2:
            found[sent.format].append(sent.payload)
    for document in _documents():
        for name in FORMATS:
            if len(found[name]) < MOST and _reads(name, document):
                found[name].append(document)
    missing = set(FORMATS) - found.keys()
    assert not missing, f"no message to start from: {missing}"
    return {name: sorted(set(found[name])) for name in FORMATS}


def _documents() -> Iterator[bytes]:
    """Files of the recorded data, and the first lines of those that hold a message a line."""
    for file in sorted(DATA.rglob("*")):
        if file.suffix not in (".json", ".txt", ".geojson"):
            continue
        whole = file.read_bytes()
        yield from (one for one in (whole, *whole.splitlines()[:2]) if 20 < len(one) < LARGEST)


def _reads(name: str, payload: bytes) -> bool:
    try:
        FORMATS.decode(name, payload, ANCHOR_US)
    except DecodeError:
        return False
    return True
