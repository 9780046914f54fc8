import pytest

from operators.errors import ParameterError
from operators.parameters import Parameters


@pytest.mark.parametrize(
    "wrong",
    [
        {"slice_us": 0},
        {"slice_us": -20_000},
        {"slice_us": 500, "tick_us": 1000, "cut_us": 1000},
        {"tick_us": 0},
        {"tick_us": -100_000},
        {"tick_us": 110_000},
        {"cut_us": -20_000},
        {"cut_us": 30_000},
        {"acceptance_us": -1},
        {"future_us": -1},
        {"quiet_us": -1},
        {"halo_m": -1.0},
        {"halo_m": float("nan")},
        {"h3_resolution": 16},
        {"h3_resolution": -1},
    ],
)
def test_senseless_parameters_are_refused_by_name(wrong):
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        Parameters(**wrong)


def test_a_cut_of_nothing_and_other_ticks_make_sense():
    assert Parameters(cut_us=0, tick_us=60_000).tick_us == 60_000
