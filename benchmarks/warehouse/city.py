"""Pictures of a city that nobody simulated, made fast and shaped like those of the demo.

Each object drives along a street of its own within its cell, stands at its beginning for a while,
and is another one when it begins anew; one to three sources see it. What the tracker adds (jitter,
covariances that breathe with every observation, ages) is drawn so that each column compresses as it
does in the demo: `resemble.py` loads both and compares.
"""

from collections.abc import Iterator
from typing import Any

import h3
import msgspec
import numpy as np

import schemas

STEP_US = 100_000
CENTRE = (31.93, 118.81)
_METRE_E7 = 1 / 0.011_087
_STREET_M = 500.0
_LIFE_S = 60.0
_CLASSES = np.array([1, 1, 1, 2, 3, 4, 6, 7, 7, 7], np.uint8)
_SPEEDS = np.array([0, 13, 12, 11, 10, 0, 5, 1.3, 0, 0, 0, 0, 0], np.float32)
_SIZES = np.array([[0.5] * 3, [4.6, 1.8, 1.5], [5.2, 2.0, 2.2], [9, 2.5, 3.2], [12, 2.5, 3.2],
                   [2, 0.8, 1.5], [1.8, 0.6, 1.6], [0.5, 0.5, 1.7]], np.float32)  # fmt: skip
_NOTHING = {"visibility_m": None, "wind_mps": None, "precipitation": None,
            "precipitation_mmph": None, "road_surface": None}  # fmt: skip


