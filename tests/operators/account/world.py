"""A small world with an honest answer: vehicles that circle a place, and whoever watches them."""

import json
from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np

from operators.parameters import Parameters
from operators.pipeline import FOREVER_US, LogRecord, Pipeline
from operators.routes import SOURCES
from tests.accounts import assert_accounts_close, by_topic
from tests.builders import (
    HOME,
    PROBE,
    ROADSIDE,
    SECOND_US,
    Log,
    a_raw_record,
    a_source_entry,
    values,
)

MINUTE_US = 60 * SECOND_US
FIRST_MINUTE_US = 1_790_000_040_000_000  # a whole minute
VEHICLES = 8
PROBES = 2
SPEED_MPS = 9.0
PERIOD_US = 100_000


def places(at_us):
    """Where the vehicles are, ndarray of shape (VEHICLES, 2): circles 14 m apart."""
    radius = 30.0 + 14.0 * np.arange(VEHICLES)
    angle = 0.7 * np.arange(VEHICLES) + (at_us - FIRST_MINUTE_US) / 1e6 * SPEED_MPS / radius
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


@dataclass(frozen=True)
class Unit:
    """One roadside unit; the defaults are honest."""

    name: str
    owner: str = ""
    phase_ms: int = 0
    sigma_m: float = 0.3
    declared: float = 1.0  # sigma over the true one
    delay_ms: int = 60
    bias_m: tuple[float, float] = (0.0, 0.0)
    detection: float = 0.95
    copies: int = 1
    exact: bool = False  # copies are equal to the last byte
    ids: tuple[str, ...] = ()  # under which it sends, in turn
    dead_from_us: int = 2**62
    radius_m: float = 160.0

    def frames(self, seed, start_us, end_us):
        """Receive time, source and body of each message, offsets left to the log."""
        rng = np.random.default_rng([seed, *self.name.encode()])
        for k, tick_us in enumerate(range(start_us, end_us, PERIOD_US)):
            event_us = tick_us + 1000 * self.phase_ms
            noise = rng.normal(0.0, self.sigma_m, (VEHICLES, 2))
            there = rng.random(VEHICLES) < self.detection
            delay_us = self.delay_ms * 1000 + int(rng.gamma(4.0, 2000.0))
            if event_us >= self.dead_from_us:
                continue
            seen = (places(event_us) + noise + self.bias_m)[there]
            names = self.ids or (self.name,)
            name = names[k % len(names)]
            sigma_m = self.sigma_m * self.declared
            for copy in range(self.copies):
                body = line(name, event_us, seen, sigma_m) + b" " * (0 if self.exact else copy)
                yield event_us + delay_us + copy, name, body

    def entries(self):
        """Bodies of its source entries."""
        lon, lat = HOME.frame.to_geographic(np.zeros(1), np.zeros(1))
        for name in self.ids or (self.name,):
            yield name, a_source_entry(
                name, owner=self.owner, nominal_rate_hz=10.0 / len(self.ids or "1"),
                lat_deg=float(lat[0]), lon_deg=float(lon[0]), coverage_radius_m=self.radius_m,
            )  # fmt: skip


def line(source, event_us, seen, sigma_m):
    """Body of a message."""
    lon, lat = HOME.frame.to_geographic(seen[:, 0], seen[:, 1])
    cov = [sigma_m**2, 0.0, 0.0, sigma_m**2]
    objects = [
        {"lat_deg": a, "lon_deg": b, "class": "car", "position_cov": cov}
        for a, b in zip(lat.tolist(), lon.tolist(), strict=True)
    ]
    told = {"source": source, "event_time_us": int(event_us), "frame": "wgs84"}
    return json.dumps(told | {"objects": objects}).encode()


EAST = Unit("east", "city", phase_ms=13)
WEST = Unit("west", "roads", phase_ms=57)
SOUTH = Unit("south", "tolls", phase_ms=83)
HONEST = (EAST, WEST, SOUTH)


