"""Wait for what a test needs: for a condition, never for a time."""

import time
from collections.abc import Callable
from typing import Any

import pytest

PATIENCE_S = 180.0  # only ever spent by a test that fails; the slowest machine is busy with others


def wait_for(
    look: Callable[[], Any],
    is_right: Callable[[Any], bool] = bool,
    *,
    patience_s: float = PATIENCE_S,
    every_s: float = 0.05,
) -> Any:
    """What `look` says once it is right; the test fails with what it said last if it never is."""
    end_s = time.monotonic() + patience_s
    while not is_right(seen := look()):
        if time.monotonic() > end_s:
            pytest.fail(f"after {patience_s:g} s still {seen!r}")
        time.sleep(every_s)
    return seen
