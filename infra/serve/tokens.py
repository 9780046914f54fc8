"""Who may ask, and how often: tokens with roles from a file that holds their hashes only.

[tokens.map]                    # a name, for logs and limits
sha256 = "9f86d081884c7d65..."  # of the token; `station token NAME` makes one
roles = ["live"]                # live: what is on the road now; history: what was
rate_hz = 50                    # requests a second
streams = 20                    # open at a time
"""

import hashlib
import hmac
import secrets
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import msgspec

Role = Literal["live", "history"]
ROLES: tuple[Role, ...] = ("live", "history")
_BYTES = 32


class TokensError(ValueError):
    """A file of tokens that cannot be used; the text says what to do."""


class Caller(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a token allows."""

    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    roles: tuple[Role, ...]
    rate_hz: Annotated[float, msgspec.Meta(gt=0)] = 50.0
    streams: Annotated[int, msgspec.Meta(ge=0)] = 20


class _File(msgspec.Struct, forbid_unknown_fields=True):
    tokens: dict[str, Caller]


def new_token() -> tuple[str, str]:
    """A fresh token, and the hash that goes into the file."""
    token = secrets.token_urlsafe(_BYTES)
    return token, _hash(token)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def read_tokens(file: Path) -> dict[str, Caller]:
    """Callers by their names.

    Raises
    ------
    TokensError
        If the file cannot be read or is wrong.
    """
    try:
        tree = tomllib.loads(file.read_text("utf-8"))
        return msgspec.convert(tree, _File).tokens
    except OSError as error:
        msg = f"{file}: cannot be read ({error.strerror}); name an existing file"
        raise TokensError(msg) from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        msg = f"{file}: {error}"
        raise TokensError(msg) from error


def open_to_all(rate_hz: float, streams: int) -> Caller:
    """What everybody may where no tokens are asked for."""
    return Caller("0" * 64, ROLES, rate_hz, streams)


class Doorkeeper:
    """Finds the caller of a token.

    Every hash is compared, in constant time, so that an answer's delay says nothing.

    Parameters
    ----------
    callers
        By name; None lets everybody in as ``anonymous``.
    anonymous
        What everybody may then.
    """

    def __init__(self, callers: dict[str, Caller] | None, anonymous: Caller) -> None:
        self._callers = callers
        self._anonymous = anonymous

    def find(self, token: str) -> tuple[str, Caller] | None:
        """Name and rights of who has this token, None if nobody has."""
        if self._callers is None:
            return "anonymous", self._anonymous
        given, found = _hash(token), None
        for name, caller in self._callers.items():
            if hmac.compare_digest(given, caller.sha256):
                found = name, caller
        return found


@dataclass(slots=True)
class _Bucket:
    filled_s: float
    level: float
    streams: int = 0


@dataclass(slots=True)
class Limits:
    """How much each caller has used: a bucket of one second's requests, and its open streams."""

    _buckets: dict[str, _Bucket] = field(default_factory=dict)

    def admit(self, name: str, caller: Caller, now_s: float) -> float:
        """Count a request; 0 if it may go on, else the seconds to wait.

        A token bucket that holds the requests of one second, one at least.
        """
        most = max(1.0, caller.rate_hz)
        bucket = self._buckets.setdefault(name, _Bucket(now_s, most))
        bucket.level = min(most, bucket.level + (now_s - bucket.filled_s) * caller.rate_hz)
        bucket.filled_s = now_s
        if bucket.level < 1.0:
            return (1.0 - bucket.level) / caller.rate_hz
        bucket.level -= 1.0
        return 0.0

    def open_stream(self, name: str, caller: Caller) -> bool:
        """Count a stream; False if the caller has as many as it may. Call `admit` first."""
        bucket = self._buckets[name]
        if bucket.streams >= caller.streams:
            return False
        bucket.streams += 1
        return True

    def close_stream(self, name: str) -> None:
        """Count a stream no more."""
        self._buckets[name].streams -= 1
