"""What the two releases of the ETSI Collective Perception Message share: objects and sensors.

A vulnerable road user is one of four profiles, each with a number: pedestrian; bicyclist or light
vehicle (2 wheelchair, 3 horse and rider, 4 roller skater, others ride a bicycle or a scooter);
motorcyclist (spelt `motorcylist` in its-client's schemas); animal. A group counts as one object of
its profile, if it has one profile only; how many it are is dropped.

A confidence of a class is in per cent; 0 and 101 say nothing.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Annotated, Protocol, TypeVar

import msgspec
from msgspec import Meta

from operators.decode.offsets import Origin
from operators.decode.rows import NAN, FrameRows, lower_median
from operators.frame import FrameFlag, ObjectClass

Percent = Annotated[int, Meta(ge=0, le=101)]
SensorId = Annotated[int, Meta(ge=0, le=255)]
Profile = Annotated[int, Meta(ge=0, le=15)]


class Walker(msgspec.Struct):
    """A vulnerable road user of either release: one of the members is given."""

    pedestrian: Profile | None = None
    bicyclist: Profile | None = None
    bicyclist_and_light_vru_vehicle: Profile | None = None
    motorcyclist: Profile | None = msgspec.field(name="motorcylist", default=None)
    animal: Profile | None = None


class Profiles(msgspec.Struct):
    """Which profiles a group holds."""

    pedestrian: bool = False
    bicyclist: bool = False
    motorcyclist: bool = False
    animal: bool = False


_CLASS_OF_RIDER = {
    2: ObjectClass.PEDESTRIAN,
    3: ObjectClass.ANIMAL,
    4: ObjectClass.PEDESTRIAN,
}


def class_of_walker(one: Walker) -> ObjectClass:
    """Class of a single vulnerable road user."""
    rider = one.bicyclist if one.bicyclist is not None else one.bicyclist_and_light_vru_vehicle
    if rider is not None:
        return _CLASS_OF_RIDER.get(rider, ObjectClass.BICYCLE)
    if one.motorcyclist is not None:
        return ObjectClass.MOTORCYCLE
    if one.animal is not None:
        return ObjectClass.ANIMAL
    return ObjectClass.UNKNOWN if one.pedestrian is None else ObjectClass.PEDESTRIAN


def class_of_group(one: Profiles) -> ObjectClass:
    """Class of a group, UNKNOWN if it is mixed."""
    held = [
        kind
        for kind, there in (
            (ObjectClass.PEDESTRIAN, one.pedestrian),
            (ObjectClass.BICYCLE, one.bicyclist),
            (ObjectClass.MOTORCYCLE, one.motorcyclist),
            (ObjectClass.ANIMAL, one.animal),
        )
        if there
    ]
    return held[0] if len(held) == 1 else ObjectClass.UNKNOWN


class _Sure(Protocol):
    confidence: int


_C = TypeVar("_C", bound=_Sure)
_O = TypeVar("_O")


def surest_of(given: list[_C] | None, none: _C) -> _C:
    """The class that the sender is surest of, `none` if it tells none."""
    if not given:
        return none
    return given[0] if len(given) == 1 else max(given, key=lambda told: told.confidence % 101)


def gather(
    seen: Sequence[tuple[int, _O]],
    delays_us: Sequence[int],
    base: Origin | None,
    add: Callable[[FrameRows, int, _O, int, Origin], None],
) -> tuple[FrameRows, int]:
    """Rows of the objects of one message.

    Parameters
    ----------
    seen
        Objects with their index in the message.
    delays_us
        How much after the message's time each was measured.
    base
        What their places are relative to; None if unavailable, so that all are refused.
    add
        Adds one to the rows, in metres: index, object, delay after the frame's time, base.

    Returns
    -------
    rows
        In degrees.
    middle_us
        The frame's time after the message's: the lower median of the delays.
    """
    rows, middle_us = FrameRows(), lower_median(delays_us) or 0
    if base is None:
        rows.refused = len(seen)
        return rows, middle_us
    for (index, one), delay_us in zip(seen, delays_us, strict=True):
        add(rows, index, one, delay_us - middle_us, base)
    rows.to_degrees(base.lon_deg, base.lat_deg)
    return rows, middle_us


def class_confidence(percent: int) -> float:
    """0 to 1, NaN if the sender says nothing."""
    return NAN if percent in (0, 101) else percent / 100


def flags_of_sensors(
    kinds: Mapping[int, int], lists: Iterable[Iterable[int] | None], aggregating: Container[int]
) -> int:
    """FUSED if an object comes from a sensor that puts others together, and always FILTERED.

    Parameters
    ----------
    kinds
        Type of each sensor that the message describes, by its id.
    lists
        Ids of each object's sensors; an object without a list may come from any of them.
    aggregating
        Types that are made of other sensors or stations.
    """
    fused = {sensor for sensor, kind in kinds.items() if kind in aggregating}
    if fused and any(ids is None or not fused.isdisjoint(ids) for ids in lists):
        return int(FrameFlag.FILTERED | FrameFlag.FUSED)
    return int(FrameFlag.FILTERED)
