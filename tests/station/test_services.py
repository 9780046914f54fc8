"""The services on a whole station: the examples of docs/services.md run, and ages are bounded."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import pytest

from infra.local.state import choose_ports
from infra.local.station import LocalStation
from infra.replay.messages import RecordedMessage
from infra.replay.outbox import SendError, producer_of
from infra.replay.send import send_live
from infra.simulator.scenario import Scenario, simulate
from jobs.settings import Settings
from tests.station.oracle import MOST_S
from tests.waiting import wait_for

pytestmark = [pytest.mark.station, pytest.mark.timeout(1800)]

ROOT = Path(__file__).parents[2]
EXAMPLES = re.findall(r"```python\n(.*?)```", (ROOT / "docs/services.md").read_text(), re.DOTALL)
START_US = 1_790_000_000_000_000


def send(messages, entries, kafka):
    """Send again and again, until the station ends."""
    with suppress(SendError):
        send_live(messages, entries, producer_of(kafka))
        while True:
            send_live(messages, [], producer_of(kafka))


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A station and the environment of the examples, while a simulated district drives."""
    given = Settings()
    chosen = replace(
        given,
        serve=replace(given.serve, port=choose_ports({"serve": 0}, {})["serve"]),
        local=replace(given.local, services=1),
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
        sent = (messages, simulated.sources, station.resolved.kafka)
        threading.Thread(target=send, args=sent, daemon=True).start()
        environment = os.environ | {
            "KAFKA": station.bootstrap,
            "SERVICE": f"http://127.0.0.1:{chosen.serve.port}",
            "PLACE": f"lat={unit['lat_deg']}&lon={unit['lon_deg']}",
            "SOURCE": probes[0].source_id,
            "VEHICLE": longest.most_common(1)[0][0],
        }
        yield station, environment
        for part in ("services", "serve"):
            print((folder / "logs" / f"{part}.out").read_text()[-1000:])


@pytest.fixture
def served(running):
    """Environment of the examples."""
    return running[1]


def vehicle_of(payload):
    """The sender's id in a BSM."""
    found = re.search(rb'"id":"([0-9A-Fa-f]+)"', payload)
    return found[1].decode()


def run(code, env):
    """Exit status of a program, what it said, and its last words on errors."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=env, capture_output=True, text=True, timeout=MOST_S, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout.strip(), done.stderr[-2000:]


def says_something(done):
    return done[0] == 0 and done[1]


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_the_example_runs(served, number):
    """Between two drives the road is empty for a moment, and so may an answer be."""
    wait_for(lambda: run(EXAMPLES[number], served), says_something, patience_s=MOST_S)


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
    done = run(AGES, served)
    assert says_something(done), done
    half, most, areas = json.loads(done[1])
    print(f"age of a CPM when appended: {half} ms p50, {most} ms p99, {areas} areas")
    assert areas > 1
    # What is older than a second is not sent; some may wait for the broker after that.
    assert half < 1500


def seen(service, place):
    """Objects that the HTTP service shows around a place; none while it is not there."""
    with suppress(OSError), urlopen(f"{service}/v1/objects?{place}&form=geojson") as answer:
        return json.load(answer)["features"]
    return []


def test_picture_is_there_again_after_a_kill(running):
    """It lives in memory alone, and comes back from the topics."""
    station, environment = running
    where = (environment["SERVICE"], environment["PLACE"] + "&radius_m=2000")
    wait_for(lambda: seen(*where), bool, patience_s=MOST_S)
    killed = station.pid("serve")
    station.kill("serve")
    station.wait_for("serve", after_pid=killed)
    began_s = time.monotonic()
    wait_for(lambda: seen(*where), bool, patience_s=MOST_S)
    print(f"objects are shown again {time.monotonic() - began_s:.1f} s after the restart")
