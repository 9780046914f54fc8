"""The fuzz sees what it looks for, and its sums close."""

import time
from random import Random

import pytest

from benchmarks.fuzz import piece
from benchmarks.fuzzing.mutate import huge, nested, recoded, repeated, spliced, wild
from benchmarks.fuzzing.seeds import FORMATS, seeds
from operators.decode.guard import LIMITS
from operators.errors import DecodeError
from operators.reasons import Reason

PATIENT_S, HANGS_S = 1.0, 1.2  # of CPU; no good adapter comes near, on the slowest machine

MESSAGE = b'{"rsms": [{"id": "a"}]}'


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    monkeypatch.setattr("benchmarks.fuzz.HANG_S", PATIENT_S)


def test_a_short_run_over_all_formats_closes():
    found = piece(1000, 7)
    fates = found["fates"]
    assert fates.pop("hung", 0) == 0
    assert fates.total() == found["messages"] == 1000
    assert (fates["failed"], found["failed"]) == (0, [])
    assert fates["accepted"] > 100
    assert len(fates) > 6


def test_every_format_has_messages_to_start_from():
    found = seeds()
    assert set(found) == set(FORMATS)
    assert sum(map(len, found.values())) > len(found)


def failing(name, payload, anchor_us):
    if name == "metar":
        raise RecursionError("too deep for me")
    return FORMATS.decode(name, payload, anchor_us)


def test_an_adapter_that_fails_is_seen():
    found = piece(200, 7, failing)
    assert found["fates"]["failed"] == len(found["failed"]) > 0
    assert {(name, text) for name, text, _ in found["failed"]} == {
        ("metar", "RecursionError: too deep for me")
    }


def hanging(name, payload, anchor_us):
    end_s = time.process_time() + (HANGS_S if name == "cap" else 0.0)
    while time.process_time() < end_s:
        pass
    return FORMATS.decode(name, payload, anchor_us)


def test_an_adapter_that_hangs_is_seen():
    found = piece(len(FORMATS), 7, hanging)
    assert (found["fates"]["hung"], found["slowest_format"]) == (1, "cap")


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        (nested, {Reason.TOO_DEEP}),
        (huge, {Reason.TOO_LARGE}),
        (recoded, {Reason.NOT_UTF8}),
    ],
)
def test_each_hostile_mutation_reaches_its_guard(change, reasons):
    random_source, found = Random(3), set()
    for _ in range(6):
        try:
            FORMATS.decode("rsm.json", change(MESSAGE, random_source), 0)
        except DecodeError as error:
            found.add(error.reason)
    assert reasons <= found
    assert LIMITS.max_bytes < 12_000_000


def test_one_seed_is_one_run():
    runs = [[wild([MESSAGE, b"[1]"], True, Random(k)) for k in range(50)] for _ in range(2)]
    assert runs[0] == runs[1]
    assert len(repeated(MESSAGE, Random(2))) > 10 * len(MESSAGE)
    assert spliced(b"ab", b"cd", Random(1)) in (b"cd", b"d", b"acd", b"ad")
