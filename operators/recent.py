"""States that were packed just now, kept as they are so that they need not be unpacked again."""

from collections.abc import Callable
from typing import Any, Final

MOST: Final = 256  # keys; a state has some hundred kilobytes


class RecentStates:
    """A cache of a pure function, `unpack`: by key the last state that was packed, and its bytes.

    A state is given out once, since who takes it changes it. One whose bytes are not those that
    are asked for (after a restore or a rollback) is not given out at all.

    Parameters
    ----------
    unpack
        Makes a state of its bytes.
    """

    def __init__(self, unpack: Callable[[bytes], Any]) -> None:
        self._unpack = unpack
        self._kept: dict[str, tuple[bytes, Any]] = {}

    def take(self, key: str, packed: bytes) -> Any:
        """The state of `packed`, to be changed by the caller."""
        known, state = self._kept.pop(key, (b"", None))
        return state if state is not None and known == packed else self._unpack(packed)

    def keep(self, key: str, packed: bytes, state: Any) -> None:
        """Remember a state that nobody changes any more, and its bytes."""
        self._kept[key] = packed, state
        if len(self._kept) > MOST:
            del self._kept[next(iter(self._kept))]
