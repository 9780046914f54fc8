"""The services on a whole station: the examples of docs/services.md run, and ages are bounded."""

import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from infra.local.station import LocalStation
from infra.replay.messages import RecordedMessage
from infra.replay.send import SendError, producer_of, send_live
from infra.simulator.scenario import Scenario, simulate
from jobs.settings import Settings

pytestmark = [pytest.mark.station, pytest.mark.timeout(400)]

ROOT = Path(__file__).parents[2]
EXAMPLES = re.findall(r"```python\n(.*?)```", (ROOT / "docs/services.md").read_text(), re.DOTALL)
START_US = 1_790_000_000_000_000


def send(messages, entries, producer):
    """Send until the station ends, which is before the messages do."""
    with suppress(SendError):
        send_live(messages, entries, producer)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Environment of the examples, while a simulated district drives."""
    given = Settings()
    chosen = replace(
        given,
        serve=replace(given.serve, port=free_port()),
        local=replace(given.local, services=1),
        flink=replace(given.flink, parallelism=1),
    )
    simulated = simulate(Scenario(start_us=START_US, duration_s=90.0, seed=7))
    messages = [
        RecordedMessage(s.receive_time_us, s.topic, s.source_id, s.format, s.payload)
        for s in simulated.sent
    ]
    probes = [one for one in messages if one.topic == "raw.probe"]
    probes = [one for one in probes if one.source_id == probes[0].source_id]
    longest = Counter(vehicle_of(one.payload) for one in probes)
    unit = next(e for e in simulated.sources if e["kind"] == "roadside" and e.get("lat_deg"))
    parts = ("broker", "registry", "engine", "pulse", "fusion")
    folder = tmp_path_factory.mktemp("services")
    with LocalStation(folder, parts, chosen) as station:
        to = producer_of(station.resolved.kafka)
        sending = threading.Thread(target=send, args=(messages, simulated.sources, to))
        sending.daemon = True
        sending.start()
        yield os.environ | {
            "KAFKA": station.bootstrap,
            "SERVICE": f"http://127.0.0.1:{chosen.serve.port}",
            "PLACE": f"lat={unit['lat_deg']}&lon={unit['lon_deg']}",
            "SOURCE": probes[0].source_id,
            "VEHICLE": longest.most_common(1)[0][0],
        }
        for part in ("services", "serve"):
            print((folder / "logs" / f"{part}.out").read_text()[-1000:])


def vehicle_of(payload):
    """The sender's id in a BSM."""
    found = re.search(rb'"id":"([0-9A-Fa-f]+)"', payload)
    return found[1].decode()


def run(code, env, seconds=120):
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=env, capture_output=True, text=True, timeout=seconds, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_the_example_runs(served, number):
    assert run(EXAMPLES[number], served).strip()


AGES = """
import json, os, sys
from confluent_kafka import Consumer
consumer = Consumer({"bootstrap.servers": os.environ["KAFKA"], "group.id": "ages"})
consumer.subscribe(["service.cpm"])
ages, keys = [], set()
while len(ages) < 200:
    message = consumer.poll(1.0)
    if message is None or message.error() or message.value() is None:
        continue
    ages.append(message.timestamp()[1] - json.loads(message.value())["timestamp"])
    keys.add(message.key())
ages.sort()
print(json.dumps([ages[100], ages[197], len(keys)]))
"""


def test_messages_come_while_they_are_worth_something(served):
    half, most, areas = json.loads(run(AGES, served))
    print(f"age of a CPM when appended: {half} ms p50, {most} ms p99, {areas} areas")
    assert areas > 1
    assert most < 1500  # what is older is not sent
