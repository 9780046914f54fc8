"""Errors as RFC 9457 problem details: what is wrong and what to do, never a trace."""

from collections.abc import Mapping

import msgspec
from starlette.responses import Response


class ProblemError(Exception):
    """An answer that is not what was asked for.

    Parameters
    ----------
    status
        HTTP status.
    title
        What is wrong, the same words each time.
    detail
        What exactly, and what to do.
    headers
        More headers of the answer.
    """

    def __init__(
        self, status: int, title: str, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """Give the answer."""
        body = {"title": self.title, "status": self.status, "detail": self.detail}
        return Response(
            msgspec.json.encode(body),
            self.status,
            self.headers,
            media_type="application/problem+json",
        )
