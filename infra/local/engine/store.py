"""The engine's folder and the sessions on it.

chDB runs statements of different connections in parallel, and one connection is one session with
its own database, settings and temporary tables; so every client gets a chDB connection.
"""

import itertools
import json
import re
import shutil
import threading
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any, Final

import chdb

from infra.local.engine.folder import hold
from infra.local.engine.statements import unquoted
from infra.local.engine.wire import EngineError, Setting

_UNKNOWN_SETTING: Final = 115
_NO_SUCH_COLUMN: Final = 16
_UNCODED: Final = 1001
_NOT_INSERTABLE: Final = frozenset(("MATERIALIZED", "ALIAS"))
_CODE: Final = re.compile(r"Code: (\d+)\. ")
_NESTED_CODE: Final = re.compile(r"^DB::Exception: Code: \d+\. ")
_TAG: Final = re.compile(r"\s*/\* engine \d+ \*/")
# Several threads would cut an insert of many blocks differently each time, and a repeated token
# counts once only if the parts are the same.
_SESSION_SETTINGS: Final = {"max_insert_threads": "1"}
_SETTING_NAME: Final = re.compile(r"\w+")


def _engine_error(error: RuntimeError) -> EngineError:
    """Exception of chDB as code and message, without what this module has put into the query."""
    words = _TAG.sub("", str(error))
    found = _CODE.search(words)
    if found is None:
        return EngineError(_UNCODED, f"DB::Exception: {words}")
    return EngineError(int(found.group(1)), _NESTED_CODE.sub("", words[found.end() :]))


def quoted(value: str) -> str:
    """`value` as a string literal."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


class Store:
    """One engine folder, held exclusively.

    Parameters
    ----------
    folder
        Made if absent. Holds the engine's own data and a spool of inserts under way, which is
        emptied at the start.

    Raises
    ------
    BlockingIOError
        Another process holds the folder.
    """

    def __init__(self, folder: Path) -> None:
        self._lock_file = hold(folder, "engine.lock")
        self._data = folder / "clickhouse"
        self._spool = folder / "spool"
        shutil.rmtree(self._spool, ignore_errors=True)
        self._spool.mkdir()
        self._counter = itertools.count(1)
        self._control = chdb.connect(str(self._data))
        self._control_lock = threading.Lock()

    def close(self) -> None:
        """End the engine; every session must have been closed."""
        self._control.close()
        self._lock_file.close()

    def connect(self) -> Any:
        """Open a chDB connection."""
        return chdb.connect(str(self._data))

    def tag(self) -> str:
        """Comment by which `kill` finds a statement again."""
        return f"/* engine {next(self._counter)} */"

    def spool_file(self) -> Path:
        """Path of a new file for an insert's blocks."""
        return self._spool / f"{next(self._counter)}.native"

    def kill(self, tag: str = "") -> None:
        """Ask the statement with `tag` to stop, or all of them."""
        condition = f"endsWith(query, {quoted(tag)})" if tag else "1"
        with self._control_lock:
            self._control.query(f"KILL QUERY WHERE {condition} ASYNC", "Native")


