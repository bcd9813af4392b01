from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.domain.rule_match import Match, Subject, Turns, hash_to_fraction, parse_range

SUBJECT = Subject(("61491570156", "61491570157"), "Given", "Your code is 1234", "test-key")


@pytest.mark.parametrize(
    "match",
    [
        Match(),
        Match(to="61491570156"),
        Match(to="0491570157"),
        Match(to="+61 491 570 157"),
        Match(to="6149157*"),
        Match(to="04*"),
        Match(to="61491570157-61491570999"),
        Match(sender="gIVEN"),
        Match(text="CODE is"),
        Match(key="test-key"),
        Match(to="61491570156", sender="Given", text="1234", key="test-key"),
    ],
)
def test_a_matching_message_is_recognised(match: Match) -> None:
    assert match.matches(SUBJECT)


@pytest.mark.parametrize(
    "match",
    [
        Match(to="61491570158"),
        Match(to="6149157015"),
        Match(to="61491571*"),
        Match(to="61491570158-61491570999"),
        Match(sender="Give"),
        Match(text="codes"),
        Match(key="test"),
        Match(to="61491570156", sender="Abc"),
    ],
)
def test_another_message_does_not_match(match: Match) -> None:
    assert not match.matches(SUBJECT)


@pytest.mark.parametrize("wanted", ["", "abc", "61491570157-61491570156", "61-6149", "6149*57", "1" * 16, "٣٤", "-"])
def test_malformed_numbers_are_refused(wanted: str) -> None:
    if wanted:
        with pytest.raises(ValueError, match=r"is not a (phone number|range)"):
            Match(to=wanted)
    else:
        with pytest.raises(ValueError, match="is not a phone number"):
            parse_range(wanted)


@pytest.mark.parametrize("number", ["614915701555", "6149157011"])
def test_a_range_means_numbers_of_its_own_length(number: str) -> None:
    assert not Match(to="61491570100-61491570199").matches(Subject((number,)))


@pytest.mark.parametrize("field", ["to", "sender", "text", "key"])
def test_the_fields_of_a_match_are_texts(field: str) -> None:
    with pytest.raises(TypeError, match="must be texts"):
        Match(**{field: 5})  # type: ignore[arg-type]


@pytest.mark.parametrize("wanted", [{"nth": 0}, {"count": 0}, {"share": 0.0}, {"share": 1.5}, {"share": float("nan")}])
def test_impossible_turns_are_refused(wanted: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be at least 1"):
        Turns(**wanted)


@pytest.mark.parametrize("wanted", [{"nth": "2"}, {"nth": None}, {"count": "2"}, {"share": "0.5"}])
def test_turns_are_numbers(wanted: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        Turns(**wanted)


def test_turns_begin_at_the_nth_and_end_after_the_count() -> None:
    turns = Turns(nth=2, count=2)
    used, came = 0, []
    for seen in range(1, 6):
        came.append(turns.apply_to(seen, used, "seed"))
        used += came[-1]
    assert came == [False, True, True, False, False]


@given(st.floats(0.05, 0.95), st.text(max_size=5))
def test_a_share_is_kept_and_repeats_for_the_same_seed(share: float, seed: str) -> None:
    turns = Turns(share=share)
    came = [turns.apply_to(seen, 0, f"{seed} {seen}") for seen in range(1, 1001)]
    assert came == [turns.apply_to(seen, 0, f"{seed} {seen}") for seen in range(1, 1001)]
    assert abs(sum(came) / 1000 - share) < 0.1


@given(st.text())
def test_a_portion_is_below_one(text: str) -> None:
    assert 0 <= hash_to_fraction(text) < 1
