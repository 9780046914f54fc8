"""The second stage: cells and intersections share it, told apart by their keys."""

from collections.abc import Sequence

from operators.cell import CellStep, Tracker
from operators.envelope import due_us
from operators.parameters import Parameters
from operators.road.intake import INTERSECTION
from operators.road.intersection import Intersections
from operators.shared import Shared
from operators.step import Result, State


class Places:
    """Cells and intersections as one `KeyedStep`: a stage of its own would be one more process.

    Parameters
    ----------
    parameters
        Of the run.
    tracker
        What associates and fuses in a cell.
    """

    def __init__(self, parameters: Parameters, tracker: Tracker) -> None:
        self._cell = CellStep(parameters, tracker)
        self._intersections = Intersections()

    def wake_for(self, event: bytes) -> int:
        """The instant at which it is due, in a cell as in an intersection."""
        return due_us(event)

    def on_wake(
        self, key: str, state: State, due: Sequence[bytes], shared: Shared, at_us: int
    ) -> Result:
        """Call the step that the key belongs to."""
        step = self._intersections if key.startswith(INTERSECTION) else self._cell
        return step.on_wake(key, state, due, shared, at_us)
