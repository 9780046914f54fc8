"""Plays scripts through the steps, and scores what is told against what happened."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from benchmarks.events.feed import START_US, STEP_S, Feed, Noise, rows_at
from benchmarks.events.script import Script
from benchmarks.events.town import HOME, INTERSECTION, the_town

LATE_S = 12.0  # what is told later than this after it began does not count
EARLY_S = 1.0
STEP_US = round(STEP_S * 1e6)
Told = dict[str, object]


def play(script: Script, noise: Noise | None) -> list[Told]:
    """Records of `road.events` of one scene."""
    feed, told = Feed(HOME, the_town()), []
    last = max(a.first + len(a.x_m) for a in script.actors)
    if script.expected:
        last = min(last, round((max(e.begins_s for e in script.expected) + LATE_S) / STEP_S))
    for step in range(1, last + 1):
        tick_us = START_US + step * STEP_US
        _tell(feed, script, step, tick_us)
        rows = rows_at(script.actors, step, tick_us)
        if noise is not None:
            noise.apply(rows)
        told += feed.tick(rows, tick_us)
    return [*told, *feed.drain(START_US + last * STEP_US + 60_000_000)]


def _tell(feed: Feed, script: Script, step: int, tick_us: int) -> None:
    """Signals and features of a step."""
    for second in sorted(script.features):
        if round(second / STEP_S) == step - 1:
            for one in script.features[second]:
                feed.tell(one, tick_us - STEP_US)
    shown = [phases for second, phases in sorted(script.signals.items()) if second <= step * STEP_S]
    if shown:
        feed.show(INTERSECTION, dict(enumerate(shown[-1], 1)), tick_us)


@dataclass(slots=True)
class Score:
    """Counts of one kind, and how long each right event took to be told."""

    right: int = 0
    missed: int = 0
    wrong: int = 0
    delays_s: list[float] = field(default_factory=list)
    where: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """Share of what was told that happened."""
        return self.right / max(self.right + self.wrong, 1)

    @property
    def recall(self) -> float:
        """Share of what happened that was told."""
        return self.right / max(self.right + self.missed, 1)


Scores = defaultdict[str, Score]


def score(name: str, script: Script, told: Iterable[Told], scores: Scores) -> None:
    """Count the events of one scene into `scores`."""
    opened = [one for one in told if one["change"] == "opened"]
    for expected in script.expected:
        kind = expected.kind.text
        hit = next((o for o in opened if o["kind"] == kind and _is(o, expected.tracks)), None)
        late_s = None if hit is None else (hit["opened_us"] - START_US) / 1e6 - expected.begins_s
        if late_s is None or not -EARLY_S <= late_s <= LATE_S:
            scores[kind].missed += 1
            scores[kind].where.append(f"missed in {name} ({late_s})")
            continue
        scores[kind].right += 1
        scores[kind].delays_s.append(late_s)
        opened.remove(hit)
    allowed = {kind.text for kind in script.also}
    for one in opened:
        if one["kind"] not in allowed:
            scores[str(one["kind"])].wrong += 1
            scores[str(one["kind"])].where.append(f"told in {name}")


def _is(told: Told, tracks: tuple[int, ...]) -> bool:
    return bool(set(tracks) & set(told["track_ids"]))


def play_all(
    scenes: Iterable[Callable[[np.random.Generator], Script]], times: int, seed: int
) -> Scores:
    """Each scene several times, with chance and noise of its own."""
    scores: Scores = defaultdict(Score)
    for number, scene in enumerate(scenes):
        for k in range(times):
            rng = np.random.default_rng([seed, number, k])
            script = scene(rng)
            noise = Noise(rng.uniform(0.1, 0.4), rng.uniform(0.1, 0.35), rng)
            score(scene.__name__, script, play(script, noise), scores)
    return scores
