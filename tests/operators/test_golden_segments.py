"""States of the segment job that a release left behind are read by this one and go on."""

import msgspec
import pytest

from operators.step import State
from tests.operators.golden.segments import (
    FOLDER,
    ROWS,
    STEPS,
    VALUES,
    VERSIONS,
    go_on,
    layout,
    load,
    marks,
    name_now,
)

FILES = sorted(FOLDER.glob("*.bin"))
KEPT = {file.stem: load(file) for file in FILES}


def every_step(names):
    """Steps of all files; an older one has none of those that are newer."""
    found = [(stem, name) for stem, kept in KEPT.items() for name in names if name in kept.steps]
    return pytest.mark.parametrize(("file", "name"), found)


def test_there_is_one_of_the_versions_of_now():
    assert name_now() in {file.stem for file in FILES}


@every_step(STEPS)
def test_a_step_goes_on_from_its_state(file, name):
    golden = KEPT[file].steps[name]
    assert golden.value or golden.entries
    assert golden.told
    state = State(golden.value, golden.entries)
    outputs = go_on(STEPS[name](), golden.key, state, golden.waiting)[2]
    assert marks(outputs) == golden.told


@every_step(VALUES)
def test_a_value_is_packed_as_it_was(file, name):
    """A field that is new, gone or elsewhere needs another version; older ones are only read."""
    packed = KEPT[file].steps[name].value
    again = msgspec.msgpack.encode(msgspec.msgpack.decode(packed, type=VALUES[name]))
    version = msgspec.msgpack.decode(packed)[0]
    assert version != VERSIONS[name] or again == packed


@every_step(ROWS)
def test_rows_in_a_state_have_the_columns_that_they_had(file, name):
    found = KEPT[file]
    version = msgspec.msgpack.decode(found.steps[name].value)[0]
    now = [layout(one) for one in ROWS[name]]
    assert version != VERSIONS[name] or now == found.rows[name]
