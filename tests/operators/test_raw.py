import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.errors import LayoutError
from operators.raw import SEPARATOR, pack_raw, receive_time_us, unpack_raw
from tests.builders import START_US, a_raw_record

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x1f"), max_size=9)


@given(
    offset=st.integers(0, 2**62),
    receive_ms=st.integers(0, 2**52),
    shift=st.integers(-1_500_000_000_000_000, 1_500_000_000_000_000),
    body=st.none() | st.binary(),
    texts=st.tuples(TEXT, TEXT, TEXT),
)
def test_a_record_survives_packing(offset, receive_ms, shift, body, texts):
    named = dict(zip(("format", "source", "key"), texts, strict=True))
    record = a_raw_record(offset, receive_ms * 1000, body, shift_us=shift, **named)
    assert unpack_raw(pack_raw(record)) == record
    assert receive_time_us(pack_raw(record)) == receive_ms * 1000


def test_a_body_of_separators_stays_whole():
    record = a_raw_record(body=SEPARATOR * 9)
    assert unpack_raw(pack_raw(record)).body == SEPARATOR * 9


def test_an_empty_body_is_no_pulse():
    assert unpack_raw(pack_raw(a_raw_record(body=b""))).body == b""
    assert unpack_raw(pack_raw(a_raw_record(body=None))).body is None


def test_a_separator_in_a_name_cannot_shift_the_fields():
    record = unpack_raw(pack_raw(a_raw_record(source="a\x1fb", body=b"x")))
    assert (record.source, record.body) == ("a_b", b"x")


@pytest.mark.parametrize(
    ("header", "shift"),
    [(b"5", 5), (b"-5", -5), (b"", 0), (b"-", 0), (b"--5", 0), (b"5.0", 0), (b"x", 0)],
)
def test_a_shift_that_is_no_number_shifts_nothing(header, shift):
    parts = pack_raw(a_raw_record()).split(SEPARATOR)
    parts[2] = header
    assert unpack_raw(SEPARATOR.join(parts)).shift_us == shift


@pytest.mark.parametrize("digits", [17, 18, 19, 4000])
def test_a_shift_out_of_this_age_shifts_nothing(digits):
    # Adapters anchor dates at receive time minus shift: it has to be a date.
    parts = pack_raw(a_raw_record(receive_us=START_US)).split(SEPARATOR)
    for sign in (b"", b"-"):
        parts[2] = sign + b"9" * digits
        assert unpack_raw(SEPARATOR.join(parts)).shift_us == 0


def test_missing_fields_are_refused():
    whole = pack_raw(a_raw_record(body=b""))
    with pytest.raises(LayoutError):
        unpack_raw(whole.rsplit(SEPARATOR, 1)[0])


def test_bytes_that_are_no_text_do_not_stop_the_reading():
    parts = pack_raw(a_raw_record(body=b"x")).split(SEPARATOR)
    parts[4] = b"\xff\xfe"
    assert unpack_raw(SEPARATOR.join(parts)).body == b"x"
