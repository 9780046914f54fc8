"""What the demo sends, and when: recordings first, then the simulated district."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.replay.messages import RecordedMessage, read_messages
from infra.replay.sources import source_entries_for
from infra.simulator.scenario import Simulated

RECORDINGS = (
    "jpo-ode/bsmLogDuringEvent.json",
    "openv2x/msg58.json",
    "openv2x/congestion_tracks.txt",
    "openv2x/rsm.dawnline.json",
    "carma-streets/detected_truck.json",
    "carma-streets/detected_pedestrian.json",
    "carma-streets/detected_cyclist.json",
)


@dataclass(frozen=True, slots=True)
class Planned:
    """One record and when it leaves.

    Parameters
    ----------
    send_us
        Wall time, UTC microseconds.
    shift_us
        What the station adds to the message's own times, whole milliseconds.
    message
        What is sent.
    """

    send_us: int
    shift_us: int
    message: RecordedMessage


def recordings_in(folder: Path) -> list[list[RecordedMessage]]:
    """Messages of each recording that is there; an empty list without the folder."""
    return [list(read_messages(folder / name)) for name in RECORDINGS if (folder / name).is_file()]


def entries_of(
    recordings: Sequence[Sequence[RecordedMessage]], simulated: Simulated
) -> list[dict[str, Any]]:
    """Source entries of everything that the demo sends, one for each source."""
    messages = [message for recording in recordings for message in recording]
    entries = {str(entry["source_id"]): entry for entry in source_entries_for(messages)}
    entries.update((str(entry["source_id"]), entry) for entry in simulated.sources)
    return list(entries.values())


def plan(messages: Iterable[RecordedMessage], start_us: int) -> list[Planned]:
    """Messages at the pace at which they were received, the first at `start_us`."""
    ordered = sorted(messages, key=lambda message: message.receive_time_us)
    if not ordered:
        return []
    shift = (start_us - ordered[0].receive_time_us) // 1000 * 1000
    return [Planned(m.receive_time_us + shift, shift, m) for m in ordered]


def district_messages(simulated: Simulated) -> list[RecordedMessage]:
    """The messages of the simulated sensors."""
    return [
        RecordedMessage(s.receive_time_us, s.topic, s.source_id, s.format, s.payload)
        for s in simulated.sent
    ]
