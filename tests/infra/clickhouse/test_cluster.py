"""The DDL for a cluster of replicas, as text: no cluster can be started here."""

import re

import pytest

import schemas
from infra.clickhouse.cluster import replicated
from infra.clickhouse.migrate import statements

CASES = [
    ("CREATE DATABASE IF NOT EXISTS d_raw", "CREATE DATABASE IF NOT EXISTS d_raw ON CLUSTER c"),
    (
        "-- why\nCREATE TABLE IF NOT EXISTS d.t\n(a Int8) ENGINE = MergeTree ORDER BY a",
        "CREATE TABLE IF NOT EXISTS d.t ON CLUSTER c\n(a Int8)"
        " ENGINE = ReplicatedMergeTree ORDER BY a",
    ),
    (
        "CREATE MATERIALIZED VIEW IF NOT EXISTS d.m TO d.t AS SELECT 1",
        "CREATE MATERIALIZED VIEW IF NOT EXISTS d.m ON CLUSTER c TO d.t AS SELECT 1",
    ),
    ("DROP TABLE IF EXISTS d.t SYNC", "DROP TABLE IF EXISTS d.t ON CLUSTER c SYNC"),
    ("ALTER TABLE d.t MODIFY COLUMN a Int8", "ALTER TABLE d.t ON CLUSTER c MODIFY COLUMN a Int8"),
    ("CREATE FUNCTION f AS (x) -> x", "CREATE FUNCTION f ON CLUSTER c AS (x) -> x"),
    ("CREATE ROLE IF NOT EXISTS r", "CREATE ROLE IF NOT EXISTS r ON CLUSTER c"),
    ("GRANT SELECT ON d.* TO r", "GRANT ON CLUSTER c SELECT ON d.* TO r"),
    (
        "CREATE ROW POLICY IF NOT EXISTS p ON d.t USING 1 TO r",
        "CREATE ROW POLICY IF NOT EXISTS p ON CLUSTER c ON d.t USING 1 TO r",
    ),
    ("INSERT INTO d.t VALUES (1)", "INSERT INTO d.t VALUES (1)"),
]


@pytest.mark.parametrize(("single", "many"), CASES)
def test_statement_is_rewritten(single, many):
    assert replicated(single, "c") == many
    assert replicated(single, "") == single


def every_statement():
    return [
        statement
        for migration in schemas.migrations()
        for text in (migration.up, migration.down)
        for statement in statements(text, "d")
    ]


@pytest.mark.parametrize("statement", every_statement())
def test_every_statement_goes_to_the_whole_cluster(statement):
    made = replicated(statement, "c")
    if re.search(r"^INSERT", statement, re.MULTILINE):  # replicas tell each other of rows
        assert made in statement
        return
    assert made.count("ON CLUSTER c") == 1
    assert made.count("ENGINE = Replicated") == statement.count("ENGINE = ")
    assert "non_replicated" not in made


@pytest.mark.engine
def test_every_rewritten_statement_is_grammatical(client):
    for statement in every_statement():
        assert client.execute("SELECT formatQuery(%(sql)s)", {"sql": replicated(statement, "c")})
