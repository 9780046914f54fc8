"""What kind of statement a query is: just enough of SQL to choose its way through the protocol."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(
    r"""(?P<space>\s+|--[^\n]*|\#[ !][^\n]*|/\*.*?\*/)
    |'(?:[^'\\]|\\.|'')*'|`(?:[^`\\]|\\.)*`|"(?:[^"\\]|\\.)*"|\w+|.""",
    re.DOTALL | re.VERBOSE,
)
_STREAMED: Final = ("SELECT", "WITH", "FROM", "(")
_FORMAT_FOLLOWERS: Final = ("SETTINGS", ";")
_INSERT_SOURCES: Final = ("VALUES", "FORMAT", "SELECT", "WITH", "FROM", "WATCH", "(")


@dataclass(frozen=True)
class _Token:
    word: str
    start: int
    end: int
    depth: int


@dataclass(frozen=True)
class DataInsert:
    """An INSERT whose rows follow as blocks.

    Attributes
    ----------
    head
        The statement up to its VALUES or FORMAT.
    table
        Target as written, perhaps with its database.
    columns
        Target's columns in order; None stands for all.
    """

    head: str
    table: str
    columns: tuple[str, ...] | None


@dataclass(frozen=True)
class Select:
    """A query whose result is streamed; its FORMAT clause is gone, as over a server's TCP port."""

    sql: str


@dataclass(frozen=True)
class Command:
    """Any other statement.

    Attributes
    ----------
    sql
        Its text.
    verb
        Its first word in capitals.
    has_inline_data
        Rows are written out in the text, so that nothing may be added behind it.
    """

    sql: str
    verb: str
    has_inline_data: bool = False


Statement = DataInsert | Select | Command


def classify(sql: str) -> Statement:
    """Kind of the statement `sql`; what cannot be parsed is left for the engine to refuse."""
    tokens = _tokens(sql)
    first = next(tokens, None)
    if first is None:
        return Command(sql, "")
    verb = first.word.upper()
    if verb == "INSERT":
        return _classify_insert(sql, tokens)
    if verb in _STREAMED:
        return Select(_without_format(sql))
    return Command(_without_format(sql), verb)


def unquoted(identifier: str) -> str:
    """Name meant by an identifier that may be quoted."""
    if identifier[:1] in ("`", '"'):
        return re.sub(r"\\(.)", r"\1", identifier[1:-1])
    return identifier


def _tokens(sql: str) -> Iterator[_Token]:
    depth = 0
    for match in _TOKEN.finditer(sql):
        if match.lastgroup == "space":
            continue
        word = match.group()
        depth -= word == ")"
        yield _Token(word, match.start(), match.end(), depth)
        depth += word == "("


def _without_format(sql: str) -> str:
    tokens = [token for token in _tokens(sql) if token.depth == 0]
    ends = [*(token.word.upper() for token in tokens[2:]), ";"]
    for keyword, name, follower in zip(tokens, tokens[1:], ends, strict=False):
        is_clause = keyword.word.upper() == "FORMAT" and name.word.isidentifier()
        if is_clause and follower in _FORMAT_FOLLOWERS:
            return sql[: keyword.start] + sql[name.end :]
    return sql


def _classify_insert(sql: str, tokens: Iterator[_Token]) -> Statement:
    target = _next_of(tokens, ("INTO", "TABLE"))
    if target is None or target.word.upper() == "FUNCTION":
        return Command(sql, "INSERT", has_inline_data=True)
    table, columns = target.word, None
    token = next(tokens, None)
    while token is not None and token.word == ".":
        name = next(tokens, token)
        table, token = f"{table}.{name.word}", next(tokens, None)
    if token is not None and token.word == "(":
        columns = _column_list(tokens)
        if columns is None:
            return Command(sql, "INSERT")
        token = next(tokens, None)
    while token is not None:
        if token.depth == 0 and token.word.upper() in _INSERT_SOURCES:
            return _by_source(sql, token, tokens, DataInsert(sql[: token.start], table, columns))
        token = next(tokens, None)
    return DataInsert(sql.rstrip().rstrip(";"), table, columns)


def _next_of(tokens: Iterator[_Token], skipped: tuple[str, ...]) -> _Token | None:
    """First token that is none of `skipped`."""
    return next((token for token in tokens if token.word.upper() not in skipped), None)


def _column_list(tokens: Iterator[_Token]) -> tuple[str, ...] | None:
    """Names up to the closing bracket, or None if a query stands there."""
    names = [""]
    for token in tokens:
        if token.word == ")" and token.depth == 0:
            return tuple(unquoted(name) for name in names if name)
        if token.word.upper() in _STREAMED:
            return None
        if token.word == ",":
            names.append("")
        else:
            names[-1] += token.word
    return None


def _by_source(
    sql: str, source: _Token, tokens: Iterator[_Token], insert: DataInsert
) -> DataInsert | Command:
    keyword = source.word.upper()
    if keyword not in ("VALUES", "FORMAT"):
        return Command(sql, "INSERT")
    if keyword == "FORMAT":
        next(tokens, None)
    if _next_of(tokens, (";",)) is not None:
        return Command(sql, "INSERT", has_inline_data=True)
    return insert
