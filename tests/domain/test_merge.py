import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.domain.merge import (
    SHORT_LINK,
    TRACKED,
    TRACKED_HOST,
    UNSUBSCRIBE,
    UNSUBSCRIBE_HOST,
    fill_fields,
    has_fields,
    link_code,
    link_text,
    place_link,
)

VALUES = {"firstname": "Abc", "favourite colour": "red", "empty": "", "odd": "[firstname]"}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Hi [firstname]!", "Hi Abc!"),
        ("[FirstName][ firstname ][_firstname_]", "AbcAbcAbc"),
        ("[Favourite Colour]", "red"),
        ("<[empty]>", "<>"),
        ("[odd]", "[firstname]"),
        ("[[firstname]]", "[Abc]"),
        ("[unknown] {firstname} [] [ ] ] [", "[unknown] {firstname} [] [ ] ] ["),
        (TRACKED, TRACKED),
    ],
)
def test_fields_are_filled(template: str, text: str) -> None:
    assert fill_fields(template, VALUES) == text


def test_fields_are_detected() -> None:
    assert has_fields("see [this]")
    assert not has_fields("[] {brace} ][")


@given(st.text(st.sampled_from("a[]{ _F"), max_size=30))
def test_a_text_without_fields_does_not_change(template: str) -> None:
    assert fill_fields(template, {}) == template
    if not has_fields(template):
        assert fill_fields(template, {"a": "x", "f": "y"}) == template


def test_only_the_first_marker_becomes_a_link() -> None:
    assert place_link(f"a {TRACKED} b {TRACKED}", TRACKED, "L") == f"a L b {TRACKED}"
    assert place_link("no marker", UNSUBSCRIBE, "L") == "no marker"


@given(st.text(max_size=20), st.integers(0, 2**63), st.sampled_from(["tracked", "unsubscribe"]))
def test_a_code_is_eight_letters_and_digits(seed: str, recipient: int, kind: str) -> None:
    code = link_code(seed, recipient, kind)
    assert len(code) == 8
    assert code.isascii()
    assert code.isalnum()
    assert code == link_code(seed, recipient, kind)


def test_codes_of_links_differ() -> None:
    codes = {link_code(s, r, k) for s in ("one", "two") for r in range(500) for k in ("tracked", "unsubscribe")}
    assert len(codes) == 2000


def test_lengths_of_links_are_those_of_the_service() -> None:
    code = link_code("seed", 1, "tracked")
    assert link_text(TRACKED_HOST, "aB3dE5fG") == "TapTh.is/aB3dE5fG"
    assert len(link_text(TRACKED_HOST, code)) == 17
    assert len(link_text(UNSUBSCRIBE_HOST, code)) == 20


@pytest.mark.parametrize("host", [TRACKED_HOST, UNSUBSCRIBE_HOST])
def test_written_short_links_match_their_pattern(host: str) -> None:
    code = link_code("seed", 1, "tracked")
    match = re.fullmatch(SHORT_LINK, link_text(host, code))
    assert match is not None
    assert match[1] == code
    for other in (f"{host}/{code}x", f"{host}/{code[1:]}", f"{host.replace('.', 'x')}/{code}", f"a.example/{code}"):
        assert re.fullmatch(SHORT_LINK, other) is None
