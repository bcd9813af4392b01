"""Conversion between the store's values and the shapes of control."""

import json

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from sms_sandbox.control.conversion import parse_reply

_ANY_CHARACTER = st.text(st.characters(codec=None, exclude_categories=()))
_NO_REPLY = st.none() | st.booleans() | st.integers() | st.floats() | _ANY_CHARACTER
_DATA = st.recursive(_NO_REPLY, lambda inner: st.lists(inner) | st.dictionaries(_ANY_CHARACTER, inner))


@given(_DATA.map(json.dumps) | st.text())
@example("[" * 5000 + "]" * 5000)
@example("1e400")
def test_any_value_of_a_reply_can_be_written(text: str) -> None:
    for reply in (text, text.encode()):
        parsed = parse_reply(reply)
        assert msgspec.json.decode(msgspec.json.encode(parsed)) == parsed
        assert parsed == text or parsed == json.loads(text)


@given(st.binary())
def test_a_reply_of_any_bytes_is_shown(raw: bytes) -> None:
    msgspec.json.encode(parse_reply(raw))
