"""One whole station for the tests of a module, and something to send to it."""

from dataclasses import replace
from pathlib import Path

import pytest

from infra.local.station import LocalStation
from infra.replay.messages import RecordedMessage, read_messages
from infra.replay.sources import source_entries_for
from infra.simulator.scenario import Scenario, simulate
from jobs.settings import Settings

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
START_US = 1_790_000_000_000_000


PARTS = ("broker", "registry", "engine", "pulse", "fusion", "warehouse")  # no segment job


@pytest.fixture(scope="module")
def station(tmp_path_factory):
    given = Settings()
    chosen = replace(given, flink=replace(given.flink, parallelism=2))
    with LocalStation(tmp_path_factory.mktemp("station"), PARTS, chosen) as running:
        yield running


@pytest.fixture(scope="session")
def vehicles():
    """The recorded messages of two vehicles."""
    return list(read_messages(DATA / "jpo-ode" / "bsmLogDuringEvent.json"))


@pytest.fixture(scope="session")
def district():
    """A simulated district: messages, and the entries of their sources."""
    simulated = simulate(Scenario(start_us=START_US, duration_s=60.0, seed=7))
    messages = [
        RecordedMessage(s.receive_time_us, s.topic, s.source_id, s.format, s.payload)
        for s in simulated.sent
    ]
    return messages, simulated.sources


@pytest.fixture(scope="session")
def entries_for():
    return source_entries_for
