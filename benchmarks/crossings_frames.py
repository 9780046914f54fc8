"""What a town's sources see, as events of the cell step."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from benchmarks.crossings_traffic import RADIUS_M, Sight, Town
from operators._typing import BoolArray, FloatArray, IntArray, RecordArray
from operators.envelope import Kind, seal
from operators.frame import Frame, ObjectClass, SourceKind, empty_observations, pack_frame
from operators.front import picture_due_us
from operators.parameters import Parameters
from operators.transform.cells import LOCAL, cell

Event = tuple[str, bytes]  # cell and sealed frame


def delays(
    sights: Iterable[Sight], late: float, rng: np.random.Generator
) -> list[tuple[int, Sight]]:
    """Sights with the receive time of each, in that order.

    Parameters
    ----------
    late
        Share of them that come 150 to 900 ms after their event; the others take 30 to 80.
    """
    every = list(sights)
    slow = rng.random(len(every)) < late
    wait_ms = np.where(slow, rng.integers(150, 900, len(every)), rng.integers(30, 80, len(every)))
    received = [s.event_us + 1000 * int(ms) for s, ms in zip(every, wait_ms, strict=True)]
    return sorted(zip(received, every, strict=True), key=lambda one: one[0])


def in_cells(
    town: Town, sent: Sequence[tuple[int, Sight]], parameters: Parameters
) -> Iterator[Event]:
    """Each sight in every cell that it concerns, as `operators.transform.place` places it."""
    for offset, (received_us, sight) in enumerate(sent):
        n = len(sight.places)
        points = np.vstack((sight.places, town.spots[sight.spot]))
        lon, lat = town.frame.to_geographic(*points.T)
        local = {key: cell(key).frame.to_local(lon, lat) for key in town.beside[sight.spot]}
        inside = {key: cell(key).inside_m(*at) for key, at in local.items()}
        owner = np.argmax([depth_m[:n] for depth_m in inside.values()], axis=0)
        for k, (key, (x, y)) in enumerate(local.items()):
            kept = np.flatnonzero(inside[key][:n] > -parameters.halo_m)
            unit = sight.kind == SourceKind.ROADSIDE
            if len(kept) or (unit and inside[key][n] > -RADIUS_M - parameters.halo_m):
                seen = _observations(sight, kept, x[kept], y[kept], owner[kept] == k)
                yield key, _sealed(sight, offset, received_us, (x[n], y[n]), seen, parameters)


def in_one_cell(
    town: Town, sent: Sequence[tuple[int, Sight]], parameters: Parameters
) -> Iterator[Event]:
    """The same in one cell without a border."""
    for offset, (received_us, sight) in enumerate(sent):
        index = np.arange(len(sight.places))
        seen = _observations(sight, index, *sight.places.T, np.ones(len(index), bool))
        x, y = town.spots[sight.spot]
        yield LOCAL, _sealed(sight, offset, received_us, (x, y), seen, parameters)


def _observations(
    sight: Sight, index: IntArray, x: FloatArray, y: FloatArray, owned: BoolArray
) -> RecordArray:
    made = empty_observations(len(index))
    made["index"], made["x_m"], made["y_m"], made["owned"] = index, x, y, owned
    made["cov_xx_m2"] = made["cov_yy_m2"] = sight.spread_m**2
    made["cov_xy_m2"] = 0.0
    made["object_class"], made["local_id"] = ObjectClass.CAR, sight.local_id
    if sight.velocity is not None:
        made["vx_mps"], made["vy_mps"] = sight.velocity
    return made


def _sealed(
    sight: Sight,
    offset: int,
    received_us: int,
    site: tuple[float, float],
    seen: RecordArray,
    parameters: Parameters,
) -> bytes:
    unit = sight.kind == SourceKind.ROADSIDE
    frame = Frame(
        source_id=sight.source,
        kind=sight.kind,
        flags=0,
        event_time_us=sight.event_us,
        receive_time_us=received_us,
        topic="raw.roadside" if unit else "raw.probe",
        partition=0,
        offset=offset,
        payload_hash=offset,
        coverage_x_m=float(site[0]),
        coverage_y_m=float(site[1]),
        coverage_radius_m=RADIUS_M if unit else float("nan"),
        observations=seen,
    )
    due_us = picture_due_us(sight.event_us, received_us, parameters)
    return seal(due_us, Kind.FRAMES, pack_frame(frame))
