import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.domain.senders import Kind, Sender, is_reserved, parse_sender


@pytest.mark.parametrize(
    ("raw", "sender"),
    [
        ("61491570110", Sender("61491570110", Kind.NUMBER)),
        (" 61491570110", Sender("61491570110", Kind.NUMBER)),
        ("+61 491-570.(110)", Sender("61491570110", Kind.NUMBER)),
        ("1", Sender("1", Kind.NUMBER)),
        ("1" * 15, Sender("1" * 15, Kind.NUMBER)),
        ("1" * 16, None),
        ("MyCompany", Sender("MyCompany", Kind.WORD)),
        ("A", Sender("A", Kind.WORD)),
        ("24-7.Shop!", Sender("24-7.Shop!", Kind.WORD)),
        ("ElevenChars", Sender("ElevenChars", Kind.WORD)),
        ("TwelveChars.", None),
        ("My Company", Sender("My Company", Kind.WORD)),
        ("A  B", Sender("A  B", Kind.WORD)),
        (" Shop", None),
        ("Shop ", None),
        ("Twelve Chars", None),
        ("My\u00a0Shop", None),
        ("Shop\n", None),
        ("Café", None),
        ("-!-", None),
        ("+", None),
        ("", None),
    ],
)
def test_senders_are_parsed(raw: str, sender: Sender | None) -> None:
    assert parse_sender(raw) == sender


@pytest.mark.parametrize(("word", "must"), [("MyShop", False), ("My Shop", True)])
def test_a_word_with_a_space_must_be_registered(word: str, must: bool) -> None:
    assert Sender(word, Kind.WORD).must_be_registered is must


@given(st.text(max_size=20))
def test_a_parsed_sender_can_be_parsed_again(raw: str) -> None:
    sender = parse_sender(raw)
    assert sender is None or parse_sender(sender.text) == sender


def test_reserved_senders_are_recognised() -> None:
    assert is_reserved("BadCallerId")
    assert not is_reserved("Shop")
    assert parse_sender("BADCALLERID") == Sender("BADCALLERID", Kind.WORD)
