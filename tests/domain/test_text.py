import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.domain.text import (
    Segments,
    cut_to_parts,
    find_extension_characters,
    find_other_characters,
    segments,
    split_to_parts,
)

PLAIN = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./09:;<=>?¡AZÄÖÑÜ§¿azäöñüà"
EXTENSION = "^{}[]~|\\€\f"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("", Segments("GSM-7", 0, 1)),
        (PLAIN, Segments("GSM-7", len(PLAIN), 1)),
        (EXTENSION, Segments("GSM-7", 20, 1)),
        ("a" * 160, Segments("GSM-7", 160, 1)),
        ("a" * 161, Segments("GSM-7", 161, 2)),
        ("a" * 306, Segments("GSM-7", 306, 2)),
        ("a" * 612, Segments("GSM-7", 612, 4)),
        ("a" * 613, Segments("GSM-7", 613, 5)),
        ("one\ntwo", Segments("GSM-7", 7, 1)),
        ("one\r\ntwo", Segments("GSM-7", 8, 1)),
        ("€" * 80, Segments("GSM-7", 160, 1)),
        ("a" * 159 + "€", Segments("GSM-7", 161, 2)),
        ("ж" * 70, Segments("UCS-2", 70, 1)),
        ("ж" * 71, Segments("UCS-2", 71, 2)),
        ("ж" * 268, Segments("UCS-2", 268, 4)),
        ("ж" * 269, Segments("UCS-2", 269, 5)),
        ("😀", Segments("UCS-2", 2, 1)),
        ("😀" * 35, Segments("UCS-2", 70, 1)),
        ("`", Segments("UCS-2", 1, 1)),
        ("ç", Segments("UCS-2", 1, 1)),
        ("\x1b", Segments("UCS-2", 1, 1)),
    ],
)
def test_texts_have_their_known_lengths(message: str, expected: Segments) -> None:
    assert segments(message) == expected


def test_an_emoji_may_lie_on_the_boundary_of_two_parts() -> None:
    assert segments("ж" * 66 + "😀" + "ж" * 66) == Segments("UCS-2", 134, 2)
    assert segments("😀" * 134) == Segments("UCS-2", 268, 4)


def test_an_escape_pair_is_not_cut_in_two() -> None:
    assert segments("a" * 152 + "€" + "a" * 152) == Segments("GSM-7", 306, 3)
    assert segments("a" * 151 + "€" + "a" * 153) == Segments("GSM-7", 306, 2)
    assert segments("a" * 304 + "€") == Segments("GSM-7", 306, 2)


@given(st.integers(0, 2000))
def test_parts_of_plain_text_follow_from_its_length(length: int) -> None:
    assert segments("x" * length) == Segments("GSM-7", length, 1 if length <= 160 else -(-length // 153))


@given(st.text(st.sampled_from("ab€{"), max_size=700))
def test_packing_loses_at_most_one_septet_a_part(message: str) -> None:
    parts = segments(message)
    if parts.units > 160:
        assert -(-parts.units // 153) <= parts.parts <= -(-parts.units // 152)


@given(st.sampled_from([1, 75, 150, 400]), st.text(st.sampled_from("a€[ж😀\x1b"), max_size=30), st.text(max_size=20))
def test_a_longer_text_has_no_fewer_parts(times: int, message: str, more: str) -> None:
    assert segments(message * times).parts <= segments(message * times + more).parts


@given(st.text(st.characters()))
def test_any_text_has_a_length(message: str) -> None:
    assert segments(message).parts >= 1


def test_a_lone_surrogate_is_one_unit() -> None:
    assert segments("\ud83d") == Segments("UCS-2", 1, 1)


@given(st.text(f"ab{EXTENSION}жé😀", max_size=700), st.integers(1, 4))
def test_a_text_is_cut_to_the_given_parts(message: str, parts: int) -> None:
    kept = cut_to_parts(message, parts)
    assert message.startswith(kept)
    assert segments(kept).parts <= parts
    assert kept == message or segments(message[: len(kept) + 1]).parts > parts


@pytest.mark.parametrize(("parts", "kept"), [(1, 160), (2, 306), (3, 459), (4, 612)])
def test_a_cut_text_has_as_many_characters_as_the_parts_hold(parts: int, kept: int) -> None:
    assert cut_to_parts("a" * 1000, parts) == "a" * kept


@given(st.text(st.sampled_from("a€[ж😀"), max_size=12), st.integers(1, 60))
def test_a_text_is_split_into_the_counted_parts(message: str, times: int) -> None:
    parts = split_to_parts(message * times)
    assert "".join(parts) == message * times
    assert len(parts) == segments(message * times).parts
    if segments(message * times).encoding == "GSM-7" and len(parts) > 1:
        assert all(segments(part).units <= 153 for part in parts)


@pytest.mark.parametrize(("message", "parts"), [
    ("", [""]),
    ("a" * 161, ["a" * 153, "a" * 8]),
    ("a" * 152 + "€" * 5, ["a" * 152, "€" * 5]),
    ("ж" * 71, ["ж" * 67, "ж" * 4]),
    ("ж" * 66 + "😀ж" * 2, ["ж" * 66 + "😀", "ж😀ж"]),
])  # fmt: skip
def test_a_text_is_split_as_the_handset_gets_it(message: str, parts: list[str]) -> None:
    assert split_to_parts(message) == parts


def test_characters_that_make_a_text_longer_are_named() -> None:
    assert find_other_characters("a✓b😀✓é") == "✓😀"
    assert find_other_characters("plain {€}") == ""
    assert find_extension_characters("a{b€c}{") == "{€}"
