import pytest

from infra.local.engine.statements import Command, DataInsert, Select, classify, unquoted


@pytest.mark.parametrize(
    ("sql", "table", "columns"),
    [
        ("INSERT INTO t VALUES", "t", None),
        ("insert into db.t (a, b) values", "db.t", ("a", "b")),
        ('INSERT INTO TABLE `d`.`t x` (`a b`, "c") FORMAT Native', "`d`.`t x`", ("a b", "c")),
        ("/* c */ INSERT INTO t (n.a) SETTINGS async_insert=0 VALUES ; -- end", "t", ("n.a",)),
        ("INSERT INTO t (a, b)", "t", ("a", "b")),
    ],
)
def test_an_insert_without_rows_waits_for_blocks(sql, table, columns):
    insert = classify(sql)
    assert isinstance(insert, DataInsert)
    assert (insert.table, insert.columns) == (table, columns)
    assert "VALUES" not in insert.head.upper()


@pytest.mark.parametrize(
    ("sql", "has_inline_data"),
    [
        ("INSERT INTO t VALUES (1), (2)", True),
        ('INSERT INTO t (a) FORMAT JSONEachRow {"a": 1}', True),
        ("INSERT INTO t SELECT * FROM u", False),
        ("INSERT INTO t (a) SELECT 'VALUES'", False),
        ("INSERT INTO t (SELECT 1)", False),
        ("INSERT INTO t WITH 1 AS x SELECT x", False),
    ],
)
def test_an_insert_with_its_rows_goes_to_the_engine(sql, has_inline_data):
    assert classify(sql) == Command(sql, "INSERT", has_inline_data)


@pytest.mark.parametrize("sql", ["SELECT 1", " -- c\n(select 1)", "WITH 1 AS x SELECT x", "FROM t"])
def test_queries_are_streamed(sql):
    assert classify(sql) == Select(sql)


@pytest.mark.parametrize(
    ("sql", "kept"),
    [
        ("SELECT 1 FORMAT JSON", "SELECT 1 "),
        ("SELECT 1 FORMAT JSON SETTINGS a=1;", "SELECT 1  SETTINGS a=1;"),
        ("SELECT ' FORMAT JSON'", "SELECT ' FORMAT JSON'"),
        ("SELECT 1 AS format FROM t", "SELECT 1 AS format FROM t"),
        ("SELECT (SELECT 1) FORMAT Null", "SELECT (SELECT 1) "),
    ],
)
def test_a_format_clause_has_no_effect_on_the_wire(sql, kept):
    assert classify(sql) == Select(kept)


@pytest.mark.parametrize(("sql", "verb"), [("use x", "USE"), ("SET a=1", "SET"), ("", "")])
def test_other_statements_carry_their_verb(sql, verb):
    assert classify(sql) == Command(sql, verb)


def test_quotes_of_an_identifier_are_taken_off():
    assert [unquoted(name) for name in ("a", "`a b`", '"c"', r"`d\`e`")] == ["a", "a b", "c", "d`e"]
