"""Four mixes of messages with real bytes, over 48 cells, the fleet over 12 of them.

| mix | a message is | sources | observations |
|---|---|---|---|
| `bsm` | one BSM of a vehicle (`bsm.json`) | a gateway a cell, 12 vehicles each at 10 Hz | 1 |
| `fleet` | likewise | a gateway a cell, any number of vehicles at 1 Hz | 1 |
| `rsm` | one RSM (`rsm.json`) | 4 roadside units a cell at 10 Hz, 2 see the same objects | 16 |
| `sdsm` | one SDSM (`sdsm.json`) | 2 units a cell at 10 Hz, they share half | 50 |

The objects of a cell are a grid of 25 m that moves along a circle at 10 m/s, so that none crosses
another's way and none comes near the cell's border. Noise 0.3 m a axis.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import h3
import numpy as np

from benchmarks.sdsm import encode_sdsm
from benchmarks.spread import evenly
from infra.replay.messages import RecordedMessage
from infra.simulator.bsm import encode_bsm
from infra.simulator.frames import SensorFrame
from infra.simulator.placement import Placement
from infra.simulator.roadside import RoadsideUnit
from infra.simulator.rsm import encode_rsm
from operators.decode.registry import FORMATS
from operators.frame import ObjectClass

START_US = 1_790_000_000_000_000
PERIOD_US = 100_000
CELLS = 48
_DELAY_US = (40_000, 60_000)  # event to broker: detection and network
_SIDE = 9  # objects in a row of the grid
_SPACING_M, _CIRCLE_M, _SPEED_MPS, _SIGMA_M = 25.0, 100.0, 10.0, 0.3


@dataclass(frozen=True, slots=True)
class Mix:
    """Messages in order of receive time, with the entries of their sources.

    Parameters
    ----------
    name
        Name of the mix.
    topic
        The one raw topic of all messages.
    messages, entries
        What is sent.
    objects
        Observations in each message.
    """

    name: str
    topic: str
    messages: list[RecordedMessage]
    entries: list[dict[str, Any]]
    objects: int


@dataclass(frozen=True, slots=True)
class Sender:
    """One stream of frames: who sees which objects of which cell, and when."""

    cell: str
    number: int
    placement: Placement
    objects: range
    phase_us: int
    period_us: int = PERIOD_US

    @property
    def source_id(self) -> str:
        """Id under which it sends: the cell leads it, so that the no-op job knows the cell."""
        return f"{self.cell}/{self.number}"


Encode = Callable[[SensorFrame, Sender, int], bytes]


def cells(parallelism: int) -> list[str]:
    """Keys of cells about the simulator's district, as many of each subtask."""
    home = Placement()
    around = h3.grid_disk(h3.latlng_to_cell(home.lat_deg, home.lon_deg, 7), 5)
    return evenly(sorted(around), parallelism, CELLS)


def bsm(seconds: float, parallelism: int) -> Mix:
    """Vehicles one by one; a cell's gateway is the source."""
    senders = _senders(cells(parallelism), 12 * CELLS, lambda k: range(k % 12, k % 12 + 1), 1)
    return _mix("bsm", "bsm.json", senders, seconds, _bsm, entries=False)


def fleet(seconds: float, parallelism: int, vehicles: int) -> Mix:
    """Vehicles one by one, any number of them, which report once a second in turns."""
    senders = [
        replace(one, period_us=10 * PERIOD_US, phase_us=one.phase_us + k % 10 * PERIOD_US)
        for k, one in enumerate(
            _senders(cells(parallelism)[:12], vehicles, lambda k: range(k, k + 1), 1)
        )
    ]
    return _mix("fleet", "bsm.json", senders, seconds, _bsm, entries=False)


def rsm(seconds: float, parallelism: int, units: int = 4 * CELLS) -> Mix:
    """Messages of 16 participants; of a cell's units every second one sees the same."""
    senders = _senders(cells(parallelism), units, lambda k: range(k % 2 * 16, k % 2 * 16 + 16))
    return _mix("rsm", "rsm.json", senders, seconds, _rsm)


