"""Links in texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.domain.links import find_links, is_short_link


@pytest.mark.parametrize(("text", "links"), [
    ("", []),
    ("Open https://example.com/a?b=c&d=e#f now", ["https://example.com/a?b=c&d=e#f"]),
    ("See http://localhost:8080/x.", ["http://localhost:8080/x"]),
    ("(https://example.com/a_(b))", ["https://example.com/a_(b)"]),
    ("Is it https://example.com/a? Yes!", ["https://example.com/a"]),
    ("Go to example.com/reset/123, please", ["example.com/reset/123"]),
    ("Visit www.example.com.au!", ["www.example.com.au"]),
    ("TapTh.is/aB3dE5fG or UnsubRep.ly/zzzzzzzz.", ["TapTh.is/aB3dE5fG", "UnsubRep.ly/zzzzzzzz"]),
    ("twice https://a.example/ https://a.example/", ["https://a.example/"]),
    ("Write to me@example.com or you@example.com/x", []),
    ("Fine.Thanks, e.g. 3.50 and v1.2.3", []),
    ("https:// nothing", []),
    ("javascript:alert(1) data:text/html,x", []),
    ("“https://example.com/a”", ["https://example.com/a"]),
])  # fmt: skip
def test_links_are_found(text: str, links: list[str]) -> None:
    assert list(find_links(text)) == links


def test_short_links_differ_from_others() -> None:
    assert is_short_link("tapth.is/aB3dE5fG")
    assert not is_short_link("TapTh.is/aB3dE5fG/more")
    assert not is_short_link("https://example.com/")


@given(st.text(max_size=200))
def test_links_are_parts_of_the_text_in_order(text: str) -> None:
    place = 0
    for link in find_links(text):
        place = text.index(link, place)
        assert not link.lower().startswith(("javascript:", "data:"))
