"""Every recorded or foreign file is read, or refused for the reason that it is invalid by."""

from collections import Counter
from pathlib import Path

import pytest

from infra.replay.messages import ANCHOR_US, read_messages
from operators.decode.registry import decode
from operators.errors import DecodeError

DATA = Path(__file__).parents[3].parent / "shared/data"
REPLAY = "jpo-conflictmonitor/ApproachAndStopAtLine.csv"  # a message a line, with gaps to fill
# Neither messages of a standard nor of a product: schemas, texts, numbers of an exercise.
NO_MESSAGES = ("README.md", "schema", "udacity-ekf/")
INVALID = {
    "jpo-geojsonconverter/invalid.bsm.json": "WRONG_TYPE",
    "jpo-geojsonconverter/invalid.map.json": "OUT_OF_RANGE",
    "jpo-geojsonconverter/invalid.psm.json": "WRONG_TYPE",
    "jpo-geojsonconverter/invalid.spat.json": "WRONG_TYPE",
}
SEVERAL = {
    "jpo-ode/bsmLogDuringEvent.json": 222,
    "openv2x/congestion_tracks.txt": 10,
    "openv2x/msg58.json": 10,
}
NAMES = sorted(
    name
    for file in DATA.rglob("*")
    if file.is_file() and (name := str(file.relative_to(DATA))) != REPLAY
    if not any(part in name for part in NO_MESSAGES)
)


def fate(form, payload, anchor_us=ANCHOR_US):
    try:
        found = decode(form, payload, anchor_us)
    except DecodeError as error:
        return error.reason.value
    assert found.frames or found.features or found.signals or found.roads
    return "read"


def test_there_are_files():
    assert len(NAMES) == 32
    assert set(INVALID) | set(SEVERAL) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_read_or_refused_for_what_is_wrong_with_it(name):
    messages = list(read_messages(DATA / name))
    fates = Counter(fate(one.format, one.payload, one.receive_time_us) for one in messages)
    assert fates == {INVALID.get(name, "read"): SEVERAL.get(name, 1)}


def test_every_line_of_the_timed_replay_is_read_once_its_gaps_are_filled():
    gaps = {'"@MILLI_OF_MINUTE@"': "23700", '"@MINUTE_OF_YEAR@"': "200000", "@TEMP_ID@": "12A7A951"}
    formats = {"BSM": "bsm.json", "SPAT": "spat.json", "MAP": "map.json"}
    fates = Counter()
    for line in (DATA / REPLAY).read_text().splitlines():
        kind, _, text = line.split(",", 2)
        for gap, filling in gaps.items():
            text = text.replace(gap, filling)
        fates[kind, fate(formats[kind], text.encode())] += 1
    assert fates == {("BSM", "read"): 99, ("SPAT", "read"): 120, ("MAP", "read"): 13}