class City:
    """Objects in the cells around a place, tick after tick.

    Parameters
    ----------
    objects
        Number of objects at any time.
    rings
        Of cells around the middle one: 3 r (r + 1) + 1 cells.
    start_us
        First tick.
    """

    def __init__(self, objects: int, rings: int, start_us: int, seed: int = 1) -> None:
        self.rng = rng = np.random.default_rng(seed)
        self.cells = sorted(h3.grid_disk(h3.latlng_to_cell(*CENTRE, 7), rings))
        self.at_us = start_us
        self.sequence = 0
        self.home = np.sort(rng.integers(0, len(self.cells), objects))
        self.place = np.array([h3.cell_to_latlng(cell) for cell in self.cells])[self.home] * 1e7
        self.bounds = np.searchsorted(self.home, np.arange(len(self.cells) + 1))
        count = objects
        self.ids = rng.integers(1, 2**63, count, np.uint64)
        self.ends_us = start_us + (rng.exponential(_LIFE_S, count) * 1e6).astype(np.int64)
        self.kind = _CLASSES[rng.integers(0, len(_CLASSES), count)]
        self.street = rng.integers(0, 4, count) * (np.pi / 2) + rng.normal(0, 0.002, count)
        self.offset_m = rng.uniform(-500, 500, (2, count))
        self.along_m = rng.uniform(0, _STREET_M, count)
        self.speed = np.zeros(count)
        self.red_s = rng.uniform(0, 20, count)
        self.wander = np.zeros((2, count))
        self.error = np.zeros((2, count))
        self.turn = np.zeros(count)
        self.variance = rng.uniform(0.03, 0.08, count)
        self.existence = rng.uniform(0.85, 1.0, count)
        self.phase_us = rng.integers(0, 60, count) * 1000
        self.seen = rng.integers(1, 4, count).astype(np.uint8)

    def __iter__(self) -> Iterator[list[dict[str, Any]]]:
        """Pictures of all cells, tick after tick, without end."""
        while True:
            columns = self._columns()
            yield [self._picture(k, columns) for k in range(len(self.cells))]
            self.at_us += STEP_US
            self.sequence += 1
            self._move()

    def _move(self) -> None:
        rng, count = self.rng, len(self.ids)
        self.red_s -= STEP_US / 1e6
        goal = np.where(self.red_s > 0, 0.0, _SPEEDS[self.kind])
        self.speed += np.clip(goal - self.speed, -0.3, 0.2)
        self.along_m += self.speed * STEP_US / 1e6
        turned = self.along_m > _STREET_M
        self.along_m[turned] = 0.0
        self.red_s[turned] = 25.0
        self.ends_us[turned] = 0  # the next one begins where this street begins
        seen = rng.random(count) < 0.85
        self.wander += np.where(seen, rng.normal(0, 0.06, (2, count)) - 0.1 * self.wander, 0.0)
        self.error += np.where(seen, rng.normal(0, 0.03, (2, count)) - 0.05 * self.error, 0.0)
        self.variance *= np.where(rng.random(count) < 0.3, rng.uniform(0.8, 1.2, count), 0.985)
        self.variance = np.clip(self.variance, 0.01, 0.2)
        self.existence = np.clip(self.existence + rng.normal(0, 0.003, count), 0.7, 1.0)
        self._end(np.flatnonzero(self.ends_us < self.at_us))

    def _end(self, over: Any) -> None:
        """Give the places of objects that left to new ones."""
        self.ids[over] = self.rng.integers(1, 2**63, len(over), np.uint64)
        life_us = self.rng.exponential(_LIFE_S, len(over)) * 1e6
        self.ends_us[over] = self.at_us + life_us.astype(np.int64)

    def _columns(self) -> dict[str, Any]:
        rng, count = self.rng, len(self.ids)
        east, north = np.sin(self.street), np.cos(self.street)
        x_m = self.offset_m[0] + self.along_m * east + self.error[0]
        y_m = self.offset_m[1] + self.along_m * north + self.error[1]
        moves = self.speed > 0.2
        drift = np.where(moves, self.wander, 0.3 * self.wander)
        fresh = rng.random(count) < 0.88
        turns = rng.random(count) < 0.11
        shrunk = self.variance * rng.uniform(0.97, 1.03, count)
        return {
            "track_id": self.ids,
            "lat_e7": np.rint(self.place[:, 0] + y_m * _METRE_E7),
            "lon_e7": np.rint(self.place[:, 1] + x_m * _METRE_E7 / 0.8487),
            "altitude_m": np.full(count, 12.0),
            "velocity_east_mps": self.speed * east + drift[0],
            "velocity_north_mps": self.speed * north + drift[1],
            "acceleration_mps2": np.full(count, np.nan),
            "turn_rate_radps": np.where(turns, rng.normal(0, 0.03, count), 0.0),
            "heading_rad": (self.street + 0.1 * drift[0]) % (2 * np.pi),
            "length_m": _SIZES[self.kind, 0],
            "width_m": _SIZES[self.kind, 1],
            "height_m": _SIZES[self.kind, 2],
            "object_class": self.kind,
            "class_probability": np.where(rng.random(count) < 0.3, 0.9766, 0.9688),
            "existence": self.existence,
            "cov_ee_m2": self.variance,
            "cov_en_m2": self.variance * rng.normal(0, 0.02, count),
            "cov_nn_m2": shrunk,
            "velocity_variance_m2ps2": self.variance * rng.uniform(0.9, 1.1, count),
            "age_us": self.phase_us + np.where(fresh, 0, STEP_US),
            "observations": np.where(fresh, self.seen, 0),
            "context_flags": np.full(count, 1),
            "source_count": self.seen,
        }

    def _picture(self, number: int, columns: dict[str, Any]) -> dict[str, Any]:
        part = slice(self.bounds[number], self.bounds[number + 1])
        cell, count = self.cells[number], int(part.stop - part.start)
        sources = [f"RSU-{number}-{k}" for k in range(3)]
        seen = self.seen[part]
        packed = {
            name: columns[name][part].astype(element).tobytes() if name in columns else b""
            for name, element in ELEMENTS.items()
        }
        return packed | {
            "cell": int(cell, 16), "cell_key": cell, "frame": "wgs84", "tick_us": self.at_us,
            "sequence": self.sequence, "station_id": "station", "run_id": "run-1",
            "live_sources": sources, "missing_sources": [], "sources": sources, "count": count,
            "features": [], "feature_count": bytes(2 * count),
            "weather": [_NOTHING], "weather_index": bytes(2 * count),
            "source_index": np.concatenate([np.arange(n) for n in seen] or [seen])
                .astype("<u2").tobytes(),
        }  # fmt: skip


ELEMENTS = {f["name"]: f["element"] for f in schemas.load("picture")["fields"] if "element" in f}


def packed(picture: dict[str, Any]) -> bytes:
    """The picture as a step hands it to the encoder of its topic."""
    return msgspec.msgpack.encode(picture)
