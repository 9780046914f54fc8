"""The closed ticks of the last seconds: what questions are answered from and streams go along.

A stream has no queue. It remembers the last tick that it sent and takes every newer one from here,
so a slow client costs nothing, and one that comes back goes on where it was. What it is too late
for is told as a gap.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from operators.current import Current
from operators.fused import Snapshot
from operators.services.plain import Moment, moment


class Hub:
    """Closed ticks in their order; belongs to one event loop.

    Parameters
    ----------
    kept
        So many ticks can be had again.
    """

    def __init__(self, kept: int = 100) -> None:
        self.current = Current()
        self._moments: deque[Moment] = deque(maxlen=kept)
        self._news = asyncio.Event()

    @property
    def newest(self) -> Moment | None:
        """The last tick, None before the first."""
        return self._moments[-1] if self._moments else None

    def take(self, snapshots: list[Snapshot]) -> None:
        """Take pictures; wakes the streams for each tick that they close."""
        for one in snapshots:
            if not self.current.take(one):
                continue
            closed = self.current.close()
            if closed is not None:
                self._add(moment(closed))

    def _add(self, made: Moment) -> None:
        self._moments.append(made)
        self.wake()

    def wake(self) -> None:
        """Wake the streams though there is nothing new, so that their lines stay open."""
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def after(self, tick_us: int) -> AsyncIterator[tuple[int, Moment | None]]:
        """Every tick after one, each with the tick before it, forever.

        Parameters
        ----------
        tick_us
            The last tick that is known; 0 begins with the newest.

        Yields
        ------
        tuple of the tick before, 0 if that is not here any more, and the moment; None for a
            moment where nothing is new
        """
        newest = self.newest
        if newest is not None:
            tick_us = min(tick_us or newest.tick_us - 1, newest.tick_us)
        while True:
            news, due = self._news, self._since(tick_us)
            for before, made in due:
                tick_us = made.tick_us
                yield before, made
            if news is self._news:
                await news.wait()
                if not self._since(tick_us):
                    yield 0, None

    def _since(self, tick_us: int) -> list[tuple[int, Moment]]:
        due: list[tuple[int, Moment]] = []
        for number in range(len(self._moments) - 1, -1, -1):
            made = self._moments[number]
            if made.tick_us <= tick_us:
                break
            before = self._moments[number - 1].tick_us if number else 0
            due.append((before, made))
        return due[::-1]
