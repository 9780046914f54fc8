"""What the demo sends: recordings first, then the simulated district."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra.replay.messages import RecordedMessage, read_messages
from infra.replay.outbox import Watcher, producer_of
from infra.replay.send import Timeline, send_live
from infra.replay.sources import source_entries_for
from infra.simulator.scenario import Simulated
from jobs.runtime.clock import now_us
from jobs.sections import Kafka
from operators.sources import NOTICE_US

RECORDINGS = (
    "jpo-ode/bsmLogDuringEvent.json",
    "openv2x/msg58.json",
    "openv2x/congestion_tracks.txt",
    "openv2x/rsm.dawnline.json",
    "carma-streets/detected_truck.json",
    "carma-streets/detected_pedestrian.json",
    "carma-streets/detected_cyclist.json",
)
_LEAD_US = NOTICE_US + 1_500_000  # entries are in force before the first message leaves


def recordings_in(folder: Path) -> list[list[RecordedMessage]]:
    """Messages of each recording that is there; an empty list without the folder."""
    return [list(read_messages(folder / name)) for name in RECORDINGS if (folder / name).is_file()]


def declare(recordings: Sequence[Sequence[RecordedMessage]], kafka: Kafka) -> int:
    """Send the entries of all recorded sources, and wait until they hold; the number of records."""
    entries = [entry for messages in recordings for entry in source_entries_for(messages)]
    return sum(send_live([], entries, producer_of(kafka)).values())


def send_recordings(recordings: Sequence[Sequence[RecordedMessage]], kafka: Kafka) -> int:
    """Send all recordings at once, each at its own pace from now; the number of records.

    Their sources have been declared.
    """

    def send(messages: Sequence[RecordedMessage]) -> int:
        return sum(send_live(messages, [], producer_of(kafka)).values())

    if not recordings:
        return 0
    with ThreadPoolExecutor(len(recordings)) as pool:
        return sum(pool.map(send, recordings))


def send_district(simulated: Simulated, kafka: Kafka, watch: Watcher) -> tuple[int, int]:
    """Send the simulated messages as if they came now.

    Returns
    -------
    tuple
        Records sent, source entries included; how far the scenario's times were moved,
        microseconds.
    """
    messages = [
        RecordedMessage(s.receive_time_us, s.topic, s.source_id, s.format, s.payload)
        for s in simulated.sent
    ]
    first_us = messages[0].receive_time_us
    start_us = now_us() + _LEAD_US
    sent = send_live(
        messages, simulated.sources, producer_of(kafka), start_us=start_us, watch=watch
    )
    return sum(sent.values()), Timeline(first_us, start_us).shift_us(first_us)