class EngineSession:
    """One client's session in the engine; its statements must not overlap.

    Parameters
    ----------
    store
        The engine.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._database = "default"
        self._own = dict(_SESSION_SETTINGS)
        self._sent: dict[str, str] = {}
        self._connection = store.connect()
        self._restore_own()

    def close(self) -> None:
        """Drop the session with its temporary tables."""
        self._connection.close()

    def run(self, sql: str) -> bytes:
        """Run `sql`; its result in ``Native`` format, which has no bytes for no rows."""
        return self._query(sql, "Native")

    def rows(self, sql: str) -> list[list[Any]]:
        """Small result of `sql` as plain values."""
        body = self._query(sql, "JSONCompactEachRow")
        return [json.loads(line) for line in body.splitlines()]

    def stream(self, sql: str) -> Generator[Any, None, None]:
        """Chunks of a query's result, each with one ``Native`` block."""
        try:
            stream = self._connection.send_query(sql, "Native")
            with stream:
                yield from stream
        except RuntimeError as error:
            raise _engine_error(error) from error

    def use(self, database: str) -> None:
        """Make `database` the current one; unknown is error 81."""
        escaped = database.replace("\\", "\\\\").replace("`", "\\`")
        self.run(f"USE `{escaped}`")
        self._database = database

    def remember(self) -> None:
        """Note the session's own database and settings after a USE or SET of the client."""
        self._database = self.rows("SELECT currentDatabase()")[0][0]
        changed = dict(self.rows("SELECT name, value FROM system.settings WHERE changed"))
        kept = {name: value for name, value in changed.items() if name not in self._sent}
        self._own = {**self._own, **kept}

    def apply(self, settings: Iterable[Setting]) -> None:
        """Make `settings` those of the next statement, and undo those of the last.

        Unknown ones are ignored unless the client calls them important, as a server does.
        """
        wanted = {setting.name: setting.value for setting in settings}
        try:
            for name in [name for name in self._sent if name not in wanted]:
                self._restore(name)
        except EngineError:
            # A read-only statement forbids to undo itself.
            self._renew()
        for setting in settings:
            self._apply_one(setting)

    def result_header(self, sql: str) -> list[tuple[str, str]]:
        """Names and types of what a query returns."""
        body = sql.rstrip().rstrip(";")
        return [(row[0], row[1]) for row in self.rows(f"DESCRIBE (\n{body}\n)")]

    def command_header(self, sql: str) -> list[tuple[str, str]]:
        """Names and types of what a read-only command (SHOW) returns."""
        body = self._query(sql, "JSONCompactEachRowWithNamesAndTypes")
        names, types = map(json.loads, body.splitlines()[:2])
        return list(zip(names, types, strict=True))

    def insert_header(
        self, head: str, table: str, columns: tuple[str, ...] | None
    ) -> list[tuple[str, str]]:
        """Names and types an insert expects; raises what the engine says against the insert."""
        try:
            self._connection.send_insert(head, "Native").cancel()
        except RuntimeError as error:
            raise _engine_error(error) from error
        described = self.rows(f"DESCRIBE TABLE {table}")
        if columns is None:
            return [(row[0], row[1]) for row in described if row[2] not in _NOT_INSERTABLE]
        types = {row[0]: row[1] for row in described}
        missing = [name for name in columns if name not in types]
        if missing:
            words = f"DB::Exception: No such column {missing[0]} in table {unquoted(table)}"
            raise EngineError(_NO_SUCH_COLUMN, words)
        return [(name, types[name]) for name in columns]

    def insert(self, head: str, spooled: Path) -> None:
        """Insert a file of blocks.

        chDB's streaming insert loses errors of constraints, views and limits, and a SELECT FROM
        file() is not deduplicated by content; this form has a server's behaviour in both.
        """
        self.run(f"{head} FROM INFILE {quoted(str(spooled))} FORMAT Native")

    def _query(self, sql: str, fmt: str) -> bytes:
        try:
            return bytes(self._connection.query(sql, fmt).bytes())
        except RuntimeError as error:
            raise _engine_error(error) from error

    def _apply_one(self, setting: Setting) -> None:
        name, value = setting.name, setting.value
        if self._sent.get(name) == value:
            return
        try:
            if not _SETTING_NAME.fullmatch(name):
                words = f"DB::Exception: Setting {name} is neither a builtin setting nor custom"
                raise EngineError(_UNKNOWN_SETTING, words)
            self.run(f"SET {name} = {quoted(value)}")
        except EngineError as error:
            if error.code != _UNKNOWN_SETTING or setting.is_important:
                raise
            return
        self._sent[name] = value

    def _restore(self, name: str) -> None:
        value = quoted(self._own[name]) if name in self._own else "DEFAULT"
        self.run(f"SET {name} = {value}")
        del self._sent[name]

    def _renew(self) -> None:
        self._connection.close()
        self._connection = self._store.connect()
        self._sent.clear()
        self.use(self._database)
        self._restore_own()

    def _restore_own(self) -> None:
        for name, value in self._own.items():
            self.run(f"SET {name} = {quoted(value)}")
