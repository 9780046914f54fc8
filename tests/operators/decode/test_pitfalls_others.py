"""What home-made feeds, third parties and grids are misread by, each with its published numbers."""

import json
from pathlib import Path

import numpy as np
import pytest

from operators.decode.formats import Formats
from operators.decode.registry import decode
from operators.errors import DecodeError
from operators.reasons import Reason
from operators.transform.grid import grid
from tests.operators.decode.mapping.feeds import EXAMPLES, MESSAGES
from tests.operators.decode.test_cap import alert, info

DATA = Path(__file__).parents[3].parent / "shared/data"


def test_15_speed_in_km_h_is_a_third_of_what_it_would_be_in_m_s() -> None:
    """The loop detector's 90 km/h are 25 m/s, since its mapping names the unit."""
    payload = MESSAGES["loops"]
    assert b";90;" in payload
    seen = Formats(EXAMPLES).decode("mapping.loops", payload, 0).frames[0].observations[0]
    assert np.hypot(seen["vx_mps"], seen["vy_mps"]) == pytest.approx(25.0, abs=1e-4)


def test_16_longitude_comes_first_in_geojson_and_second_in_cap() -> None:
    around = "39.9,116.4 39.9,116.5 40.0,116.5 39.9,116.4"
    (feature,) = decode("cap", alert(info(f"<polygon>{around}</polygon>")).encode(), 0).features
    assert json.loads(feature.area)["coordinates"][0][0] == [116.4, 39.9]
    feed = json.loads((DATA / "wzdx/arrow_board_ok_example.geojson").read_text())
    feed["features"][0]["geometry"]["coordinates"] = [39.9, 116.4]  # 116 degrees north
    with pytest.raises(DecodeError) as caught:
        decode("wzdx.json", json.dumps(feed).encode(), 0)
    assert caught.value.reason is Reason.OUT_OF_RANGE


def test_21_the_point_of_utm_that_etsi_publishes() -> None:
    """(50.787467, 6.046498) is 32N 291827.02 / 5630349.72."""
    lon, lat, _ = grid("EPSG:32632").to_wgs84(np.array([291_827.02]), np.array([5_630_349.72]))
    assert [lat[0], lon[0]] == pytest.approx([50.787467, 6.046498], abs=1e-7)
