import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.domain.opt_out import OPT_OUT_WORDS, RESERVED_WORDS, is_opt_out


@pytest.mark.parametrize("word", sorted(OPT_OUT_WORDS))
@given(before=st.text(" \t\r\n", max_size=3), after=st.text(" \t\r\n", max_size=3))
def test_opt_out_words_are_recognised(word: str, before: str, after: str) -> None:
    assert is_opt_out(before + word + after)
    assert is_opt_out(before + word.lower() + after)
    assert is_opt_out(word.title())


@pytest.mark.parametrize(
    "text", ["", "STOP it", "please stop", "STOP.", "OPT  OUT", "HELP", "more", "Continue", "ADD", "\u017ftop"]
)
def test_other_replies_are_not_opt_outs(text: str) -> None:
    assert not is_opt_out(text)


def test_reserved_words_are_the_opt_out_words_and_four_others() -> None:
    assert sorted(RESERVED_WORDS - OPT_OUT_WORDS) == ["ADD", "CONTINUE", "HELP", "MORE"]
    assert len(RESERVED_WORDS) == 13
