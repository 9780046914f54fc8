"""Fates of records and observations, and the reason codes with a sentence each."""

from enum import Enum, IntEnum


class Disposition(IntEnum):
    """The fate of an input record, given by the front; each record has exactly one."""

    ACCEPTED = 1
    EMPTY = 2
    CONTEXT = 3
    SOURCE = 4
    DUPLICATE = 5
    LATE = 6
    REJECTED = 7
    QUARANTINED = 8
    RATE_LIMITED = 9


class Use(IntEnum):
    """The fate of an observation of an accepted record, given by its owner cell."""

    USED = 1
    BIRTH = 2
    CLUTTER = 3
    QUARANTINED = 4
    OVERFLOW = 5
    OUT_OF_AREA = 6


class Reason(Enum):
    """Why a record was not accepted; the value is the code in topics and tables."""

    EMPTY_BODY = "EMPTY_BODY"
    TOO_LARGE = "TOO_LARGE"
    TOO_DEEP = "TOO_DEEP"
    TOO_MANY_OBJECTS = "TOO_MANY_OBJECTS"
    NOT_UTF8 = "NOT_UTF8"
    MALFORMED = "MALFORMED"
    WRONG_TYPE = "WRONG_TYPE"
    MISSING_FIELD = "MISSING_FIELD"
    NOT_FINITE = "NOT_FINITE"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    UNAVAILABLE = "UNAVAILABLE"
    UNKNOWN_FORMAT = "UNKNOWN_FORMAT"
    UNKNOWN_SOURCE = "UNKNOWN_SOURCE"
    UNKNOWN_FRAME = "UNKNOWN_FRAME"
    WRONG_KIND = "WRONG_KIND"
    OWN_OUTPUT = "OWN_OUTPUT"
    NO_TIME = "NO_TIME"
    FUTURE = "FUTURE"
    TOO_OLD = "TOO_OLD"
    BEHIND_WATERMARK = "BEHIND_WATERMARK"
    CLOCK_FAR_OFF = "CLOCK_FAR_OFF"
    SOURCE_QUARANTINED = "SOURCE_QUARANTINED"
    BAD_SOURCE_ENTRY = "BAD_SOURCE_ENTRY"
    RATE = "RATE"
    REPEATED = "REPEATED"


SENTENCES: dict[Reason, str] = {
    Reason.EMPTY_BODY: "The record has no content.",
    Reason.TOO_LARGE: "The record is larger than the decoder accepts.",
    Reason.TOO_DEEP: "The record is nested more deeply than any known message.",
    Reason.TOO_MANY_OBJECTS: "The record holds more objects than one frame may carry.",
    Reason.NOT_UTF8: "The record is not valid UTF-8 text.",
    Reason.MALFORMED: "The record is not well-formed in the format that it claims.",
    Reason.WRONG_TYPE: "A field has another type than the format says.",
    Reason.MISSING_FIELD: "A field that the format demands is missing.",
    Reason.NOT_FINITE: "A number is not finite (NaN or infinite).",
    Reason.OUT_OF_RANGE: "A number lies outside the range that the format allows.",
    Reason.UNAVAILABLE: "The sender marked the position as unavailable.",
    Reason.UNKNOWN_FORMAT: "No adapter is known for the format of this record.",
    Reason.UNKNOWN_SOURCE: "The source is not on the closed list of roadside units and feeds.",
    Reason.UNKNOWN_FRAME: "The position is given in a frame that its source does not define.",
    Reason.WRONG_KIND: "The message is of another kind than its topic or source carries.",
    Reason.OWN_OUTPUT: "The record is this station's own output coming back.",
    Reason.NO_TIME: "The record carries no usable event time.",
    Reason.FUTURE: "The event time lies too far after the receive time.",
    Reason.TOO_OLD: "The event time lies before the receive time by more than the bound.",
    Reason.BEHIND_WATERMARK: "The record's receive time is older than the time already passed.",
    Reason.CLOCK_FAR_OFF: "The clock is off by more than can be corrected; is it a time zone?",
    Reason.SOURCE_QUARANTINED: "The source is quarantined by its entry.",
    Reason.BAD_SOURCE_ENTRY: "The source entry cannot be read or contradicts itself.",
    Reason.RATE: "The source sends more records a second than its share.",
    Reason.REPEATED: "The same frame of the same source was taken before.",
}
