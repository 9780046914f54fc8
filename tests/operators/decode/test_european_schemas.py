"""SPATEM and MAPEM: what the adapters read is what its-client's schemas allow."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from operators.decode.registry import decode
from operators.errors import DecodeError
from tests.operators.decode.test_map import mapem
from tests.operators.decode.test_spat import spatem

FOLDER = Path(__file__).parents[3].parent / "shared/data/its-client"
ENVELOPE = {"origin": "self", "version": "2.0.0", "timestamp": 1_733_852_080_100}
MAKERS = {"spatem": spatem, "mapem": mapem}
HEAD = {"protocol_version": 1, "station_id": 1}
HEADS = {"spatem": HEAD, "mapem": HEAD | {"msg_issue_revision": 1}}


def schema_of(name):
    """A schema; the definitions that it shares with others are not at hand and allow anything."""
    text = (FOLDER / f"{name}_schema_2-0-0.json").read_text()
    shared = {"definitions": dict.fromkeys(re.findall(r"\.json#/definitions/(\w+)", text), True)}
    schema = json.loads(text)
    allowing = Resource.from_contents(shared | {"$schema": schema["$schema"]})
    return Draft202012Validator(schema, registry=Registry(retrieve=lambda _: allowing))


def sample(name, **changes):
    """The message of the adapter's own tests, with all that an envelope must have."""
    message = json.loads(MAKERS[name]()) | ENVELOPE
    message["message"] |= HEADS[name] | changes
    return message


@pytest.mark.parametrize("name", MAKERS)
def test_what_the_tests_read_is_valid(name):
    message = sample(name)
    assert list(schema_of(name).iter_errors(message)) == []
    found = decode(f"{name}.json", json.dumps(message).encode(), 0)
    assert found.signals or found.roads


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("spatem", {"intersections": {}}),
        ("spatem", {"intersections": [{"revision": 1, "status": [], "states": []}]}),
        ("mapem", {"intersections": "none"}),
    ],
)
def test_what_the_schema_refuses_is_refused(name, changes):
    message = sample(name, **changes)
    assert not schema_of(name).is_valid(message)
    with pytest.raises(DecodeError):
        decode(f"{name}.json", json.dumps(message).encode(), 0)
