from operators import routes
from operators.ingress import DEFAULTS
from schemas import topics


def test_every_topic_that_is_written_or_read_is_declared():
    assert {*routes.TOPICS, *routes.SEGMENT_TOPICS, *routes.RAW, routes.SOURCES} <= set(topics())


def test_every_raw_topic_has_defaults():
    assert set(routes.RAW) == set(DEFAULTS)


def test_no_step_has_the_name_of_a_topic():
    steps = {routes.CELL, routes.IDENTITY, routes.PUBLISH, routes.FEATURE}
    assert len(steps) == 4
    assert not steps & set(routes.TOPICS)
