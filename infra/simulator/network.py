"""The district's road network: a signalised grid made by SUMO's own netgenerate."""

import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sumo


@dataclass(frozen=True, slots=True)
class District:
    """A grid of crossings, all with traffic lights, streets leading out on every side.

    Every street has two lanes each way, a left-turn pocket, a cycle lane and a pavement.

    Parameters
    ----------
    crossings
        Number of crossings along each side.
    block_m
        Distance of neighbouring crossings, metres.
    approach_m
        Length of the streets that lead out, metres.
    speed_limit_mps
        13.89 m/s is the usual 50 km/h.
    turn_mps2
        Sideways acceleration that sets the speed in bends; SUMO's own 5.5 is that of a hurry, 2.5
        that of comfort.
    """

    crossings: int = 3
    block_m: float = 190.0
    approach_m: float = 110.0
    speed_limit_mps: float = 13.89
    turn_mps2: float = 5.5

    @property
    def side_m(self) -> float:
        """Length of the district's side, metres."""
        return (self.crossings - 1) * self.block_m + 2 * self.approach_m


@dataclass(frozen=True, slots=True)
class Network:
    """A network file with the edges at which traffic begins and ends."""

    path: Path
    entries: tuple[str, ...]
    exits: tuple[str, ...]
    inner: tuple[str, ...]


def run_sumo_program(name: str, arguments: Sequence[str]) -> None:
    """Run one of SUMO's programs and wait.

    Raises
    ------
    RuntimeError
        If it fails; the message ends with what it printed.
    """
    program = Path(sumo.SUMO_HOME) / "bin" / name
    done = subprocess.run(
        [str(program), *arguments],
        env={"SUMO_HOME": str(sumo.SUMO_HOME)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        msg = f"{name} ended with code {done.returncode}: {done.stderr[-2000:]}"
        raise RuntimeError(msg)


def build_network(district: District, folder: Path, seed: int) -> Network:
    """Make the network file in `folder`."""
    path = folder / "district.net.xml"
    guess_limit = str(district.speed_limit_mps + 1.0)
    run_sumo_program(
        "netgenerate",
        [
            "--grid",
            *("--grid.number", str(district.crossings)),
            *("--grid.length", str(district.block_m)),
            *("--grid.attach-length", str(district.approach_m)),
            *("--default.lanenumber", "2", "--default.lanewidth", "3.5"),
            *("--default.speed", str(district.speed_limit_mps)),
            *("--default-junction-type", "traffic_light"),
            *("--tls.layout", "opposites"),
            *("--turn-lanes", "1", "--turn-lanes.length", "40"),
            *("--sidewalks.guess", "--sidewalks.guess.max-speed", guess_limit),
            *("--bikelanes.guess", "--bikelanes.guess.max-speed", guess_limit),
            "--crossings.guess",
            "--no-turnarounds",
            *("--junctions.limit-turn-speed", str(district.turn_mps2)),
            *("--seed", str(seed)),
            *("--output-file", str(path)),
        ],
    )
    return _read_edges(path)


def _read_edges(path: Path) -> Network:
    root = ET.parse(path).getroot()
    ends = {j.get("id") for j in root.iter("junction") if j.get("type") == "dead_end"}
    entries: list[str] = []
    exits: list[str] = []
    inner: list[str] = []
    for edge in root.iter("edge"):
        if edge.get("function") is not None:  # crossings, walking areas, inside of junctions
            continue
        chosen = inner
        if edge.get("from") in ends:
            chosen = entries
        elif edge.get("to") in ends:
            chosen = exits
        chosen.append(str(edge.get("id")))
    return Network(path, tuple(sorted(entries)), tuple(sorted(exits)), tuple(sorted(inner)))
