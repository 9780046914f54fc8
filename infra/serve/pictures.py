"""Records on their way from the broker to those that answer, pictures as snapshots."""

from collections.abc import Callable

from infra.serve.directory import Directory
from infra.serve.hub import Hub
from jobs.io.avro import AvroCodec
from jobs.io.reader import BEGINNING, Record
from operators.fused import snapshot
from operators.routes import OBJECTS, SIGNALS, SOURCES
from operators.services.signals import Signals

REBUILD_US = 3_000_000  # every cell that is awake publishes at every tick
AVRO = (OBJECTS, SIGNALS)
TOPICS = {OBJECTS: REBUILD_US, SIGNALS: REBUILD_US, SOURCES: BEGINNING}


class Taker:
    """Turns records into what those that answer take.

    Parameters
    ----------
    codec
        Reads pictures.
    hub, directory, signals
        Where they go.
    call
        Runs a function where the hub lives: `loop.call_soon_threadsafe`.
    """

    def __init__(
        self,
        codec: AvroCodec,
        hub: Hub,
        directory: Directory,
        signals: Signals,
        call: Callable[..., object],
    ) -> None:
        self._codec = codec
        self._hub = hub
        self._directory = directory
        self._signals = signals
        self._call = call

    def __call__(self, records: list[Record]) -> None:
        """Take one batch; called in the reader's thread."""
        snapshots = [
            snapshot(self._codec.decode(OBJECTS, one.value))
            for one in records
            if one.topic == OBJECTS
        ]
        if snapshots:
            self._call(self._hub.take, snapshots)
        for one in records:
            if one.topic == SOURCES:
                self._call(self._directory.take, one.value, one.appended_us, one.offset)
            elif one.topic == SIGNALS:
                self._call(self._signals.take, self._codec.decode(SIGNALS, one.value))
