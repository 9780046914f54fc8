"""The services under load, on one core: `python -m benchmarks.serve [--out FILE]`.

1. The HTTP service: streaming clients and requests a second at once; nothing may be lost. The
   clients run on the other cores.
2. Its memory, as all streaming clients leave and others come, again and again: it levels off if
   each third of the times adds at most half of what the one before added; a leak adds the same.
3. The service job: milliseconds of one core for the messages of areas and of subscribed vehicles
   at one tick; a tick has 100.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.machine import description
from benchmarks.serving.clients import load
from benchmarks.serving.feed import LAT_DEG, LON_DEG, TICK_US, Road
from operators.raw import RawRecord, pack_raw
from operators.services.riders import Subscription
from operators.services.together import Services

PAGES_MIB = 1.0  # of pages that come and go anyway


def _ms(values: list[int], percent: float) -> float:
    return round(float(np.percentile(values, percent)) / 1000, 1) if values else float("nan")


@contextmanager
def _server(objects: int) -> Iterator[tuple[int, psutil.Process]]:
    """The service as a process of its own: its port, and the process."""
    command = [sys.executable, "-m", "benchmarks.serving.server", str(objects)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(process.stdout.readline().split()[1]), psutil.Process(process.pid)
        finally:
            process.terminate()


def http(streams: int, rate_hz: float, objects: int, seconds: float) -> dict[str, Any]:
    """The HTTP service under one load."""
    with _server(objects) as (port, server):
        half = asyncio.run(load(port, streams, rate_hz, 150.0, seconds / 2))
        before, began = server.cpu_times(), time.monotonic()
        seen = asyncio.run(load(port, streams, rate_hz, 150.0, seconds / 2))
        used, took = server.cpu_times(), time.monotonic() - began
    core = (used.user + used.system - before.user - before.system) / took
    told_hz = (seen.events + seen.answers) / (seconds / 2)
    return {
        "streams": streams,
        "asked_hz": rate_hz,
        "events_hz": round(seen.events / (seconds / 2)),
        "answers_hz": round(seen.answers / (seconds / 2)),
        "lost": half.lost + seen.lost,
        "gaps": half.gaps + seen.gaps,
        "errors": half.errors + seen.errors,
        "event_age_ms_p50_p99": [_ms(seen.ages_us, 50), _ms(seen.ages_us, 99)],
        "answer_ms_p50_p99": [_ms(seen.delays_us, 50), _ms(seen.delays_us, 99)],
        "mib_a_second": round(seen.bytes / (seconds / 2) / 2**20, 1),
        "core_used": round(core, 2),
        "cpu_us_a_message": round(core / told_hz * 1e6),
    }


def memory(streams: int, times: int, objects: int, seconds: float) -> dict[str, Any]:
    """Memory of the HTTP service after each time that all its streaming clients were others."""
    mib, events = [], 0
    with _server(objects) as (port, server):
        for _ in range(times):
            events += asyncio.run(load(port, streams, 0.0, 150.0, seconds)).events
            mib.append(server.memory_info().rss / 2**20)
    ends = [mib[k] for k in (0, times // 3 - 1, 2 * times // 3 - 1, times - 1)]
    first, second, third = (after - before for before, after in pairwise(ends))
    return {
        "streams": streams,
        "times": times,
        "events": events,
        "memory_mib": [round(one) for one in mib],
        "added_mib_by_third": [round(one, 1) for one in (first, second, third)],
        "levels_off": second <= max(first / 2, PAGES_MIB) and third <= max(second / 2, PAGES_MIB),
    }


def job(areas: int, vehicles: int, objects: int, ticks: int) -> dict[str, Any]:
    """The service job's work for one tick, milliseconds of processor time."""
    made, road = Services("station"), Road(objects)
    for n in range(areas):
        entry = {"source_id": f"unit-{n}", "kind": "roadside", "coverage_radius_m": 250.0}
        entry |= {"lat_deg": LAT_DEG + 0.002 * (n % 5 - 2), "lon_deg": LON_DEG + 0.002 * (n // 5)}
        record = RawRecord(n, 0, 0, "", "", "", json.dumps(entry).encode())
        made.take_source(pack_raw(record))
    for n in range(vehicles):
        made.riders.subscribe(Subscription(f"s-{n}", f"probe-{n}"))
    costs, sent, size = [], 0, 0
    for tick in range(ticks + 3):
        tick_us = 1_790_000_000_000_000 + tick * TICK_US
        made.riders._tracks.update({(f"probe-{n}", 0): (n + 1, tick_us) for n in range(vehicles)})
        began = time.process_time()
        for one in road.at(tick_us):
            closed = made.take_picture(one)
            outputs = list(made.send(closed)) if closed is not None else []
            sent += len(outputs)
            size += sum(len(output.value) for output in outputs)
        if tick >= 3:
            costs.append(time.process_time() - began)
    return {
        "areas": areas,
        "vehicles": vehicles,
        "objects": objects,
        "ms_a_tick_p50": round(float(np.median(costs)) * 1000, 1),
        "messages_a_tick": round(sent / (ticks + 3)),
        "kib_a_tick": round(size / (ticks + 3) / 1024),
    }


def _table(title: str, rows: list[dict[str, Any]]) -> Table:
    table = Table(*rows[0], title=title)
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    return table


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serve", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--objects", type=int, default=1000)
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--times", type=int, default=30, help="all clients leave, others come")
    parser.add_argument("--only-memory", action="store_true")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores - {0} or cores)  # the server has the first for itself
    held = memory(given.streams, max(6, given.times), given.objects, given.seconds / 4)
    console = Console(width=200)
    console.print(_table("Memory as the streaming clients change", [held]))
    if given.only_memory:
        _write(given.out, {"memory": held})
        return
    loads = ((given.streams, 0.0), (0, 1000.0), (given.streams, 1000.0))
    served = [http(*one, given.objects, given.seconds) for one in loads]
    sizes = ((20, 0), (0, 100), (0, 1000))
    worked = [job(*one, given.objects, 10) for one in sizes]
    console.print(_table(f"HTTP, {given.objects} objects, circles of 150 m", served))
    console.print(_table("Service job, one core", worked))
    _write(given.out, {"memory": held, "http": served, "job": worked})


def _write(file: Path | None, figures: dict[str, Any]) -> None:
    if file:
        file.write_text(json.dumps({"machine": description()} | figures, indent=1))


if __name__ == "__main__":
    main()
