"""Keeps the states of the keyed steps of the segment job in the middle of their work.

    python -m tests.operators.golden.segments

Run it when a layout has got a new version, and keep the file of the versions before; the name has
those of the segment, the approach, the event step and the joining of events.
"""

import heapq
import zlib
from pathlib import Path

import msgspec
import numpy as np

from operators.envelope import unseal
from operators.events import join, memory
from operators.events import step as event
from operators.parameters import Parameters
from operators.road import lanes
from operators.routes import JOIN, ROAD_EVENTS
from operators.segments import approach, scene, segment, sums, vehicles
from operators.segments.scenes import Scenes
from operators.shared import Shared
from operators.step import State
from tests.builders import kept

FOLDER = Path(__file__).parent / "segments"
VERSIONS = {"segments": segment.VERSION, "approaches": approach.VERSION, "events": event.VERSION}
VERSIONS |= {"joins": join.VERSION}
STEPS = {
    "scenes": lambda: Scenes(Parameters()),
    "segments": lambda: segment.SegmentStates(Parameters()),
    "approaches": lambda: approach.ApproachStates(Parameters()),
    "events": lambda: event.EventStep(Parameters()),
    "joins": join.EventJoin,
}
VALUES = {
    "segments": segment.SegmentState,
    "approaches": approach.ApproachState,
    "events": event.EventState,
    "joins": join.JoinState,
}
# Rows that lie packed in states, and so belong to their layout.
ROWS = {
    "segments": (scene.ROW, sums.TRACK_SECOND, lanes.LANE),
    "approaches": (scene.ROW, vehicles.VEHICLE),
    "events": (memory.MEMORY,),
    "joins": (),
}


class Golden(msgspec.Struct):
    """A step cut in the middle.

    Parameters
    ----------
    key, value, entries
        Of the state.
    waiting
        Events by the instant at which they are due.
    told
        Marks of the outputs that come of them.
    """

    key: str
    value: bytes | None
    entries: dict[str, bytes]
    waiting: dict[int, list[bytes]]
    told: list[tuple[str, str, bytes]]


class Kept(msgspec.Struct):
    """All of a file: the steps, and the layouts of packed rows, by name."""

    steps: dict[str, Golden]
    rows: dict[str, list[str]]


def go_on(step, key, state, waiting, wakes=10_000):
    """State, what still waits, and outputs after so many wakes."""
    due, left, outputs = list(waiting), dict(waiting), []
    heapq.heapify(due)
    while due and wakes:
        at_us = heapq.heappop(due)
        if at_us not in left:
            continue
        result = step.on_wake(key, state, left.pop(at_us), Shared(), at_us)
        state, wakes = kept(state, result), wakes - 1
        outputs += result.outputs
        if result.wake_at_us is not None:
            left.setdefault(result.wake_at_us, [])
            heapq.heappush(due, result.wake_at_us)
    return state, left, outputs


def marks(outputs):
    """What an output is of: no figures, which may become better ones without another layout."""
    return [(*where, msgspec.msgpack.encode(_mark(value))) for *where, value in map(_news, outputs)]


def _news(output):
    """The event step of version 1 told its records itself."""
    if output.route != JOIN:
        return output
    record = unseal(output.value)[2]
    return ROAD_EVENTS, msgspec.msgpack.decode(record)["cell_key"], record


def _mark(value):
    try:
        fields = msgspec.msgpack.decode(value)
    except msgspec.DecodeError:
        return None  # sealed, for another step
    names = ("start_us", "period_us", "late", "count", "kind", "change", "event_id", "sequence")
    return [fields.get(name) for name in names] if isinstance(fields, dict) else None


def layout(dtype):
    return str(np.lib.format.dtype_to_descr(dtype))


def cut(name, case) -> Golden:
    step, waiting = STEPS[name](), {}
    for one in case.events:
        waiting.setdefault(step.wake_for(one), []).append(one)
    state, left, _ = go_on(step, case.key, State(), waiting, len(waiting) // 2)
    told = marks(go_on(STEPS[name](), case.key, state, left)[2])
    return Golden(case.key, state.value, dict(state.entries), left, told)


def load(file: Path) -> Kept:
    """What a file keeps."""
    return msgspec.msgpack.decode(zlib.decompress(file.read_bytes()), type=Kept)


def name_now() -> str:
    return "-".join(str(version) for version in VERSIONS.values())


def main() -> None:
    from tests.operators.test_every_step import CASES  # its histories take a while

    steps = {name: cut(name, CASES[name]) for name in STEPS}
    rows = {name: [layout(one) for one in of] for name, of in ROWS.items()}
    packed = zlib.compress(msgspec.msgpack.encode(Kept(steps, rows)), 9)
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name_now()}.bin").write_bytes(packed)
    print(len(packed), "bytes")


if __name__ == "__main__":
    main()
