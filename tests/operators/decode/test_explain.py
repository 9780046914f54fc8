"""The raw field that a canonical one came from is found by asking the adapter."""

import json

import pytest

from operators.decode.explain import explain, flat, unit_of
from operators.decode.formats import Formats
from operators.errors import DecodeError
from tests.operators.decode.mapping.feeds import EXAMPLES, MESSAGES
from tests.operators.decode.test_hostile import ANCHOR_US, RSM, SAMPLES

FORMATS = Formats(EXAMPLES)


def explained(name, payload):
    """Canonical fields by raw field, without the prefix of the first object."""

    def read(body):
        return FORMATS.decode(name, body, ANCHOR_US)

    made = explain(payload, read)
    cut = len("frames.0.")
    return {
        one.path: {e.field[cut:].removeprefix("objects.0.") for e in one.effects} for one in made
    }, made


def test_fields_of_an_rsm():
    found, made = explained("rsm.json", SAMPLES["rsm.json"])
    place = "participants.0.pos.offsetLL.position-LL4"
    assert found["participants.0.speed"] == {"vx_mps", "vy_mps"}
    assert found["participants.0.heading"] == {"heading_rad", "vx_mps", "vy_mps"}
    assert found[f"{place}.lat"] == found["refPos.lat"] == {"lat_deg"}
    assert found["participants.0.secMark"] == {"event_time_us"}
    assert found["participants.0.accuracy.pos"] == {"cov_xx_m2", "cov_xy_m2", "cov_yy_m2"}
    assert found["id"] == {"source_id"}
    assert found["refPos.ele"] == set()
    needed = {one.path: one.needed for one in made}
    assert (needed["participants.0.ptcId"], needed["participants.0.speed"]) == (True, False)
    (width,) = [e for one in made if one.path.endswith("size.width") for e in one.effects]
    assert (width.value, width.unit) == (pytest.approx(1.8), "m")


def test_a_field_that_is_dropped_has_no_effect():
    message = json.loads(json.dumps(RSM)) | {"msgCnt": 7}
    found, made = explained("rsm.json", json.dumps(message).encode())
    assert found["msgCnt"] == set()
    assert not next(one.needed for one in made if one.path == "msgCnt")


def test_words_of_a_report_and_elements_of_an_alert():
    _, report = explained("metar", SAMPLES["metar"])
    effects = {one.value: {e.field.rpartition(".")[2] for e in one.effects} for one in report}
    assert effects["24015G27KT"] == {"wind_from_deg", "wind_mps", "gust_mps"}
    assert effects["3000"] == {"visibility_m"}
    assert effects["NOSIG="] == set()
    _, alert = explained("cap", SAMPLES["cap"])
    areas = {one.path: {e.field for e in one.effects} for one in alert}
    assert areas["polygon"] == {"features.0.area"}
    assert "features.0.valid_from_us" in areas["sent"]


def test_a_mapping_is_explained_as_any_format():
    found, _ = explained("mapping.crossing-radar", MESSAGES["crossing-radar"])
    assert found["targets.0.pos.0"] == {"x_m"}
    assert found["targets.1.conf"] == {"objects.1.score"}
    assert found["ts"] == {"event_time_us"}


def test_fields_of_signals_have_their_names():
    _, made = explained("spat.dris.json", SAMPLES["spat.dris.json"])
    found = {one.path: {effect.field for effect in one.effects} for one in made}
    phase = "body.intersections.0.phases.0"
    assert found[f"{phase}.phase_id"] == {"signals.0.states.0.group"}
    mark = f"{phase}.phase_states.0.timing.utc_timing.likely_end_utc_time.time_mark"
    assert found[mark] == {"signals.0.states.0.likely_end_us"}


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_format_can_be_explained(name):
    if len(SAMPLES[name]) < 8000:  # the large maps take seconds
        _, made = explained(name, SAMPLES[name])
        assert any(one.effects for one in made)


def test_what_is_rejected_is_not_explained():
    with pytest.raises(DecodeError, match="MALFORMED"):
        explained("rsm.json", b"{")


@pytest.mark.parametrize(
    ("field", "unit"),
    [("frames.0.objects.1.vx_mps", "m/s"), ("frames.0.event_time_us", "us"), ("a.cov_xx_m2", "m^2"),
     ("features.0.properties.visibility_m", "m"), ("a.score", ""), ("a.object_class", "")],
)  # fmt: skip
def test_units_are_those_of_the_names(field, unit):
    assert unit_of(field) == unit


def test_flat_names_each_object_by_its_place_in_the_message():
    decoded = FORMATS.decode("mapping.crossing-radar", MESSAGES["crossing-radar"], ANCHOR_US)
    assert flat(decoded)["frames.0.objects.1.object_class"] == "pedestrian"
