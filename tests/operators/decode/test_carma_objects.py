"""Detected objects of CARMA Streets: the three samples, and which covariances count."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from operators.decode.carma_objects import valid_covariance
from operators.decode.decoded import DecodedFrame, Space
from operators.decode.registry import decode
from operators.errors import DecodeError
from operators.frame import ObjectClass
from operators.reasons import Reason

DATA = Path(__file__).parents[3].parent / "shared/data/carma-streets"
TRUCK = json.loads((DATA / "detected_truck.json").read_bytes())


def frame(**changes: Any) -> DecodedFrame:
    payload = json.dumps(TRUCK | changes).encode()
    (found,) = decode("carma.objects.json", payload, 0).frames
    return found


def matrix(xx: float, xy: float, yx: float, yy: float) -> list[list[float]]:
    return [[xx, xy, 0.0], [yx, yy, 0.0], [0.0, 0.0, 1.0]]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("truck", (ObjectClass.TRUCK, 0.2, 0.5, 0.5)),
        ("cyclist", (ObjectClass.BICYCLE, 1.0, 1.0, 2.0)),
        ("pedestrian", (ObjectClass.PEDESTRIAN, 0.2, 0.5, 0.5)),
    ],
)
def test_samples_decode(name: str, expected: tuple[float, ...]) -> None:
    payload = (DATA / f"detected_{name}.json").read_bytes()
    (found,) = decode("carma.objects.json", payload, 0).frames
    one = found.observations[0]
    values = [one[n].item() for n in ("object_class", "vx_mps", "vy_mps", "length_m")]
    assert values == pytest.approx(expected)
    assert (found.source_id, found.space) == ("sensor1", Space.LOCAL)
    assert found.position.tolist() == [[-1.1, -2.0]]
    assert math.isclose(one["score"], 0.7, rel_tol=1e-6)


def test_simulation_time_is_no_instant_and_epoch_time_is() -> None:
    assert frame().event_time_us is None  # 1230 ms
    assert frame(timestamp=1_653_016_783_500).event_time_us == 1_653_016_783_500_000


def test_matrix_of_the_samples_is_no_covariance() -> None:
    assert math.isnan(frame().observations[0]["cov_xx_m2"])
    assert math.isnan(frame().observations[0]["speed_sigma_mps"])


def test_valid_matrix_is_taken_as_given() -> None:
    one = frame(positionCovariance=matrix(4.0, 1.0, 1.0, 2.0)).observations[0]
    assert [one[n] for n in ("cov_xx_m2", "cov_xy_m2", "cov_yy_m2")] == [4.0, 1.0, 2.0]


def test_larger_velocity_variance_gives_the_speed_sigma() -> None:
    one = frame(velocityCovariance=matrix(0.25, 0.0, 0.0, 0.09)).observations[0]
    assert one["speed_sigma_mps"] == 0.5


@pytest.mark.parametrize(
    "entries", [(0, 0, 0, 0), (1, 0.1, 0.2, 1), (-1, 0, 0, 1), (1, 1, 1, 1), (1, 0, 0, 0)]
)
def test_matrices_that_cannot_be_a_covariance_are_unknown(entries: tuple[float, ...]) -> None:
    assert all(map(math.isnan, valid_covariance(*entries)))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"confidence": 1.1}, Reason.OUT_OF_RANGE),
        ({"position": {"x": 1e6, "y": 0}}, Reason.OUT_OF_RANGE),
        ({"position": {"x": 1.0}}, Reason.MISSING_FIELD),
        ({"positionCovariance": [[1.0]]}, Reason.WRONG_TYPE),
        ({"timestamp": "now"}, Reason.WRONG_TYPE),
        ({"position": {"x": float("nan"), "y": 0}}, Reason.NOT_FINITE),
    ],
)
def test_wrong_fields_are_named(changes: dict[str, Any], expected: Reason) -> None:
    with pytest.raises(DecodeError) as caught:
        frame(**changes)
    assert caught.value.reason is expected


def test_unknown_type_is_an_unknown_class() -> None:
    assert frame(type="HOVERCRAFT").observations[0]["object_class"] == ObjectClass.UNKNOWN
