"""The scene step: what each picture of a cell shows of roads, to those who sum it up."""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from operators.envelope import Kind, due_us, seal, unseal
from operators.parameters import Parameters
from operators.road.known import KnownRoads
from operators.routes import APPROACH, SEGMENT
from operators.segments.places import CellPlaces, cell_places, rows_of
from operators.segments.scene import ENCODER, LOOKS, SEEN, SIGHTS, Circle, Look, Scene, Sight
from operators.shared import Shared
from operators.step import Output, Result, State

_LOOKS = msgspec.msgpack.Decoder(list[Look])


class Scenes:
    """The scene step as a `KeyedStep`; the key is the cell's.

    A piece of the network and the place of a source hold from the slice of append time that they
    came in. Its state is in parts: the roads (`operators.road.known`), and where sources look.
    """

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters

    def wake_for(self, event: bytes) -> int:
        """The end of the slice that it came in."""
        return due_us(event)

    def on_wake(
        self, key: str, state: State, due: Sequence[bytes], shared: Shared, at_us: int
    ) -> Result:
        """Tell what the pictures of a slice show."""
        opened = [unseal(event)[1:] for event in due]
        roads = KnownRoads(key, state.entries)
        roads.take(opened)
        changes = dict(roads.changes)
        new = [LOOKS.decode(content) for kind, content in opened if kind is Kind.SOURCE]
        packed = state.entries.get("looks")
        looks = [*(_LOOKS.decode(packed) if packed else ()), *new]
        sights = [SIGHTS.decode(content) for kind, content in opened if kind is Kind.PICTURE]
        sights.sort(key=lambda sight: sight.tick_us)
        if new or sights:
            newest_us = sights[-1].tick_us if sights else 0
            looks = [look for one in _by_source(looks).values() for look in _held(one, newest_us)]
            changes["looks"] = ENCODER.encode(looks) if looks else None
        lanes = roads.packed
        if not sights or not lanes:
            return Result(None, changes)
        places = cell_places(key, lanes, self._parameters.h3_resolution)
        told = self._scenes(key, sights, places, _by_source(looks))
        outputs = [
            Output(*place, seal(at_us, Kind.SCENE, ENCODER.encode(told[place])))
            for place in sorted(told)
        ]
        return Result(None, changes, outputs)

    @staticmethod
    def _scenes(
        key: str, sights: Sequence[Sight], places: CellPlaces, looks: Mapping[str, list[Look]]
    ) -> dict[tuple[str, str], list[Scene]]:
        told: dict[tuple[str, str], list[Scene]] = {}
        to = {(SEGMENT, home): ids for home, ids in places.homes.items()}
        to |= {(APPROACH, name): ids for name, ids in places.approaches.items()}
        for sight in sights:
            rows = rows_of(np.frombuffer(sight.rows, SEEN), places)
            awake = bool(sight.live) or len(sight.rows) > 0
            circles = circles_at(looks, sight)
            for place, ids in to.items():
                here = rows[np.isin(rows["segment_id"], ids)].tobytes()
                scene = Scene(sight.tick_us, key, awake, circles, here)
                told.setdefault(place, []).append(scene)
        return told


def circles_at(looks: Mapping[str, list[Look]], sight: Sight) -> list[Circle]:
    """Where the live sources of a picture look, sorted."""
    found = set()
    for source_id in sight.live:
        held = [one for one in looks.get(source_id, ()) if one.effective_us <= sight.tick_us]
        if held and held[-1].circle is not None:
            found.add(held[-1].circle)
    return sorted(found)


def _by_source(looks: Sequence[Look]) -> dict[str, list[Look]]:
    found: dict[str, list[Look]] = {}
    for look in sorted(looks):
        found.setdefault(look.source_id, []).append(look)
    return found


def _held(looks: list[Look], tick_us: int) -> list[Look]:
    """Of the places of a source, in order, that of the tick and later ones."""
    past = [look for look in looks if look.effective_us <= tick_us]
    return looks[max(len(past) - 1, 0) :]
