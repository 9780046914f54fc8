"""Code tables of T/CSAE 53-2020 participants, and of the OpenV2X dialects built on it.

ptcType: 0 unknown, 1 motor, 2 non-motor, 3 pedestrian, 4 rsu. source: 0 unknown, 1 selfinfo,
2 v2x, 3 video, 4 microwaveRadar, 5 loop, 6 lidar, 7 integrated (6 and 7 in newer editions only).
Dialects write either as a number, as the number's text or as the name; `rsu` is `selfinfo` in one.
"""

from operators.decode.j2735 import class_of_vehicle_class
from operators.errors import DecodeError
from operators.frame import ObjectClass
from operators.reasons import Reason

ROADSIDE_UNIT = 4
# Made of other sources' data: V2X messages of the vehicles themselves, and several sensors at once.
FUSED_SOURCES = frozenset({2, 7})


def _codes(names: tuple[str, ...]) -> dict[float | str, int]:
    """Codes by number, number as text and name."""
    made: dict[float | str, int] = {name: code for code, name in enumerate(names)}
    for code in range(len(names)):
        made[code] = made[str(code)] = code
    return made


_TYPES = ("unknown", "motor", "non-motor", "pedestrian", "rsu")
_TYPE_CODES = _codes(_TYPES) | {"nonmotor": 2, "non_motor": 2}
_SOURCES = ("unknown", "selfinfo", "v2x", "video", "microwaveRadar", "loop", "lidar", "integrated")
_SOURCE_CODES = _codes(_SOURCES) | {"rsu": 1}
# A motor vehicle of no stated class is most often a car, a non-motor one a bicycle.
_CLASS_OF_TYPE = (
    ObjectClass.UNKNOWN,
    ObjectClass.CAR,
    ObjectClass.BICYCLE,
    ObjectClass.PEDESTRIAN,
    ObjectClass.UNKNOWN,
)


def participant_type(value: float | str) -> int:
    """Code of a ptcType.

    Raises
    ------
    DecodeError
        OUT_OF_RANGE if the standard knows no such type.
    """
    return _code(value, _TYPE_CODES, "ptcType")


def source_code(value: float | str) -> int:
    """Code of a source, with the same errors as `participant_type`."""
    return _code(value, _SOURCE_CODES, "source")


def source_name(code: int) -> str:
    """Name of a source as part of a source id: ``video``, ``radar``, ..."""
    return "radar" if code == 4 else _SOURCES[code]


def class_of_participant(type_code: int, vehicle_class: int) -> ObjectClass:
    """Class of a participant: its vehicle class where that says something, else its type."""
    return class_of_vehicle_class(vehicle_class) or _CLASS_OF_TYPE[type_code]


def _code(value: float | str, codes: dict[float | str, int], field: str) -> int:
    try:
        return codes[value]
    except KeyError as error:
        msg = f"{field} {str(value)[:40]!r}"
        raise DecodeError(Reason.OUT_OF_RANGE, msg) from error
