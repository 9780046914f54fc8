"""BSM of CARMA Streets: numbers as texts, a decimal id."""

import json
from pathlib import Path

import numpy as np
import pytest

from operators.decode.registry import decode, guess_format
from operators.decode.rows import id_hash
from operators.errors import DecodeError
from operators.frame import ObjectFlag
from operators.normalise.event_time import instant_us
from operators.reasons import Reason

SAMPLE = (Path(__file__).parents[3].parent / "shared/data/carma-streets/bsm.json").read_bytes()
CORE = json.loads(SAMPLE)["core_data"]
ANCHOR_US = instant_us("2026-03-05T13:03:08Z")


def frame(payload=SAMPLE, **changes):
    body = json.dumps({"core_data": CORE | changes}).encode() if changes else payload
    (found,) = decode("bsm.carma.json", body, ANCHOR_US).frames
    return found


def reason(**changes):
    with pytest.raises(DecodeError) as caught:
        frame(**changes)
    return caught.value.reason


def test_the_sample_by_hand():
    found = frame()
    (seen,) = found.observations
    assert found.source_id is None
    assert found.event_time_us == instant_us("2026-03-05T13:03:04.032Z")
    assert found.position.tolist() == [[-77.1496884, 38.9550676]]
    assert seen["z_m"] == np.float32(35.2)
    assert (seen["length_m"], seen["width_m"]) == (5.0, 2.0)
    # 8191, 28800, 255 and 65535 are no values
    assert np.isnan([seen[n] for n in ("vx_mps", "heading_rad", "cov_xx_m2", "height_m")]).all()
    assert guess_format(SAMPLE) == "bsm.carma.json"


def test_the_decimal_id_is_the_hexadecimal_one_of_the_ode():
    """Pitfall 13, carma-streets#47: 2405821416 is 8F65EBE8."""
    assert int(CORE["id"]) == 0x8F65_EBE8
    assert frame().observations["local_id"][0] == id_hash("8F65EBE8")


def test_motion_and_accuracy():
    (seen,) = frame(
        speed="500", heading="7200", accuracy={"semi_major": "40", "semi_minor": "40"}
    ).observations
    assert [seen["vx_mps"], seen["vy_mps"]] == pytest.approx([10.0, 0.0], abs=1e-5)
    assert seen["cov_xx_m2"] == pytest.approx(4.0)  # 40 x 0.05 m is one sigma of 2 m


def test_reverse_gear_and_what_keeps_the_wheels_from_slipping():
    assert frame().observations["flags"][0] == 0
    flags = frame(transmission="3", brakes=CORE["brakes"] | {"abs": "3"}).observations["flags"][0]
    assert flags == ObjectFlag.REVERSING | ObjectFlag.CONTROL_LOSS


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"lat": "900000001"}, Reason.UNAVAILABLE),
        ({"long": "1800000001"}, Reason.UNAVAILABLE),
        ({"lat": "900000002"}, Reason.OUT_OF_RANGE),
        ({"id": "4294967296"}, Reason.OUT_OF_RANGE),
        ({"speed": "fast"}, Reason.WRONG_TYPE),
        ({"lat": None}, Reason.WRONG_TYPE),
    ],
)
def test_wrong_messages_are_named(changes, expected):
    assert reason(**changes) is expected


@pytest.mark.parametrize("mark", ["60000", "65535"])
def test_a_mark_beyond_the_minute_names_no_instant(mark):
    assert frame(sec_mark=mark).event_time_us is None
