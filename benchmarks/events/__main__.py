"""Score the kinds of events: python -m benchmarks.events [--times 5] [--minutes 10] [--seed 1]."""

import argparse
from collections import Counter

import numpy as np

from benchmarks.events.feed import Noise
from benchmarks.events.play import Score, play_all
from benchmarks.events.scenes import SCENES
from benchmarks.events.traffic import drive
from operators.events.kinds import EventKind

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
    told = _in_traffic(60.0 * given.minutes, given.seed) if given.minutes else Counter()
    print(f"{'kind':28} right missed wrong  precision recall  told after s p50 p95  in traffic")
    for kind in EventKind:
        print(_row(kind.text, scores[kind.text], told[kind.text]))
        for place, count in Counter(scores[kind.text].where).items():
            print(f"    {count} x {place}")


def _in_traffic(seconds: float, seed: int) -> Counter[str]:
    noise = Noise(_SIGMA_M, _SIGMA_MPS, np.random.default_rng(seed))
    return Counter(str(o["kind"]) for o in drive(seconds, seed, noise) if o["change"] == "opened")


def _row(name: str, score: Score, in_traffic: int) -> str:
    late = np.percentile(score.delays_s, (50, 95)) if score.delays_s else (np.nan, np.nan)
    return (
        f"{name:28} {score.right:5} {score.missed:6} {score.wrong:5}  {score.precision:9.3f} "
        f"{score.recall:6.3f}  {late[0]:16.2f} {late[1]:4.2f}  {in_traffic:10}"
    )


if __name__ == "__main__":
    main()
