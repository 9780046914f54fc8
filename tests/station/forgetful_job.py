"""The fusion job, but a cell forgets what it knew when its process is a new one."""

from dataclasses import replace

from jobs import fusion
from operators.step import State


class Forgetful:
    """A step that throws a key's state away at the first wake of the key in this process."""

    def __init__(self, step):
        self._step = step
        self._known = set()

    def wake_for(self, event):
        return self._step.wake_for(event)

    def on_wake(self, key, state, due, shared, at_us):
        if key not in self._known:
            self._known.add(key)
            state = State()
        return self._step.on_wake(key, state, due, shared, at_us)


def flow_of(*arguments):
    honest = fusion.flow_of(*arguments)
    return replace(honest, cell=Forgetful(honest.cell))


if __name__ == "__main__":
    fusion.main(make=flow_of)
