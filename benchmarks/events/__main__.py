"""Score the kinds of events: python -m benchmarks.events [--times 5] [--minutes 10] [--seed 1].

Ordinary traffic is driven in pieces of ten minutes at the most, each with a seed of its own; what
is told in it counts as false unless the truth has it (`benchmarks.events.judge`).
"""

import argparse
import math
from collections import Counter

import numpy as np

from benchmarks.events.feed import START_US, Noise
from benchmarks.events.judge import is_real
from benchmarks.events.play import Score, play_all
from benchmarks.events.scenes import SCENES
from benchmarks.events.traffic import drive, simulate
from operators.events.kinds import EventKind

PIECE_MIN = 10.0
_SIGMA_M, _SIGMA_MPS = 0.25, 0.25  # what fused tracks of the district have


def main() -> None:
    """Print a row for each kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5, help="how often each scene is played")
    parser.add_argument("--minutes", type=float, default=10.0, help="of ordinary traffic")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="names of scenes, separated by commas")
    given = parser.parse_args()
    wanted = set(given.only.split(",")) - {""}
    chosen = [scene for scene in SCENES if not wanted or scene.__name__ in wanted]
    scores = play_all(chosen, given.times, given.seed)
    real, false = _in_traffic(given.minutes, given.seed)
    print(
        f"{'kind':28} right missed wrong  precision recall  told after s p50 p95  "
        f"in {given.minutes:g} minutes of traffic: real false  false an hour"
    )
    hours = given.minutes / 60.0
    for kind in EventKind:
        print(_row(kind.text, scores[kind.text]), _told(real[kind.text], false[kind.text], hours))
        for place, count in Counter(scores[kind.text].where).items():
            print(f"    {count} x {place}")


def _in_traffic(minutes: float, seed: int) -> tuple[Counter[str], Counter[str]]:
    """Events of ordinary traffic that the truth has, and those that it has not, by kind."""
    real: Counter[str] = Counter()
    false: Counter[str] = Counter()
    for piece in range(math.ceil(minutes / PIECE_MIN)):
        traffic = simulate(60.0 * min(PIECE_MIN, minutes - PIECE_MIN * piece), seed + piece)
        noise = Noise(_SIGMA_M, _SIGMA_MPS, np.random.default_rng(seed + piece))
        for told in drive(traffic, noise):
            if told["change"] != "opened":
                continue
            kind, known = str(told["kind"]), is_real(told, traffic.truth)
            (real if known else false)[kind] += 1
            if not known:
                at_s = (int(str(told["opened_us"])) - START_US) / 1e6
                print(f"false: {kind} in seed {seed + piece} after {at_s:.1f} s", flush=True)
        done = f"{min(PIECE_MIN * (piece + 1), minutes):g} minutes of traffic"
        print(f"{done}: {real.total()} real, {false.total()} false", flush=True)
    return real, false


def _told(real: int, false: int, hours: float) -> str:
    each = f"{false / hours:.1f}" if hours else "-"
    return f"{real:32} {false:5} {each:>14}"


def _row(name: str, score: Score) -> str:
    late = np.percentile(score.delays_s, (50, 95)) if score.delays_s else (np.nan, np.nan)
    return (
        f"{name:28} {score.right:5} {score.missed:6} {score.wrong:5}  {score.precision:9.3f} "
        f"{score.recall:6.3f}  {late[0]:16.2f} {late[1]:4.2f}"
    )


if __name__ == "__main__":
    main()