def with_fault(unit, **fault):
    """The honest units, one of them with a fault."""
    return tuple(replace(u, **fault) if u is unit else u for u in HONEST)


def a_world(units=HONEST, seed=1, warm_up_s=14, seconds=6):
    """Log of what the units and a fleet of probes tell."""
    start_us, end_us = (
        FIRST_MINUTE_US - warm_up_s * SECOND_US,
        FIRST_MINUTE_US + seconds * SECOND_US,
    )
    sent, log = [], Log()
    for unit in units:
        for name, body in unit.entries():
            log.add(start_us - 10 * SECOND_US, body, SOURCES, source="", key=name)
        sent += [
            (at, ROADSIDE, name, body) for at, name, body in unit.frames(seed, start_us, end_us)
        ]
    log.add(start_us - 10 * SECOND_US, a_source_entry("fleet", kind="probe"), SOURCES,
            source="", key="fleet")  # fmt: skip
    rng = np.random.default_rng([seed, 7])
    for event_us in range(start_us, end_us, 5 * PERIOD_US):
        for k in range(PROBES):
            at_us = event_us + 100_000 * k + 31_000
            seen = places(at_us)[k : k + 1] + rng.normal(0.0, 0.4, (1, 2))
            sent.append((at_us + 80_000, PROBE, "fleet", line("fleet", at_us, seen, 0.4)))
    for at_us, topic, name, body in sorted(sent):
        log.add(at_us // 1000 * 1000, body, topic, source=name)
    return log


class Echo:
    """Sends every picture back under another id, without the station's name, 100 ms old."""

    unit = Unit("echo", EAST.owner, dead_from_us=0)

    def __init__(self, blur_m=0.0):
        self.offset, self.blur_m = 0, blur_m
        self.rng = np.random.default_rng(3)

    def __call__(self, outputs, now_us):
        for picture in values(outputs, "fused.objects"):
            lat, lon = (
                np.frombuffer(picture[f"{axis}_e7"], "<i4") / 1e7 for axis in ("lat", "lon")
            )
            if picture["cell_key"] == HOME.key and len(lat):
                x, y = HOME.frame.to_local(lon, lat)
                seen = np.column_stack([x, y]) + self.rng.normal(0.0, self.blur_m, (len(x), 2))
                body = line("echo", picture["tick_us"] + 20_000, seen, 0.3)
                record = a_raw_record(self.offset, now_us + 20_000, body, source="echo")
                self.offset += 1
                yield LogRecord(ROADSIDE, 1, record)


def told(log, react=None, parameters=None):
    """All outputs for a log, of which both ledgers close.

    `react` may answer what comes out with records of its own.
    """
    pipeline, outputs, waiting = Pipeline(parameters or Parameters()), [], log.in_order()
    answers = []
    passed_us = waiting[0].record.receive_time_us
    for record in waiting:
        while record.record.receive_time_us - passed_us > PERIOD_US:
            passed_us += PERIOD_US
            made = pipeline.advance(passed_us)
            outputs += made
            for answer in react(made, passed_us) if react is not None else ():
                answers.append(answer)
                pipeline.take(answer)
        pipeline.take(record)
    outputs += pipeline.advance(FOREVER_US)
    assert_accounts_close(by_topic(outputs), [*log.records, *answers])
    return outputs


def minutes(outputs, minute_us=FIRST_MINUTE_US):
    """Entries of one minute of the cell that holds the world, by source."""
    (entries,) = [
        value["entries"]
        for value in values(outputs, "source.quality")
        if (value["minute_us"], value["cell_key"]) == (minute_us, HOME.key)
    ]
    return {entry["source_id"]: entry for entry in entries}


def owners_shares(outputs):
    """Share of each owner in the track-seconds of the second minute."""
    shares = defaultdict(float)
    for source, entry in minutes(outputs).items():
        shares[entry["owner"] or source] += entry["share_s"]
    return {owner: share / sum(shares.values()) for owner, share in shares.items()}
