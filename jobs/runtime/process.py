"""The one adapter from `KeyedStep` to Flink.

An event waits in keyed state and sets a timer at the instant that the step names; the timer calls
the step. State is plain bytes (Flink's pickled byte array holds nothing but `bytes`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pyflink.common import Row, Types
from pyflink.datastream import KeyedBroadcastProcessFunction, KeyedProcessFunction
from pyflink.datastream.state import MapStateDescriptor, ValueStateDescriptor

from operators.shared import Changes, Shared
from operators.step import KeyedStep, Result, State

_LATIN1 = "latin-1"  # bytes cross Flink's string types unchanged in this charset


def shared_descriptor() -> MapStateDescriptor:
    """Broadcast state: key -> bytes as a latin-1 string."""
    return MapStateDescriptor("shared", Types.STRING(), Types.STRING())


class _Entries(Mapping[str, bytes]):
    """Read-only view of a Flink map state: parts are fetched one by one."""

    def __init__(self, state: Any) -> None:
        self._state = state

    def __getitem__(self, key: str) -> bytes:
        value = self._state.get(key)
        if value is None:
            raise KeyError(key)
        return bytes(value)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._state.keys()))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _event(value: bytes | Row) -> bytes:
    """What came over an edge: bytes of another stage, or head and body of a record of a topic."""
    return value if isinstance(value, bytes) else value[0].encode(_LATIN1) + value[1]


Encode = Callable[[str, bytes], bytes]
Share = Callable[[Mapping[str, bytes], bytes], Changes]


def as_it_is(_route: str, value: bytes) -> bytes:
    """Encode nothing."""
    return value


class _Keyed:
    """What both adapters share: the states of a key, and the call of the step.

    Waiting events are parts of a map, numbered within their instant. A list would have to be read
    whole at every wake, which is quadratic when a backlog is caught up.
    """

    def __init__(self, step: KeyedStep, encode: Encode) -> None:
        self._step = step
        self._encode = encode

    def open(self, runtime: Any) -> None:
        bytes_type, text = Types.PICKLED_BYTE_ARRAY(), Types.STRING()
        self._value = runtime.get_state(ValueStateDescriptor("value", bytes_type))
        self._entries = runtime.get_map_state(MapStateDescriptor("entries", text, bytes_type))
        self._waiting = runtime.get_map_state(MapStateDescriptor("waiting", text, bytes_type))
        self._counts = runtime.get_map_state(
            MapStateDescriptor("counts", Types.LONG(), Types.LONG())
        )

    def take(self, event: bytes, ctx: Any) -> None:
        """Let one event wait, and set its timer.

        One that comes when its instant has passed waits for the next: the step sees by that.
        """
        passed_ms = ctx.timer_service().current_watermark()
        at_ms = max(self._step.wake_for(event) // 1000, passed_ms + 1)
        count = self._counts.get(at_ms)
        if count is None:
            count = 0
            ctx.timer_service().register_event_time_timer(at_ms)
        self._waiting.put(f"{at_ms}/{count}", event)
        self._counts.put(at_ms, count + 1)

    def wake(self, at_ms: int, ctx: Any, shared: Shared) -> Iterable[Row]:
        """Call the step, keep its state, hand out what it made."""
        due = self._due(at_ms)
        state = State(self._value.value(), _Entries(self._entries))
        result = self._step.on_wake(ctx.get_current_key(), state, due, shared, at_ms * 1000)
        self._keep(state, result)
        if result.wake_at_us is not None:
            ctx.timer_service().register_event_time_timer(result.wake_at_us // 1000)
        for route, key, value in result.outputs:
            yield Row(route, key, self._encode(route, value))

    def _due(self, at_ms: int) -> list[bytes]:
        count = self._counts.get(at_ms)
        if count is None:
            return []
        self._counts.remove(at_ms)
        due = []
        for n in range(count):
            name = f"{at_ms}/{n}"
            due.append(self._waiting.get(name))
            self._waiting.remove(name)
        return due

    def _keep(self, state: State, result: Result) -> None:
        if result.value is None:
            self._value.clear()
        elif result.value is not state.value:
            self._value.update(result.value)
        for key, value in result.entries.items():
            if value is None:
                self._entries.remove(key)
            else:
                self._entries.put(key, value)


_NOTHING = Shared()


class StepFunction(KeyedProcessFunction):  # type: ignore[misc]  # PyFlink ships no types
    """Runs a step that nothing is broadcast to.

    Parameters
    ----------
    step
        What runs.
    encode
        ``(route, value) -> bytes``: gives records of topics the form that they leave in.
    warm_up
        Called before the first event: what the step would else do while events wait.
    """

    def __init__(
        self, step: KeyedStep, encode: Encode, warm_up: Callable[[], None] | None = None
    ) -> None:
        self._keyed = _Keyed(step, encode)
        self._warm_up = warm_up

    def open(self, runtime_context: Any) -> None:
        """Open the three states of a key."""
        self._keyed.open(runtime_context)
        if self._warm_up is not None:
            self._warm_up()

    def process_element(self, value: bytes | Row, ctx: Any) -> None:
        """Let one event wait."""
        self._keyed.take(_event(value), ctx)

    def on_timer(self, timestamp: int, ctx: Any) -> Iterable[Row]:
        """Wake the step."""
        return self._keyed.wake(timestamp, ctx, _NOTHING)


class SharedStepFunction(KeyedBroadcastProcessFunction):  # type: ignore[misc]  # as above
    """Runs a step with a broadcast side.

    What is broadcast is kept in Flink's broadcast state and mirrored in a Python index, because
    reading it through Flink at every wake costs more than the step.

    Parameters
    ----------
    step, encode
        As for `StepFunction`.
    share
        How something broadcast changes what all keys share: ``(shared, event) -> changes``.
    """

    def __init__(self, step: KeyedStep, encode: Encode, share: Share) -> None:
        self._keyed = _Keyed(step, encode)
        self._share = share
        self._index: Shared | None = None

    def open(self, runtime_context: Any) -> None:
        """Open the three states of a key."""
        self._keyed.open(runtime_context)

    def process_element(self, value: bytes | Row, ctx: Any) -> Iterable[Row]:
        """Let one event wait."""
        self._keyed.take(_event(value), ctx)
        return ()

    def process_broadcast_element(self, value: Row, ctx: Any) -> Iterable[Row]:
        """Keep what was broadcast: a row of key and event."""
        index = self._mirror(ctx)
        changes = self._share(index, _event(value[1]))
        kept = ctx.get_broadcast_state(shared_descriptor())
        for key, packed in changes.items():
            if packed is None:
                kept.remove(key)
            else:
                kept.put(key, packed.decode(_LATIN1))
        index.change(changes)
        return ()

    def on_timer(self, timestamp: int, ctx: Any) -> Iterable[Row]:
        """Wake the step."""
        return self._keyed.wake(timestamp, ctx, self._mirror(ctx))

    def _mirror(self, ctx: Any) -> Shared:
        if self._index is None:
            kept = ctx.get_broadcast_state(shared_descriptor())
            self._index = Shared({key: text.encode(_LATIN1) for key, text in kept.items()})
        return self._index
