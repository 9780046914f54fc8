"""One client's conversation."""

import contextlib
import select
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, Final, TypeVar

from infra.local.engine import frames, wire
from infra.local.engine.blocks import (
    Block,
    header_block,
    read_block,
    skip_block_info,
    split_blocks,
)
from infra.local.engine.statements import Command, DataInsert, Select, classify
from infra.local.engine.store import EngineSession, Store
from infra.local.engine.wire import Buffer, ClientPacket, EngineError, ProtocolError, ServerPacket

_T = TypeVar("_T")

_TRANSFER_TIMEOUT_S: Final = 300.0  # as a server's send_timeout and receive_timeout
_IDLE_TIMEOUT_S: Final = 3600.0  # as a server's idle_connection_timeout
_WATCH_PERIOD_S: Final = 0.05
_RECEIVE_BYTES: Final = 1 << 20
_GONE: Final = (ConnectionError, TimeoutError, EOFError)
_REMEMBERED_VERBS: Final = frozenset(("USE", "SET"))


class _ClientStoppedError(Exception):
    """The client has cancelled its query."""


class ClientSession:
    """Serves one connection until the client leaves.

    Parameters
    ----------
    connection
        The client's socket.
    store
        The engine.
    """

    def __init__(self, connection: socket.socket, store: Store) -> None:
        self._socket = connection
        self._socket.settimeout(_TRANSFER_TIMEOUT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._store = store
        self._engine = EngineSession(store)
        self._worker = ThreadPoolExecutor(1)
        self._buffer = Buffer(self._receive)
        self._frame_method: int | None = None

    def serve(self) -> None:
        """Answer packets until the connection ends; close everything then."""
        try:
            # Clients that vanish, at whatever point, are no event.
            with contextlib.suppress(*_GONE):
                self._converse()
        finally:
            self._worker.shutdown()
            self._engine.close()

    def _converse(self) -> None:
        try:
            self._greet()
            while True:
                self._buffer.compact()
                self._socket.settimeout(_IDLE_TIMEOUT_S)
                kind = self._buffer.varint()
                self._socket.settimeout(_TRANSFER_TIMEOUT_S)
                self._answer(kind)
        except EngineError as error:
            self._socket.sendall(wire.exception(error))

    def _greet(self) -> None:
        if self._buffer.varint() != ClientPacket.HELLO:
            raise ProtocolError(101, "DB::Exception: Unexpected packet from client")
        database = wire.read_hello(self._buffer)
        self._engine.use(database or "default")
        version, timezone = self._engine.rows("SELECT version(), timezone()")[0]
        major, minor, patch = (int(part) for part in version.split(".")[:3])
        self._socket.sendall(wire.hello((major, minor, patch), timezone))

    def _answer(self, kind: int) -> None:
        match kind:
            case ClientPacket.PING:
                self._socket.sendall(wire.varint(ServerPacket.PONG))
            case ClientPacket.CANCEL:
                pass  # came too late
            case ClientPacket.QUERY:
                self._answer_query()
            case _:
                raise ProtocolError(99, f"DB::Exception: Unknown packet {kind} from client")

    def _answer_query(self) -> None:
        query = wire.read_query(self._buffer)
        self._frame_method = _reply_method(query)
        self._refuse_external_tables(query.is_compressed)
        try:
            self._engine.apply(query.settings)
            self._execute(query)
        except ProtocolError:
            raise
        except EngineError as error:
            self._socket.sendall(wire.exception(error))
            return
        except _ClientStoppedError:
            pass
        self._socket.sendall(wire.varint(ServerPacket.END_OF_STREAM))

    def _execute(self, query: wire.Query) -> None:
        match classify(query.sql):
            case DataInsert() as insert:
                self._insert(insert, is_compressed=query.is_compressed)
            case Select(sql):
                self._select(sql)
            case Command() as command:
                self._command(command)

    def _refuse_external_tables(self, is_compressed: bool) -> None:
        """Read the empty block behind every query."""
        if self._buffer.varint() != ClientPacket.DATA:
            raise ProtocolError(101, "DB::Exception: Unexpected packet behind a query")
        if self._read_data(is_compressed).columns:
            raise ProtocolError(48, "DB::Exception: The local engine takes no external tables")

    def _select(self, sql: str) -> None:
        tag = self._store.tag()
        chunks = self._engine.stream(f"{sql}\n{tag}")
        rows = blocks = size_bytes = 0
        with contextlib.closing(chunks):
            while (chunk := self._watched(lambda: next(chunks, None), tag)) is not None:
                body = chunk.bytes()
                if not blocks:
                    self._send_header(body)
                self._send_block(body)
                self._socket.sendall(
                    wire.progress(chunk.storage_rows_read(), chunk.storage_bytes_read())
                )
                rows, blocks = rows + chunk.rows_read(), blocks + 1
                size_bytes += len(body)
                self._raise_if_stopped(tag)
        if not blocks:
            self._send_block(header_block(self._engine.result_header(sql)))
        self._socket.sendall(wire.profile(rows, blocks, size_bytes))

    def _command(self, command: Command) -> None:
        tag = "" if command.has_inline_data else self._store.tag()
        tagged = f"{command.sql}\n{tag}" if tag else command.sql
        body = self._watched(lambda: self._engine.run(tagged), tag)
        if command.verb in _REMEMBERED_VERBS:
            self._engine.remember()
        if not body and command.verb == "SHOW":
            self._send_block(header_block(self._engine.command_header(command.sql)))
        if body:
            self._send_header(body)
        for block in split_blocks(body):
            self._send_block(block.body)

    def _insert(self, insert: DataInsert, *, is_compressed: bool) -> None:
        header = self._engine.insert_header(insert.head, insert.table, insert.columns)
        self._send_block(header_block(header))
        spooled = self._store.spool_file()
        try:
            if self._spool(spooled, is_compressed):
                self._engine.insert(insert.head, spooled)
        finally:
            spooled.unlink(missing_ok=True)

    def _spool(self, path: Path, is_compressed: bool) -> int:
        """Write the client's blocks to `path` up to its closing empty one; number of rows."""
        rows = 0
        with path.open("wb") as spool:
            while (block := self._next_insert_block(is_compressed)).columns:
                if block.rows:
                    spool.write(block.body)
                rows += block.rows
        return rows

    def _next_insert_block(self, is_compressed: bool) -> Block:
        self._buffer.compact()
        kind = self._buffer.varint()
        if kind == ClientPacket.CANCEL:
            raise _ClientStoppedError
        if kind != ClientPacket.DATA:
            raise ProtocolError(101, f"DB::Exception: Unexpected packet {kind} within an insert")
        return self._read_data(is_compressed)

    def _read_data(self, is_compressed: bool) -> Block:
        """Block of a data packet whose kind has been read."""
        self._buffer.text()
        source = self._buffer
        if is_compressed:
            source = Buffer(lambda _: frames.read_frame(self._buffer))
        skip_block_info(source)
        return read_block(source)

    def _send_block(self, body: bytes) -> None:
        packet = wire.varint(ServerPacket.DATA) + wire.text("")
        block = wire.BLOCK_INFO + body
        method = self._frame_method
        self._socket.sendall(packet + (block if method is None else frames.frame(block, method)))

    def _send_header(self, body: bytes) -> None:
        """Tell the columns of what follows, as clients take names and types from no other block."""
        self._send_block(header_block(next(split_blocks(body)).columns))

    def _watched(self, call: Callable[[], _T], tag: str) -> _T:
        """Wait for `call`'s result, and kill its statement when the client stops."""
        future = self._worker.submit(call)
        stop: Exception | None = None
        while not wait((future,), _WATCH_PERIOD_S).done:
            try:
                if stop is None and tag:
                    self._raise_if_stopped(tag)
            except (_ClientStoppedError, ProtocolError, *_GONE) as error:
                stop = error
        if stop is not None:
            _drain(future.result)
            raise stop
        return future.result()

    def _raise_if_stopped(self, tag: str) -> None:
        """Kill the statement and raise if a cancel packet or the connection's end has come."""
        if not self._has_bytes():
            return
        try:
            kind = self._buffer.varint()
        except _GONE:
            self._store.kill(tag)
            raise
        self._store.kill(tag)
        if kind != ClientPacket.CANCEL:
            raise ProtocolError(101, f"DB::Exception: Unexpected packet {kind} within a query")
        raise _ClientStoppedError

    def _has_bytes(self) -> bool:
        if self._buffer.pos < len(self._buffer.raw):
            return True
        return bool(select.select((self._socket,), (), (), 0)[0])

    def _receive(self, wanted: int) -> bytes:
        data = self._socket.recv(min(max(wanted, 1 << 16), _RECEIVE_BYTES))
        if not data:
            raise EOFError
        return data


def _drain(result: Callable[[], Any]) -> None:
    """Wait for a killed statement; that it was killed, or had just ended, is as meant."""
    with contextlib.suppress(EngineError):
        result()


def _reply_method(query: wire.Query) -> int | None:
    """How replies are framed; like a server, LZ4 unless the client sets another method."""
    if not query.is_compressed:
        return None
    wanted = {setting.name: setting.value for setting in query.settings}
    is_zstd = wanted.get("network_compression_method", "LZ4").upper() == "ZSTD"
    return frames.ZSTD if is_zstd else frames.LZ4
