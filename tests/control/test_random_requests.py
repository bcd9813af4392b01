"""Random bodies and queries: none makes an operation fail."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sms_sandbox.control.errors import ControlError
from sms_sandbox.control.messages import send_inbound
from sms_sandbox.control.routes import OPERATIONS
from tests.sandbox import HANDSET, Account

_TIMES = st.sampled_from(
    ["2030-01-31T12:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2030-01-31", "1969-12-31T23:59:59Z"]
)
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, 1, 2**31, 2**63 - 1, 2**63, -(2**63), 10**30]),
    st.floats(),
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.sampled_from(
        ["a\x00b", "never", "delivered", HANDSET, "+61491570112", "current", "http://127.0.0.1:9/", "seed"]
    ),
    _TIMES,
)
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)
)
_WRITES = [each for each in OPERATIONS if each.verb != "GET" and each.name != "delete_tenant"]
_FIELDS = sorted({name for each in OPERATIONS if each.body for name in each.body.__struct_encode_fields__})


@given(data=st.data())
@settings(max_examples=150)
def test_no_body_makes_an_operation_fail(tenant: Account, data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from(_WRITES))
    own = operation.body.__struct_encode_fields__ if operation.body else ()
    names = st.sampled_from([*own, *own, *own, *_FIELDS])
    body = data.draw(st.dictionaries(names, _VALUES, max_size=4) | _VALUES)
    raw = json.dumps(body).encode("utf-8", "surrogatepass")
    if data.draw(st.integers(0, 9)) == 0:
        raw = data.draw(st.binary(max_size=40))
    kind = data.draw(st.sampled_from(["1", "current", "0", str(10**30), "%00", "%ED%A0%80", "-5"]))
    answer = tenant.control(operation.verb, re.sub(r"\{\w+\}", kind, operation.path), raw)
    assert answer.status < 500, (operation.name, raw, answer.body)
    if answer.status >= 400:
        assert answer.json["error"]["message"]


_QUERIES = [each for each in OPERATIONS if each.query and not each.streams]


@given(data=st.data())
@settings(max_examples=60)
def test_no_query_makes_an_operation_fail(tenant: Account, data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from(_QUERIES))
    names = st.sampled_from(operation.query.__struct_fields__)
    values = (
        st.text(st.characters(codec="utf-8"), max_size=20) | st.integers().map(str) | st.sampled_from(["\x00", "1"])
    )
    query = data.draw(st.dictionaries(names, values, max_size=3))
    answer = tenant.control("GET", re.sub(r"\{\w+\}", HANDSET, operation.path), None, **query)
    assert answer.status in (200, 422), (operation.name, query, answer.body)


def test_a_complaint_is_in_words() -> None:
    with pytest.raises(ControlError) as caught:
        send_inbound.arguments({}, {}, b'{"from": "nobody", "text": "Hi"}')
    assert caught.value.message == ("Expected `str` of 3 to 15 digits, a number in international form - at `$.from`.")
