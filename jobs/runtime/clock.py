"""The only reader of wall time: everything else gets time as an argument."""

import time


def now_us() -> int:
    """Wall time in UTC microseconds since 1970."""
    return time.time_ns() // 1000
