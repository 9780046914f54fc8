"""Source entries of recorded files: one a source, at a place where its objects are."""

import math
from pathlib import Path

import numpy as np
import pytest

from infra.replay.messages import read_messages
from infra.replay.sources import SourceEntry, source_entries_for
from operators.decode.decoded import Space
from operators.decode.registry import decode

DATA = Path(__file__).parents[3].parent / "shared/data"
FILES = {
    "jpo-ode/bsmLogDuringEvent.json": ["gateway/bsmLogDuringEvent"],
    "openv2x/msg58.json": ["100001/radar", "100001/video"],
    "openv2x/congestion_tracks.txt": ["319348466_1188213963/video"],
    "openv2x/rsm.dawnline.json": ["R328328"],
    "carma-streets/detected_truck.json": ["sensor1"],
}
FIELDS = {
    "source_id", "kind", "format", "datum", "lat_deg", "lon_deg", "heading_rad",
    "coverage_radius_m", "nominal_rate_hz", "position_sigma_m", "owner",
}  # fmt: skip


def entries(name: str) -> list[SourceEntry]:
    return source_entries_for(read_messages(DATA / name))


@pytest.mark.parametrize("name", FILES)
def test_each_source_of_a_file_has_one_entry(name: str) -> None:
    found = entries(name)
    assert [e["source_id"] for e in found] == FILES[name]
    assert all(set(e) == FIELDS and e["datum"] == "WGS-84" for e in found)


@pytest.mark.parametrize("name", [n for n in FILES if "bsm" not in n])
def test_all_objects_lie_within_the_declared_coverage(name: str) -> None:
    by_id = {e["source_id"]: e for e in entries(name)}
    for message in read_messages(DATA / name):
        entry = by_id[message.source_id]
        for frame in decode(message.format, message.payload, message.receive_time_us).frames:
            assert reach_m(frame.position, frame.space, entry) < float(
                entry["coverage_radius_m"] or 0
            )


def reach_m(position: np.ndarray, space: Space, entry: SourceEntry) -> float:
    """Distance of the furthest object from the source, on a plane."""
    if space is Space.GEOGRAPHIC:
        lat, lon = float(entry["lat_deg"] or 0), float(entry["lon_deg"] or 0)
        east_m = 111_320 * math.cos(math.radians(lat))
        position = (position - [lon, lat]) * [east_m, 111_000]
    return float(np.hypot(*position.T).max())


def test_probes_have_no_coverage_and_a_measured_rate() -> None:
    (found,) = entries("jpo-ode/bsmLogDuringEvent.json")
    assert (found["kind"], found["coverage_radius_m"]) == ("probe", None)
    assert math.isclose(float(found["nominal_rate_hz"] or 0), 221 / 12.8)


def test_local_recording_without_a_place_gets_an_invented_one(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(
        '{"source":"s","event_time_us":1,"receive_time_us":2,"frame":"local","objects":[{"x":1,"y":2}]}'
    )
    (found,) = source_entries_for(read_messages(path))
    assert (found["lat_deg"], found["lon_deg"], found["kind"]) == (30.0, -40.0, "roadside")
