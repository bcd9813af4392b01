"""Keywords at the start of texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.domain import keywords
from sms_sandbox.domain.opt_out import RESERVED_WORDS

WORDS = st.lists(st.text("abßIı ÀéЖ1!", min_size=1, max_size=8).filter(str.strip), min_size=1, max_size=4)
BLANKS = st.sampled_from([" ", "  ", "\t", "\n", "\u00a0", " \r\n "])


@pytest.mark.parametrize(
    ("text", "openings"),
    [
        ("news", ["NEWS", ""]),
        ("  News from\nyou ", ["NEWS FROM YOU", "NEWS FROM", "NEWS", ""]),
        ("news, please", ["NEWS, PLEASE", "NEWS,", ""]),
        ("", [""]),
        (" \n", [""]),
    ],
)
def test_possible_keywords_are_the_beginnings_of_a_text(text: str, openings: list[str]) -> None:
    assert keywords.candidate_keywords(text) == openings


@given(WORDS, st.text(max_size=20), BLANKS, BLANKS)
def test_keywords_are_found_in_any_case_and_with_any_blanks(
    words: list[str], rest: str, before: str, after: str
) -> None:
    text = before + before.join(words) + after + rest
    word = keywords.normalize(" ".join(words))
    assert word in keywords.candidate_keywords(text)
    assert word in keywords.candidate_keywords(text.upper())
    assert word in keywords.candidate_keywords(keywords.normalize(text))


@given(WORDS, st.sampled_from("abc1"))
def test_a_part_of_a_word_is_not_a_keyword(words: list[str], more: str) -> None:
    assert keywords.normalize("".join(words[0].split())) not in keywords.candidate_keywords(
        "".join(words[0].split()) + more
    )


@given(st.text())
def test_possible_keywords_end_at_blanks_and_come_longest_first(text: str) -> None:
    candidates = keywords.candidate_keywords(text)
    assert candidates[-1] == ""
    assert candidates == sorted(set(candidates), key=len, reverse=True)
    whole = keywords.normalize(text)
    assert all(f"{whole} ".startswith(f"{each} ") for each in candidates[:-1])
    assert whole in candidates or len(whole) > 255


@given(st.text(max_size=keywords.MAX_KEYWORD_LENGTH))
def test_a_keyword_fits_its_column_and_is_normalised(keyword: str) -> None:
    word = keywords.normalize(keyword)
    assert keywords.normalize(word) == word
    assert len(word) <= 255
    assert word in keywords.candidate_keywords(keyword)


def test_a_very_long_text_has_few_possible_keywords() -> None:
    assert len(keywords.candidate_keywords("a " * 100_000)) == 129


@pytest.mark.parametrize("word", sorted(RESERVED_WORDS))
def test_reserved_words_are_recognised(word: str) -> None:
    assert keywords.is_reserved(word)
    assert keywords.is_reserved(f"  {word.lower().replace(' ', '   ')} ")
    assert not keywords.is_reserved(f"{word}S")
