import pytest

from operators.decode.registry import decode
from operators.errors import DecodeError, StationError
from operators.reasons import SENTENCES, Disposition, Reason, Use


def test_every_reason_has_one_sentence_and_a_code_that_is_its_name():
    assert set(SENTENCES) == set(Reason)
    assert all(reason.value == reason.name for reason in Reason)
    assert len(set(SENTENCES.values())) == len(Reason)


@pytest.mark.parametrize("sentence", SENTENCES.values())
def test_a_sentence_is_one_for_a_person(sentence):
    assert sentence[0].isupper()
    assert sentence[-1] in ".?"
    assert len(sentence) <= 100


def test_fates_have_numbers_of_their_own():
    # Released numbers stand in tables; a new fate takes a new one.
    assert [d.value for d in Disposition] == list(range(1, 10))
    assert [u.value for u in Use] == list(range(1, 7))


def test_a_decode_error_carries_its_reason():
    with pytest.raises(StationError) as caught:
        decode("no.such.format", b"{}", 0)
    assert isinstance(caught.value, DecodeError)
    assert caught.value.reason is Reason.UNKNOWN_FORMAT
    assert "no.such.format" in str(caught.value)
