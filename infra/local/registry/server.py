"""The registry's REST interface, as Confluent documents it for Avro."""

import json
import logging
import re
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from infra.local.registry.catalog import Catalog, RegistryError, Version

LOOPBACK: Final = "127.0.0.1"

_CONTENT_TYPE: Final = "application/vnd.schemaregistry.v1+json"
_MAX_BODY_BYTES: Final = 16 << 20

_log = logging.getLogger(__name__)


class Request:
    """One request's parts.

    Parameters
    ----------
    catalog
        The registry's state.
    path
        Groups of the route, decoded.
    options
        Query parameters.
    body
        Decoded JSON, an empty object if there is none.
    """

    def __init__(
        self, catalog: Catalog, path: tuple[str, ...], options: dict[str, str], body: dict[str, Any]
    ) -> None:
        self.catalog = catalog
        self.path = path
        self.options = options
        self.body = body

    def schema(self) -> str:
        """Avro schema in the body; 42201 for anything else."""
        if self.body.get("schemaType", "AVRO") != "AVRO" or self.body.get("references"):
            raise RegistryError(42201, "Only Avro schemas without references are kept here")
        schema = self.body.get("schema")
        if not isinstance(schema, str) or not schema.strip():
            raise RegistryError(42201, "Empty schema")
        return schema


_Handler = Callable[[Request], Any]


def _described(request: Request, subject: str, version: Version) -> dict[str, Any]:
    schema = request.catalog.schema(version.schema_id)
    identity = {"subject": subject, "version": version.number, "id": version.schema_id}
    return {**identity, "schema": schema}


def _schema_id(request: Request) -> int:
    wanted = request.path[0]
    if not wanted.isdecimal():
        raise RegistryError(404, "HTTP 404 Not Found")
    return int(wanted)


def _numbers(request: Request) -> list[int]:
    return [version.number for version in request.catalog.versions(request.path[0])]


def _one_version(request: Request) -> dict[str, Any]:
    subject, wanted = request.path
    return _described(request, subject, request.catalog.version(subject, wanted))


def _bare_version(request: Request) -> Any:
    return json.loads(_one_version(request)["schema"])


def _register(request: Request) -> dict[str, Any]:
    return {"id": request.catalog.register(request.path[0], request.schema())}


def _look_up(request: Request) -> dict[str, Any]:
    subject = request.path[0]
    return _described(request, subject, request.catalog.find(subject, request.schema()))


def _check(request: Request) -> dict[str, Any]:
    catalog, subject = request.catalog, request.path[0]
    against = catalog.version(*request.path) if len(request.path) > 1 else None
    reasons = catalog.obstacles(subject, request.schema(), against)
    answer: dict[str, Any] = {"is_compatible": not reasons}
    if request.options.get("verbose") == "true":
        answer["messages"] = reasons
    return answer


def _level(request: Request) -> dict[str, Any]:
    subject = request.path[0] if request.path else None
    level = request.catalog.level(subject)
    if level is None and request.options.get("defaultToGlobal") == "true":
        level = request.catalog.level(None)
    if level is None:
        words = "does not have subject-level compatibility configured"
        raise RegistryError(40408, f"Subject '{subject}' {words}")
    return {"compatibilityLevel": level}


def _set_level(request: Request) -> dict[str, Any]:
    level = str(request.body.get("compatibility", ""))
    request.catalog.set_level(request.path[0] if request.path else None, level)
    return {"compatibility": level}


def _uses(request: Request) -> list[dict[str, Any]]:
    uses = request.catalog.uses(_schema_id(request))
    return [{"subject": subject, "version": number} for subject, number in uses]


_ROUTES: Final[tuple[tuple[str, str, _Handler], ...]] = (
    ("GET", r"/", lambda _: {}),
    ("GET", r"/schemas/types", lambda _: ["AVRO"]),
    ("GET", r"/schemas/ids/([^/]+)", lambda r: {"schema": r.catalog.schema(_schema_id(r))}),
    ("GET", r"/schemas/ids/([^/]+)/schema", lambda r: json.loads(r.catalog.schema(_schema_id(r)))),
    ("GET", r"/schemas/ids/([^/]+)/versions", _uses),
    ("GET", r"/subjects", lambda r: r.catalog.subjects()),
    ("POST", r"/subjects/([^/]+)", _look_up),
    ("GET", r"/subjects/([^/]+)/versions", _numbers),
    ("POST", r"/subjects/([^/]+)/versions", _register),
    ("GET", r"/subjects/([^/]+)/versions/([^/]+)", _one_version),
    ("GET", r"/subjects/([^/]+)/versions/([^/]+)/schema", _bare_version),
    ("POST", r"/compatibility/subjects/([^/]+)/versions", _check),
    ("POST", r"/compatibility/subjects/([^/]+)/versions/([^/]+)", _check),
    ("GET", r"/config", _level),
    ("PUT", r"/config", _set_level),
    ("GET", r"/config/([^/]+)", _level),
    ("PUT", r"/config/([^/]+)", _set_level),
)


def _routed(method: str, path: str) -> tuple[_Handler, tuple[str, ...]]:
    is_known = False
    for verb, pattern, handler in _ROUTES:
        found = re.fullmatch(pattern, path)
        if found and verb == method:
            return handler, tuple(map(unquote, found.groups()))
        is_known = is_known or found is not None
    if is_known:
        raise RegistryError(405, "HTTP 405 Method Not Allowed")
    raise RegistryError(404, "HTTP 404 Not Found")


class _RequestHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: "RegistryServer"

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _answer(self) -> None:
        url = urlsplit(self.path)
        options = {name: values[-1] for name, values in parse_qs(url.query).items()}
        try:
            body = self._body()
            handler, path = _routed(self.command, url.path.rstrip("/") or "/")
            self._reply(200, handler(Request(self.server.catalog, path, options, body)))
        except RegistryError as error:
            refusal = {"error_code": error.code, "message": error.message}
            self._reply(int(str(error.code)[:3]), refusal)

    def _body(self) -> dict[str, Any]:
        size = int(self.headers.get("Content-Length") or 0)
        if size > _MAX_BODY_BYTES:
            self.close_connection = True
            raise RegistryError(413, f"A body of {size} bytes is too large")
        raw = self.rfile.read(size)
        try:
            body = json.loads(raw) if raw else {}
        except ValueError as error:
            raise RegistryError(400, f"The body is not JSON: {error}") from error
        if not isinstance(body, dict):
            raise RegistryError(400, "The body is not a JSON object")
        return body

    def _reply(self, status: int, answer: Any) -> None:
        raw = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", _CONTENT_TYPE)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        _log.debug(format, *args)


class RegistryServer(ThreadingHTTPServer):
    """Serves `catalog` on the loopback.

    Parameters
    ----------
    catalog
        The registry's state.
    port
        TCP port; 0 takes a free one.
    """

    daemon_threads = True

    def __init__(self, catalog: Catalog, port: int) -> None:
        super().__init__((LOOPBACK, port), _RequestHandler)
        self.catalog = catalog

    def stop(self) -> None:
        """Stop serving and close the catalogue."""
        self.shutdown()
        self.server_close()
        self.catalog.close()
