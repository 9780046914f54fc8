"""CPMs against the public JSON Schema of its-client, and against the fused objects."""

import json
import math
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from hypothesis import given

from operators.encode import cpm
from operators.encode.area import sender_tag
from operators.encode.numbers import assign
from tests.operators.encode.builders import AREA, TICK_US, a_scene, scenes

DATA = Path(__file__).parents[3].parent / "shared/data/its-client"
SCHEMA = json.loads((DATA / "cpm_schema_2-1-1.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def sent(rows):
    numbers, _ = assign({}, rows["track_id"].tolist(), TICK_US)
    tag = sender_tag("station", AREA.area_id)
    return [json.loads(one) for one in cpm.encode(AREA, tag, TICK_US, rows, numbers, 0)]


@given(scenes)
def test_a_cpm_is_valid(rows):
    for one in sent(rows):
        VALIDATOR.validate(one)


def test_a_cpm_of_extremes_is_valid():
    rows = a_scene(4)
    rows["velocity_east_mps"] = [1e3, -1e3, np.nan, 0]
    rows["length_m"] = [0.001, 100, np.nan, 1]
    rows["cov_ee_m2"] = [0, 1e9, np.nan, 1]
    rows["altitude_m"] = [-500, 9000, np.nan, 0]
    rows["existence"] = [0, 1, np.nan, 0.5]
    for one in sent(rows):
        VALIDATOR.validate(one)


def test_the_schema_can_refuse():
    (one,) = sent(a_scene(1))
    one["message"]["perceived_object_container"][0]["object_id"] = 65_536
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(one)


def test_the_reference_time_is_of_tai():
    """2007-01-01T00:00:00Z is 94 694 401 000 with the one leap second of then; five since 2017."""
    (one,) = sent(a_scene(0))
    management = one["message"]["management_container"]
    assert management["reference_time"] == TICK_US // 1000 - 1_072_915_200_000 + 5000
    assert one["message"]["perceived_object_container"] == []


def test_numbers_by_hand():
    rows = a_scene(
        1, velocity_east_mps=-3.5, velocity_north_mps=10.0, heading_rad=math.radians(341)
    )
    rows["length_m"], rows["cov_ee_m2"], rows["existence"] = 4.46, 0.25, 1.0
    (told,) = sent(rows)[0]["message"]["perceived_object_container"]
    velocity = told["velocity"]["cartesian_velocity"]
    assert (velocity["x_velocity"]["value"], velocity["y_velocity"]["value"]) == (-350, 1000)
    assert told["angles"]["z_angle"]["value"] == 1090  # counter-clockwise from east
    assert told["object_dimension_x"]["value"] == 45
    assert told["position"]["x_coordinate"]["confidence"] == 98  # 1.96 x 0.5 m
    assert told["object_perception_quality"] == 15
