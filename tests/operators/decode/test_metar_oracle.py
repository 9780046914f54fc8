"""Weather reports as the library `metar` reads them, where it reads them right (decision 17)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metar.Metar import Metar

from operators.decode.registry import decode

ANCHOR = datetime(2024, 3, 28, tzinfo=UTC)
ANCHOR_US = round(ANCHOR.timestamp()) * 1_000_000
PHENOMENA = ("-RA", "+SN", "SHRA", "TSRA", "FG", "BR", "HZ", "FZDZ", "-SNRA", "BLSN", "VCSH", "DU")
winds = st.builds(
    "{:03d}{:02d}{}{}".format,
    st.integers(1, 36).map(lambda tens: 10 * tens),
    st.integers(1, 60),
    st.sampled_from(["", "G65", "G80"]),
    st.sampled_from(["KT", "MPS", "KMH"]),
)
visibilities = st.one_of(
    st.integers(0, 99).map(lambda hundreds: f"{100 * hundreds:04d}"),
    st.sampled_from(["9999", "CAVOK", "10SM", "1/2SM", "1 1/2SM", "M1/4SM"]),
)
degrees = st.integers(-45, 45).map(lambda t: f"M{-t:02d}" if t < 0 else f"{t:02d}")
pressures = st.one_of(
    st.integers(880, 1080).map(lambda p: f"Q{p:04d}"),
    st.integers(2600, 3190).map(lambda p: f"A{p:04d}"),
)


@settings(deadline=None)
@given(
    st.integers(0, 20_000).map(lambda k: ANCHOR - timedelta(minutes=k)), winds, visibilities,
    st.lists(st.sampled_from(PHENOMENA), max_size=2, unique=True), degrees, degrees, pressures,
)  # fmt: skip
def test_a_report_is_read_as_the_library_reads_it(at, wind, seen, weather, air, dew, pressure):
    groups = [wind, seen, *weather, "SCT020", f"{air}/{dew}", pressure, "NOSIG"]
    text = f"METAR EDDF {at:%d%H%M}Z {' '.join(groups)}"
    (found,) = decode("metar", text.encode(), ANCHOR_US).features
    told, theirs = found.properties, Metar(text, month=3, year=2024)
    assert found.valid_from_us == theirs.time.replace(tzinfo=UTC).timestamp() * 1e6
    assert told["station"] == theirs.station_id
    assert float(told["wind_from_deg"]) == theirs.wind_dir.value()
    assert float(told["wind_mps"]) == pytest.approx(theirs.wind_speed.value("MPS"), abs=0.01)
    gust = theirs.wind_gust and theirs.wind_gust.value("MPS")
    assert float(told.get("gust_mps", 0)) == pytest.approx(gust or 0, abs=0.01)
    assert float(told["visibility_m"]) == pytest.approx(theirs.vis.value("M"), abs=0.51)
    assert float(told["temperature_celsius"]) == theirs.temp.value("C")
    assert float(told["dew_point_celsius"]) == theirs.dewpt.value("C")
    assert float(told["pressure_hpa"]) == pytest.approx(theirs.press.value("HPA"), abs=0.06)
    codes = ["".join(part or "" for part in group) for group in theirs.weather]
    assert told.get("weather", "") == " ".join(codes)
