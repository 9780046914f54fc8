"""Who asks, and what that caller may: what every route depends on."""

import time
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from infra.serve.problems import ProblemError
from infra.serve.tokens import Caller, Doorkeeper, Limits, Role

_BEARER = HTTPBearer(auto_error=False, description="A token of `station token`.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]


class Access:
    """Checks of one service.

    Parameters
    ----------
    doorkeeper
        Knows the tokens.
    """

    def __init__(self, doorkeeper: Doorkeeper) -> None:
        self._doorkeeper = doorkeeper
        self.limits = Limits()

    def role(self, wanted: Role) -> Callable[..., Awaitable[tuple[str, Caller]]]:
        """Dependency of the routes that a role opens; gives the caller's name and rights."""

        async def check(request: Request, credentials: Credentials) -> tuple[str, Caller]:
            return self._admit(request, credentials, wanted)

        return check

    def _admit(
        self, request: Request, given: HTTPAuthorizationCredentials | None, wanted: Role
    ) -> tuple[str, Caller]:
        found = self._doorkeeper.find(given.credentials if given else "")
        if found is None:
            # guesses of one address share a bucket too, so that nobody tries tokens without end
            self._count(f"unknown {_address(request)}", _STRANGER)
            detail = "send `Authorization: Bearer` with a token that `station token` made"
            raise ProblemError(401, "no valid token", detail, {"WWW-Authenticate": "Bearer"})
        name, caller = found
        self._count(name, caller)
        if wanted not in caller.roles:
            raise ProblemError(403, "not allowed", f"this needs the role {wanted!r}")
        return name, caller

    def _count(self, name: str, caller: Caller) -> None:
        wait_s = self.limits.admit(name, caller, time.monotonic())
        if wait_s:
            detail = f"{caller.rate_hz:g} requests a second are allowed; wait {wait_s:.2f} s"
            raise ProblemError(429, "too many requests", detail, {"Retry-After": "1"})


_STRANGER = Caller("0" * 64, (), rate_hz=5.0, streams=0)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