def sdsm(seconds: float, parallelism: int) -> Mix:
    """Messages of 50 objects; of a cell's two units each sees half of what the other sees."""
    senders = _senders(cells(parallelism), 2 * CELLS, lambda k: range(k * 25, k * 25 + 50))
    return _mix("sdsm", "sdsm.json", senders, seconds, _sdsm)


def _senders(
    keys: list[str], count: int, seen: Callable[[int], range], sources: int = 0
) -> list[Sender]:
    """`count` senders over the cells in turns; `sources` of a cell share an id if it is given."""
    rng = np.random.default_rng(5)
    placements = {key: Placement(*h3.cell_to_latlng(key)) for key in keys}
    made = []
    for n in range(count):
        key, k = keys[n % len(keys)], n // len(keys)
        number = k % sources if sources else k
        phase = int(rng.integers(0, PERIOD_US // 1000)) * 1000
        made.append(Sender(key, number, placements[key], seen(k), phase))
    return made


def _mix(
    name: str,
    form: str,
    senders: list[Sender],
    seconds: float,
    encode: Encode,
    *,
    entries: bool = True,
) -> Mix:
    topic = FORMATS[form].topic
    rng = np.random.default_rng(11)
    messages = [
        RecordedMessage(
            frame.receive_time_us, topic, sender.source_id, form, encode(frame, sender, turn)
        )
        for sender in senders
        for turn, frame in enumerate(_frames(sender, seconds, rng))
    ]
    messages.sort(key=lambda message: message.receive_time_us)
    declared = [_entry(sender, form) for sender in senders] if entries else []
    return Mix(name, topic, messages, declared, len(senders[0].objects))


def _entry(sender: Sender, form: str) -> dict[str, Any]:
    return {
        "source_id": sender.source_id,
        "kind": "roadside",
        "format": form,
        "lat_deg": sender.placement.lat_deg,
        "lon_deg": sender.placement.lon_deg,
        "coverage_radius_m": 300.0,
        "nominal_rate_hz": 1e6 / PERIOD_US,
        "nominal_delay_ms": 50.0,
        "owner": "benchmark",
    }


def _frames(sender: Sender, seconds: float, rng: np.random.Generator) -> Iterator[SensorFrame]:
    index = np.array(sender.objects)
    row, column = np.divmod(index, _SIDE)
    x0, y0 = ((which - _SIDE // 2) * _SPACING_M for which in (column, row))
    same = np.ones(len(index))
    for turn in range(round(seconds * 1e6 / sender.period_us)):
        event_us = START_US + turn * sender.period_us + sender.phase_us
        angle = (event_us - START_US) / 1e6 * _SPEED_MPS / _CIRCLE_M
        noise = rng.normal(0.0, _SIGMA_M, (2, len(index)))
        yield SensorFrame(
            source_id=f"U{sender.number:07d}",
            event_time_us=event_us,
            claimed_time_us=event_us,
            receive_time_us=event_us + int(rng.integers(*_DELAY_US)),
            object_index=index,
            local_id=index + 1,
            object_class=np.full(len(index), int(ObjectClass.CAR)),
            x_m=x0 + _CIRCLE_M * np.cos(angle) + noise[0],
            y_m=y0 + _CIRCLE_M * np.sin(angle) + noise[1],
            speed_mps=same * _SPEED_MPS,
            heading_rad=same * (angle + np.pi / 2.0),
            length_m=same * 4.6,
            width_m=same * 1.8,
            height_m=same * 1.5,
            position_sigma_m=same * _SIGMA_M,
            score=same * 0.9,
        )


def _bsm(frame: SensorFrame, sender: Sender, turn: int) -> bytes:
    return encode_bsm(frame, sender.placement, turn, turn)


def _rsm(frame: SensorFrame, sender: Sender, turn: int) -> bytes:
    (message,) = encode_rsm(frame, RoadsideUnit(frame.source_id, 0.0, 0.0), sender.placement, turn)
    return message


def _sdsm(frame: SensorFrame, sender: Sender, turn: int) -> bytes:
    return encode_sdsm(frame, sender.number, sender.placement, turn)
