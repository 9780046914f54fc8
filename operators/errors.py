"""The exception tree of the pure core.

StationError
├── ParameterError     a parameter that makes no sense; refuse to start
├── FrameError         a frame of coordinates that cannot be used
├── LayoutError        bytes that are not of the packed layout or version they claim
└── DecodeError        one raw record that cannot be read; carries the reason code

A record's fate is a value (a disposition), never an exception across stages: `DecodeError` is
raised inside an adapter and ends at the front.
"""

from operators.reasons import Reason


class StationError(Exception):
    """Root of the errors of the pure core."""


class ParameterError(StationError, ValueError):
    """A parameter that makes no sense."""


class FrameError(StationError, ValueError):
    """A frame of coordinates that cannot be used; the text names it and says why."""


class LayoutError(StationError, ValueError):
    """Bytes that are not of the packed layout or version that they claim."""


class DecodeError(StationError, ValueError):
    """One raw record that cannot be read.

    Parameters
    ----------
    reason
        Code from `operators.reasons.Reason`.
    detail
        What was found, for a person: field, value, limit. At most one short sentence.
    """

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason.value}: {detail}" if detail else reason.value)
        self.reason = reason
        self.detail = detail
