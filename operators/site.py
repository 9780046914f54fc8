"""Where a recording lies, and what its sources fill in: its frames made fit for one cell."""

from dataclasses import replace

import numpy as np

from operators.decode.decoded import DecodedFrame, Space
from operators.errors import DecodeError
from operators.frame import Frame
from operators.reasons import Reason
from operators.transform.cells import LocalFrame, local_frame

_GRID_M = 10_000.0


class Site:
    """The one place of a recording, as its frames tell it.

    `local` positions may be metres of a grid, far from zero: they are taken about the whole 10 km
    nearest to the first ones, which are zero in axes about a sensor. `wgs84` positions are taken in
    one local frame about the first.

    Attributes
    ----------
    middle_m : ndarray of shape (2,)
        What is taken from local positions.
    frame
        What x and y are relative to; None for those of a local recording.
    """

    def __init__(self) -> None:
        self.middle_m = np.zeros(2)
        self.frame: LocalFrame | None = None
        self._space: Space | None = None
        self._is_placed = False
        self._telling: set[str] = set()  # sources that told a velocity other than zero

    def take(self, decoded: DecodedFrame) -> DecodedFrame:
        """Positions in metres about the place.

        Raises
        ------
        DecodeError
            ``UNKNOWN_FRAME`` if local positions and degrees are mixed.
        """
        self._space = self._space or decoded.space
        if decoded.space is not self._space:
            msg = f"{decoded.space.value} positions in a recording that began {self._space.value}"
            raise DecodeError(Reason.UNKNOWN_FRAME, msg)
        if not len(decoded.position):
            return replace(decoded, space=Space.LOCAL)
        if decoded.space is Space.LOCAL:
            if not self._is_placed:
                middle = np.median(decoded.position, axis=0)  # one wrong position moves no place
                self.middle_m = np.rint(middle / _GRID_M) * _GRID_M
                self._is_placed = True
            return replace(decoded, position=decoded.position - self.middle_m)
        self.frame = self.frame or local_frame(*decoded.position[0].tolist())
        position = np.column_stack(self.frame.to_local(*decoded.position.T))
        return replace(decoded, space=Space.LOCAL, position=position)

    def doubt(self, frame: Frame) -> Frame:
        """Velocities of zero are unknown, if their source never told another.

        Many fill with zeros what they do not know. If all stands indeed, its places tell.
        Frames come in order of event time.
        """
        velocity = frame.observations["vx_mps"], frame.observations["vy_mps"]
        if frame.source_id not in self._telling and np.nansum(np.abs(velocity)) > 0.0:
            self._telling.add(frame.source_id)
        if frame.source_id in self._telling:
            return frame
        doubted = frame.observations.copy()
        doubted["vx_mps"] = doubted["vy_mps"] = np.nan
        return replace(frame, observations=doubted)
