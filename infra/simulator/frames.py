"""What a sensor saw at one instant, before it is written in any message format."""

from dataclasses import dataclass

from operators._typing import FloatArray, IntArray

CLUTTER = -1


@dataclass(frozen=True, slots=True)
class SensorFrame:
    """All n objects of one source frame, in local metres; NaN is what the sensor does not measure.

    Parameters
    ----------
    source_id
        Who observed.
    event_time_us
        When the road was so, by the true clock. The source says `claimed_time_us`.
    claimed_time_us
        The same by the source's own clock, in whole milliseconds as messages carry it.
    receive_time_us
        When the broker would append the message.
    object_index : ndarray of shape (n,)
        Index into the truth's objects, or `CLUTTER`: for scoring only, in no message.
    local_id : ndarray of shape (n,)
        The source's own number of the object.
    object_class : ndarray of shape (n,)
    x_m, y_m, speed_mps, heading_rad, length_m, width_m, height_m : ndarrays of shape (n,)
        Box centre, speed over ground, heading counter-clockwise from east, box.
    position_sigma_m, score : ndarrays of shape (n,)
        Declared standard deviation of each axis; declared confidence 0 to 1.
    """

    source_id: str
    event_time_us: int
    claimed_time_us: int
    receive_time_us: int
    object_index: IntArray
    local_id: IntArray
    object_class: IntArray
    x_m: FloatArray
    y_m: FloatArray
    speed_mps: FloatArray
    heading_rad: FloatArray
    length_m: FloatArray
    width_m: FloatArray
    height_m: FloatArray
    position_sigma_m: FloatArray
    score: FloatArray

    def __len__(self) -> int:
        """Count the objects."""
        return len(self.x_m)
