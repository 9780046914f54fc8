"""What a run is configured with: every number that decides a row."""

from dataclasses import dataclass

from operators.errors import ParameterError


@dataclass(frozen=True, slots=True)
class Parameters:
    """Parameters of one run; equal parameters and an equal log give equal rows.

    Parameters
    ----------
    station_id, run_id
        Names on every fused row.
    tick_us
        Distance of ticks, microseconds.
    cut_us
        How long after a tick its picture is closed, in receive time, microseconds.
    slice_us
        The front takes records in slices of receive time of this length, microseconds.
        Ticks and the cut are multiples of it, so that a slice never straddles a cut.
    acceptance_us
        Largest `receive time - event time` of a usable record, microseconds.
    future_us
        Largest `event time - receive time` of a usable record, microseconds.
    quiet_us
        A cell without tracks publishes pictures this long after its last input, microseconds.
    halo_m
        A cell also tracks this far beyond its own border, metres.
    h3_resolution
        Resolution of the cells.
    max_tracks
        Bound of tracks in one cell; observations beyond it end as OVERFLOW.
    max_observations
        Observations that a cell takes at one tick; the rest ends as OVERFLOW. Six views of a full
        cell: the frames of the acceptance bound then take 120 MB at the most.
    source_rate_hz
        A source that sends more records a second than this is rate limited.
    surveyed
        Ids, separated by commas, of units whose clock and pose are known to be right: others are
        measured against them.
    """

    station_id: str = "station"
    run_id: str = "run-1"
    tick_us: int = 100_000
    cut_us: int = 100_000
    slice_us: int = 20_000
    acceptance_us: int = 2_000_000
    future_us: int = 1_000_000
    quiet_us: int = 10_000_000
    halo_m: float = 60.0
    h3_resolution: int = 7
    max_tracks: int = 8192
    max_observations: int = 50_000
    source_rate_hz: float = 2000.0
    surveyed: str = ""

    def __post_init__(self) -> None:
        self._check_ranges()
        for name in ("tick_us", "cut_us"):
            if getattr(self, name) % self.slice_us:
                msg = f"{name}={getattr(self, name)} must be a multiple of slice_us={self.slice_us}"
                raise ParameterError(msg)

    def _check_ranges(self) -> None:
        if self.slice_us <= 0 or self.slice_us % 1000:
            msg = f"slice_us={self.slice_us} must be a positive whole number of milliseconds"
            raise ParameterError(msg)
        if self.tick_us <= 0:
            msg = f"tick_us={self.tick_us} must be positive"
            raise ParameterError(msg)
        for name in ("cut_us", "acceptance_us", "future_us", "quiet_us", "halo_m"):
            if not getattr(self, name) >= 0:
                msg = f"{name}={getattr(self, name)} must not be negative"
                raise ParameterError(msg)
        if not 0 <= self.h3_resolution <= 15:
            msg = f"h3_resolution={self.h3_resolution} must be 0 to 15"
            raise ParameterError(msg)
