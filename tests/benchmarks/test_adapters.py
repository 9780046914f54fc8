"""The benchmark of the adapters reads what it says."""

from benchmarks.adapters import cost
from benchmarks.adapters_messages import messages
from operators.decode.registry import decode


def test_every_message_has_the_objects_that_it_names():
    for one in messages((3,)):
        found = decode(one.format, one.payload, 0).frames
        objects = sum(len(frame.observations) for frame in found)
        if one.what != "recorded points":
            assert objects == (3 if "3 objects" in one.what else 1)
        assert objects > 0


def test_cost_counts_objects_and_time():
    found = cost(messages((2,))[-2], turns=1)
    assert (found.objects, found.format) == (2, "rsap.json")
    assert found.objects_per_s == 2 * found.frames_per_s > 0
    assert found.reached is (found.times_json <= 3.0)
