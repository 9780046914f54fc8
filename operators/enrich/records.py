"""Records of `context.features`: of what a feed says, and of vehicles that are on a call."""

from collections.abc import Iterable, Iterator

import msgspec

from operators.decode.decoded import Feature
from operators.decode.geometry import place_text
from operators.frame import Frame, ObjectFlag
from operators.parameters import Parameters
from operators.report import encoder
from operators.road.intake import Origin
from operators.routes import CONTEXT, FEATURE
from operators.sources import SourceEntry
from operators.step import Output
from operators.transform.areas import declared_area
from operators.transform.cells import LOCAL, cell

NEAR_M = 300.0  # at 15 m/s each, both have ten seconds
ON_CALL_US = 3_000_000  # a vehicle that is not heard of any more is not near for longer
TOLD_EACH_US = 900_000  # of a vehicle that reports each second, each report
_SIGNALS = ObjectFlag.LIGHT_BAR | ObjectFlag.SIREN | ObjectFlag.RIGHT_OF_WAY
# as plain numbers: an enumeration is slow beside arrays
_ANY, _CALLED = int(_SIGNALS), int(ObjectFlag.EMERGENCY_VEHICLE)


def told_on(
    features: Iterable[Feature],
    origin: Origin,
    shift_us: int,
    entry: SourceEntry | None,
    parameters: Parameters,
) -> list[Output]:
    """Features on their way to the publish step and to their topic: all of a record, or nothing.

    Parameters
    ----------
    features
        As an adapter read them.
    origin
        The record that they came in.
    shift_us
        What a replay adds to their instants.
    entry
        Of the feed; None if it has none, or if the features need nothing of it.
    parameters
        Of the run.

    Raises
    ------
    DecodeError
        As `operators.transform.areas.declared_area`.
    """
    said = {"station_id": parameters.station_id, "run_id": parameters.run_id}
    said |= msgspec.structs.asdict(origin)
    records = [(one, said | _record(one, shift_us, entry)) for one in features]
    return [
        Output(route, one.feature_id, packed)
        for one, record in records
        for packed in [encoder.encode(record)]
        for route in (FEATURE, CONTEXT)
    ]


def _record(feature: Feature, shift_us: int, entry: SourceEntry | None) -> dict[str, object]:
    area, radius_m = declared_area(feature, entry)
    instants = {
        "issued_us": feature.issued_us,
        "valid_from_us": feature.valid_from_us,
        "valid_to_us": feature.valid_to_us,
    }
    return {
        "feature_id": feature.feature_id,
        "kind": feature.kind,
        **{name: None if us is None else us + shift_us for name, us in instants.items()},
        "area": area,
        "radius_m": radius_m,
        "cancelled": feature.cancelled,
        "properties": feature.properties,
    }


def newly_told(calls: Iterable[Feature], told_us: dict[str, int]) -> Iterator[Feature]:
    """Of vehicles on a call those that were not told of just now.

    Parameters
    ----------
    calls
        From `vehicles_on_call`.
    told_us
        When each was told of last; those given out are noted in it.
    """
    for call in calls:
        at_us = call.issued_us or 0
        if at_us - told_us.get(call.feature_id, 0) >= TOLD_EACH_US:
            told_us[call.feature_id] = at_us
            yield call


def vehicles_on_call(key: str, frame: Frame) -> Iterator[Feature]:
    """Where emergency vehicles are that show it: light bar, siren, or a claim to the right of way.

    Parameters
    ----------
    key
        Of the cell that `frame` is for; only what the cell owns counts, so that each is told once.
    frame
        A source frame in the axes of the cell.
    """
    seen = frame.observations
    flags = seen["flags"]
    if key == LOCAL or not (flags & _CALLED).any():
        return
    calls = (flags & _CALLED != 0) & (flags & _ANY != 0)
    called = seen[calls & (seen["owned"] == 1)]
    lon, lat = cell(key).frame.to_geographic(called["x_m"], called["y_m"])
    names = [f"{one:016x}" if one else f"{n}" for one, n in called[["local_id", "index"]].tolist()]
    for name, flag, x, y in zip(names, called["flags"].tolist(), lon, lat, strict=True):
        shown = [bit.name.lower() for bit in _SIGNALS if flag & bit and bit.name]
        yield Feature(
            feature_id=f"vehicle/{frame.source_id}/{name}",
            kind="emergency_vehicle",
            valid_from_us=frame.event_time_us,
            valid_to_us=frame.event_time_us + ON_CALL_US,
            area=place_text(round(float(x), 7), round(float(y), 7)),
            radius_m=NEAR_M,
            cancelled=False,
            properties={"shows": " ".join(shown)},
            issued_us=frame.event_time_us,
        )
