"""Grades from the tables alone: each fault of a unit lowers the dimension that it is of."""

from datetime import UTC, datetime, timedelta

import pytest

from infra.grading.page import page
from infra.grading.read import newest_minute, read
from tests.infra.clickhouse.engine import client_of
from tests.infra.clickhouse.graded import grades_of, lowered
from tests.operators.account.world import (
    EAST,
    FIRST_MINUTE_US,
    HONEST,
    a_world,
    told,
    with_fault,
)

pytestmark = pytest.mark.engine

LAST_US = FIRST_MINUTE_US + 60_000_000
# Each fault of a unit, and what it lowers to less than good for assisted driving.
FAULTS = {
    "honest": ({}, set()),
    "late": ({"delay_ms": 220}, {"delay_s"}),
    "biased": ({"bias_m": (1.6, -1.2)}, {"bias_m"}),
    "over-confident": ({"declared": 0.2}, {"overconfidence"}),
    "dead": ({"dead_from_us": LAST_US - 10_000_000}, {"completeness"}),
    "duplicating": ({"copies": 2, "exact": True}, {"repeats"}),
}
MINUTE = datetime.fromtimestamp(FIRST_MINUTE_US / 1e6, UTC)


@pytest.fixture(scope="module")
def grades(engine_port):
    """Grades by fault, profile and source, over the minute in which the world is warm."""
    found = {}
    for fault, (fields, _) in FAULTS.items():
        units = with_fault(EAST, **fields) if fields else HONEST
        outputs = told(a_world(units, warm_up_s=-36, seconds=60))
        database = "grade_" + fault.replace("-", "_")
        of_run = grades_of(engine_port, database, outputs, FIRST_MINUTE_US)
        found |= {(fault, *who): one for who, one in of_run.items()}
    return found


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_lowers_its_own_dimension_and_no_other(grades, fault):
    assert lowered(grades[fault, "assisted", "east"]) == FAULTS[fault][1]


def test_the_grade_is_that_of_the_worst_dimension_and_names_it(grades):
    honest, late = grades["honest", "assisted", "east"], grades["late", "assisted", "east"]
    assert honest["grade"] == "good"
    assert (late["grade"], late["worst"]) == ("poor", "delay_s")
    assert late["value"] == pytest.approx(0.23, abs=0.02)
    assert late["samples"] == pytest.approx(240, abs=2)
    assert late["from_time"] == MINUTE


@pytest.mark.parametrize("fault", FAULTS)
def test_the_faults_of_one_are_no_faults_of_others(grades, fault):
    for other in ("west", "south"):
        assert lowered(grades[fault, "assisted", other]) == set()


def test_what_nobody_can_judge_is_insufficient_evidence(grades):
    probe = grades["honest", "assisted", "fleet"]
    assert probe["grade"] == "insufficient evidence"
    assert probe["grades"]["completeness"] == "insufficient evidence"


def test_the_profile_of_automated_driving_asks_for_more(grades):
    assert grades["late", "automated", "south"]["grade"] != "poor"
    assert grades["late", "automated", "east"]["grades"]["delay_s"] == "poor"


def test_a_profile_is_changed_by_a_row(engine_port, grades):
    with client_of(engine_port) as client:
        row = "(1, 'assisted', 'delay_s', false, 0.3, 0.5, 100)"
        client.execute(f"INSERT INTO grade_late.grade_limit VALUES {row}")
        found = client.execute(
            "SELECT grade FROM grade_late.source_grade(first=%(first)s, last=%(last)s)"
            " WHERE profile = 'assisted' AND source_id = 'east'",
            {"first": MINUTE, "last": MINUTE + timedelta(minutes=1)},
        )
    assert found == [("good",)]


def test_a_page_shows_grade_faults_and_plots(engine_port, grades):
    with client_of(engine_port, database="grade_over_confident") as client:
        last = newest_minute(client, "east").replace(tzinfo=UTC) + timedelta(minutes=1)
        report = read(client, "east", last - timedelta(minutes=60), last)
        assert newest_minute(client, "nobody knows") is None
    text = page(report)
    assert "poor" in text
    assert "OVERCONFIDENT" in text
    assert text.count("<svg") == 9
    assert "http" not in text
    assert "nan" not in text
