"""The one shape of a stateful stage: wait, then take.

An event waits at its key until the watermark reaches the instant that the step names for it; the
step is then called with all events of that instant and the key's state, and returns the new state.
So a step's result cannot depend on the order in which events arrived, if it sorts what is due.
Nothing here knows what runs the step: `operators.pipeline` in memory, `jobs.runtime` in Flink.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from operators.errors import LayoutError
from operators.shared import Shared


class Output(NamedTuple):
    """One value on its way to the next stage or to a topic.

    `route` names the next stage (`operators.routes`) or, for records that leave the station, the
    topic; `key` is the key there; `value` is packed bytes that carry their own time.
    """

    route: str
    key: str
    value: bytes


@dataclass(frozen=True, slots=True)
class State:
    """What one key keeps.

    Parameters
    ----------
    value
        The state proper, versioned bytes; None when the key is new.
    entries
        Parts that are read and written one by one (one for each source), so that a step
        does not rewrite all of them for one.
    """

    value: bytes | None = None
    entries: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """What a step made of a wake.

    Parameters
    ----------
    value
        New value; None forgets it.
    entries
        Changed parts; None as a part's value forgets it.
    outputs
        In the order in which they are sent.
    wake_at_us
        When to call again without a new event; None for not at all. Microseconds.
    """

    value: bytes | None
    entries: Mapping[str, bytes | None] = field(default_factory=dict)
    outputs: Sequence[Output] = ()
    wake_at_us: int | None = None


def check_version(found: int, known: int, what: str) -> None:
    """Refuse a state that another release wrote.

    Raises
    ------
    LayoutError
        If `found` is not `known`.
    """
    if found != known:
        msg = f"{what} of version {found}, this release reads {known}"
        raise LayoutError(msg)


class KeyedStep(Protocol):
    """A stateful stage. Instances hold parameters and caches of pure functions, never state.

    An index of what is shared is such a cache: it follows `Shared.changed_since`.
    """

    def wake_for(self, event: bytes) -> int:
        """Instant at which `event` is taken, microseconds, a whole number of milliseconds."""
        ...

    def on_wake(
        self, key: str, state: State, due: Sequence[bytes], shared: Shared, at_us: int
    ) -> Result:
        """Take the events of the instant `at_us`.

        `due` holds every event whose `wake_for` is `at_us`, in no order that a step may rely on;
        it is empty at a wake that the step asked for itself. Instants come in rising order, but for
        events that arrive behind the watermark (foreign topics only): then `at_us` lies before the
        last wake. `shared` is what was broadcast to this stage, by key; it may hold entries
        received after `at_us`, which the step must leave alone.
        """
        ...
