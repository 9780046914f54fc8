"""Plot the paths of a place and a map of its speeds, from the views of the warehouse.

    python docs/examples/plot_junction.py --url clickhouse://HOST:PORT/station \
        --lat 31.93 --lon 118.81 --radius-m 300 --first "2026-09-21 14:00:00" \
        --last "2026-09-21 15:00:00" --out junction.png

Left: the path of every object that came within the radius, a colour for each class. Right: mean
speed of each pixel of the map tiles of zoom 18 that the place lies in.
"""

import argparse
import math
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from clickhouse_driver import Client

mpl.use("Agg")  # a file, no window
from matplotlib import pyplot as plt

ZOOM = 18
TILE_PX = 256


def paths(client: Client, given: argparse.Namespace) -> list[tuple[str, np.ndarray]]:
    """Class and path (longitude, latitude; degrees) of the objects near the place."""
    rows = client.execute(
        "SELECT class_name, arrayMap(p -> (p.3 / 1e7, p.2 / 1e7), path)"
        " FROM digital_track(track=0)"
        " WHERE started < %(last)s AND ended >= %(first)s AND frame = 'wgs84'"
        " AND arrayExists(p -> geoDistance(p.3 / 1e7, p.2 / 1e7, %(lon)s, %(lat)s) < %(radius_m)s,"
        " path)",
        vars(given),
    )
    return [(name, np.array(points)) for name, points in rows]


def speeds(client: Client, given: argparse.Namespace) -> tuple[np.ndarray, list[float]]:
    """Mean speed by pixel (NaN: nobody was there), and its west, east, south and north edges."""
    size = 2**ZOOM
    x, y = (given.lon + 180) / 360 * size, _row(given.lat) * size
    reach = math.ceil(given.radius_m / (40_075_017 * math.cos(math.radians(given.lat)) / size))
    columns = range(int(x) - reach, int(x) + reach + 1)
    lines = range(int(y) - reach, int(y) + reach + 1)
    image = np.full((len(lines) * TILE_PX, len(columns) * TILE_PX), np.nan)
    for j, line in enumerate(lines):
        for i, column in enumerate(columns):
            pixels = client.execute(
                f"SELECT px, py, mean_mps FROM map_tile(zoom={ZOOM}, x={column}, y={line},"
                f" first='{given.first}', last='{given.last}')"
            )
            for px, py, mean_mps in pixels:
                image[j * TILE_PX + py, i * TILE_PX + px] = mean_mps
    west, east = columns.start / size * 360 - 180, columns.stop / size * 360 - 180
    return image, [west, east, _lat(lines.stop / size), _lat(lines.start / size)]


def _row(lat_deg: float) -> float:
    return (1 - math.asinh(math.tan(math.radians(lat_deg))) / math.pi) / 2


def _lat(row: float) -> float:
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row))))


def draw(found: list[tuple[str, np.ndarray]], image: np.ndarray, edges: list[float]) -> Any:
    """Both pictures side by side."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(14, 6), constrained_layout=True)
    names = sorted({name for name, _ in found})
    for name, points in found:
        left.plot(*points.T, color=f"C{names.index(name) % 10}", lw=0.8)
    for k, name in enumerate(names):
        left.plot([], [], color=f"C{k % 10}", label=name)
    if names:
        left.legend(loc="upper right")
    left.set_title("paths by class")
    shown = right.imshow(image, extent=edges, aspect="auto", cmap="viridis", vmin=0)
    figure.colorbar(shown, ax=right, label="mean speed, m/s")
    right.set_title("speeds")
    for axes in (left, right):
        axes.set_xlim(edges[:2])
        axes.set_ylim(edges[2:])
        axes.set_aspect(1 / math.cos(math.radians(edges[2])))
        axes.ticklabel_format(useOffset=False)
    return figure


def main(arguments: list[str] | None = None) -> None:
    """Ask and draw."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--lat", type=float, required=True)
    parser.add_argument("--lon", type=float, required=True)
    parser.add_argument("--radius-m", type=float, default=300.0)
    parser.add_argument("--first", required=True, help="UTC, YYYY-MM-DD HH:MM:SS")
    parser.add_argument("--last", required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    with Client.from_url(given.url) as client:
        figure = draw(paths(client, given), *speeds(client, given))
    figure.savefig(given.out, dpi=120)
    plt.close(figure)


if __name__ == "__main__":
    main()
