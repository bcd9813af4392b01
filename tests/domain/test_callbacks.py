import hmac
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.domain import callbacks
from sms_sandbox.domain.callbacks import (
    delivery_report,
    destination,
    first_url,
    is_http_url,
    is_success,
    link_hit,
    list_action,
    next_wait,
    reply,
    signature,
    with_parameters,
)

SECRET = "sandbox-secret"
AT = datetime(2020, 6, 21, 4, 48, tzinfo=UTC)
URL = "https://app.example.com/dlr"

texts = st.text(st.characters(exclude_categories=["Cs"]))
urls = st.sampled_from(
    [URL, f"{URL}?", f"{URL}?own=1", f"{URL}?own=a%2Fb&", "http://h?x", "http://h/a&", f"{URL}#part"]
)


def test_the_waits_between_attempts_grow() -> None:
    waits = [next_wait(tries) for tries in range(1, 7)]
    assert waits == [
        timedelta(minutes=1),
        timedelta(minutes=5),
        timedelta(hours=1),
        timedelta(days=1),
        None,
        None,
    ]


def test_only_statuses_2xx_are_a_success() -> None:
    assert [status for status in (0, 101, 199, 200, 204, 299, 300, 302, 404, 500) if is_success(status)] == [
        200,
        204,
        299,
    ]


def test_the_first_url_that_is_given_is_used() -> None:
    assert first_url(None, "", "a", "b") == "a"
    assert first_url(None, "") is None
    assert first_url() is None


@pytest.mark.parametrize(
    ("url", "called"),
    [
        (URL, f"{URL}?a=1+2&b=%C3%A9"),
        (f"{URL}?", f"{URL}?a=1+2&b=%C3%A9"),
        (f"{URL}?myparameter=my/value", f"{URL}?myparameter=my/value&a=1+2&b=%C3%A9"),
        (f"{URL}?x=1&", f"{URL}?x=1&a=1+2&b=%C3%A9"),
        (f"{URL}?x=1#here?", f"{URL}?x=1&a=1+2&b=%C3%A9"),
        (f"{URL}#here?", f"{URL}?a=1+2&b=%C3%A9"),
        ("http://h/path&", "http://h/path&?a=1+2&b=%C3%A9"),
    ],
)
def test_parameters_follow_the_query_of_the_url(url: str, called: str) -> None:
    assert with_parameters(url, [("a", "1 2"), ("b", "é")]) == called


def test_parameters_are_encoded_as_php_does() -> None:
    called = with_parameters(URL, [("t~", "12:30 ~-_.*/+&=\n[]😀")])
    assert called == f"{URL}?t%7E=12%3A30+%7E-_.%2A%2F%2B%26%3D%0A%5B%5D%F0%9F%98%80"
    assert with_parameters(URL, [("a", "\ud83d")]) == f"{URL}?a=%3F"
    assert with_parameters(f"{URL}?x#y", []) == f"{URL}?x"


@given(urls, st.lists(st.tuples(texts, texts)))
def test_parameters_can_be_read_back(url: str, params: list[tuple[str, str]]) -> None:
    called = with_parameters(url, params)
    own = url.partition("#")[0]
    assert called.startswith(own)
    own_params = parse_qsl(urlsplit(own).query, keep_blank_values=True)
    assert parse_qsl(urlsplit(called).query, keep_blank_values=True) == own_params + params


# Queries and signatures that PHP computed with the vendor's algorithm.
DELIVERED = (
    "message_id=340263609&mobile=61491570156&datetime=2020-06-21+04%3A48%3A00&status=delivered&user_id=54911&rate=10"
)
DELIVERED_SIGNED = "b4a1dadc27474bcdd3e9bc0b4264a53279de14692101483636f4c4e02feb2a1c"
REPLIED = (
    "myparameter=my%2Fvalue&user_id=54911&rate=10&mobile=61491570156&response=Thanks+%C3%A9&message_id=340263609"
    "&response_id=35566670&longcode=61491570110&datetime_entry=2020-06-21+04%3A50%3A12&is_optout=no"
)
REPLIED_SIGNED = "9fa32a3885063f01cb35ab38d7399cf638358ca0d5defac314b80adbbaf38f58"
DELETED = (
    "Carrier=Telstra&Date+Added=2020-05-01&datetime_entry=2020-05-16+13%3A13%3A20&firstname=Ivy&lastname=Stone"
    "&list_id=4026600&mobile=61491570156&type=delete"
)
DELETED_SIGNED = "d22e290650a8a6f9df62584c57a9ce441d7453d98cb0f33f56204151c6cc2414"


@pytest.mark.parametrize(
    ("query", "signed"), [(DELIVERED, DELIVERED_SIGNED), (REPLIED, REPLIED_SIGNED), (DELETED, DELETED_SIGNED)]
)
def test_signatures_equal_those_of_php(query: str, signed: str) -> None:
    assert signature(f"{URL}?{query}", SECRET) == signed
    assert signature(f"{URL}?{query}#part", SECRET) == signed


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("", "[]"),
        ("&&=x&[a]=x&+=x", "[]"),
        ("a", '{"a":""}'),
        ("a=1&b=2&a=3", '{"a":"3","b":"2"}'),
        ("++a.b+c=x=y", '{"a_b_c":"x=y"}'),
        ("u=https%3A//h/%F0%9F%98%80", r'{"u":"https:\/\/h\/\ud83d\ude00"}'),
        ("q=%22%5C%09%01%7F", '{"q":"\\"\\\\\\t\\u0001\x7f"}'),
        ("q=%5Cu007f", '{"q":"\\\\u007f"}'),
        ("é=1", '{"\\u00e9":"1"}'),
        ("a%00b=1", '{"a":"1"}'),
        ("0=a&1=b", '["a","b"]'),
        ("1=a", '{"1":"a"}'),
        ("a[]=1&a[]=2", '{"a":["1","2"]}'),
        ("a[b.c]=1&a[d][e]=2", '{"a":{"b.c":"1","d":{"e":"2"}}}'),
        ("a[5]=1&a[]=2&a[x]=3", '{"a":{"5":"1","6":"2","x":"3"}}'),
        ("a=1&b=2&a[x]=3", '{"a":{"x":"3"},"b":"2"}'),
        ("a[x]=3&a=1", '{"a":"1"}'),
        ("a.b[c=1", '{"a_b_c":"1"}'),
        ("a[b]rest=1&c[d][e=2", '{"a":{"b":"1"},"c":{"d":"2"}}'),
        ("a=1&a" + "[x]" * 65 + "=2&b=3", '{"b":"3"}'),
    ],
)
def test_a_query_is_read_as_php_reads_it(query: str, text: str) -> None:
    assert callbacks._php_json(callbacks._php_query(query)) == text


def test_a_query_that_php_cannot_encode_signs_the_empty_text() -> None:
    assert signature(f"{URL}?a=%FF", SECRET) == hmac.digest(SECRET.encode(), b"", "sha256").hex()


@given(st.text(st.sampled_from("ab=&[]%4+. ?#/é\ud83d0"), max_size=40), st.text(st.characters(codec="utf-8")))
def test_any_url_can_be_signed(query: str, secret: str) -> None:
    signed = signature(f"{URL}?{query}", secret)
    assert len(signed) == 64
    assert signed == signed.lower()
    assert signed != signature(f"{URL}?{query}", f"{secret}x")


def test_a_delivery_report_signs_as_the_vector_does() -> None:
    params = delivery_report(message_id=340263609, mobile="61491570156", at=AT, status="delivered", user_id=54911)
    called = with_parameters(URL, params)
    assert called == f"{URL}?{DELIVERED}"
    assert signature(called, SECRET) == DELIVERED_SIGNED


def test_a_reply_signs_as_the_vector_does() -> None:
    params = reply(
        user_id=54911,
        mobile="61491570156",
        response="Thanks é",
        message_id=340263609,
        response_id=35566670,
        longcode="61491570110",
        at=AT.replace(minute=50, second=12, microsecond=999_999),
        is_optout=False,
    )
    called = with_parameters(f"{URL}?myparameter=my%2Fvalue", params)
    assert called == f"{URL}?{REPLIED}"
    assert signature(called, SECRET) == REPLIED_SIGNED


def test_a_link_hit_is_in_the_order_of_the_alphabet() -> None:
    params = link_hit(
        at=AT.astimezone(timezone(timedelta(hours=10))),
        firstname="",
        lastname="",
        link_hits=2,
        list_id=0,
        longcode="Shop",
        message="See TapTh.is/aB3dE5fG",
        message_id=7,
        mobile="61491570156",
        user_id=54911,
    )
    assert params == sorted(params)
    assert dict(params) == {
        "datetime": "2020-06-21 04:48:00",
        "firstname": "",
        "lastname": "",
        "link_hits": "2",
        "list_id": "0",
        "longcode": "Shop",
        "message": "See TapTh.is/aB3dE5fG",
        "message_id": "7",
        "mobile": "61491570156",
        "rate": "10",
        "user_id": "54911",
    }


def test_an_opt_out_reply_says_so() -> None:
    params = reply(
        user_id=1,
        mobile="61491570156",
        response="STOP",
        message_id=0,
        response_id=2,
        longcode="1",
        at=AT,
        is_optout=True,
    )
    assert params[-1] == ("is_optout", "yes")


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("https://App.Example.com/dlr?x=1", "https://app.example.com:443"),
        ("HTTP://user:pw@host", "http://host:80"),
        ("http://host:8080/", "http://host:8080"),
        ("http://[::1]/", "http://[::1]:80"),
        ("http://127.0.0.1:9#x", "http://127.0.0.1:9"),
    ],
)
def test_destinations_have_scheme_host_and_port(url: str, server: str) -> None:
    assert is_http_url(url)
    assert destination(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "",
        "host/path",
        "//host/path",
        "/path",
        "ftp://host/",
        "javascript:alert(1)",
        "http://",
        "http:///path",
        "http://:80/",
        "http://host:99999/",
        "http://host:x/",
        "http://host:0/",
        "http://[::1/",
        " http://host/",
        "http://host/a b",
        "http://host/\n",
        "http://host/\x00",
        "http://host/\ud83d",
        "http://host/" + "a" * 2048,
    ],
)
def test_other_urls_are_not_http_urls(url: str) -> None:
    assert not is_http_url(url)


@given(st.text(st.characters()) | st.text(st.sampled_from("htp:/[]@?#.%0a\\"), max_size=30).map("http://".__add__))
def test_any_text_can_be_checked_as_a_url(url: str) -> None:
    if is_http_url(url):
        assert is_http_url(destination(url))


def test_a_list_action_has_the_values_of_the_contact() -> None:
    fields = {"Carrier": "Telstra", "Date Added": "2020-05-01", "list_id": "mine", "Émail": ""}
    params = list_action(
        at=AT, list_id=4026600, mobile="61491570156", firstname="Ivy", lastname="", action="delete", fields=fields
    )
    assert params == [
        ("Carrier", "Telstra"),
        ("Date Added", "2020-05-01"),
        ("datetime_entry", "2020-06-21 04:48:00"),
        ("firstname", "Ivy"),
        ("lastname", ""),
        ("list_id", "4026600"),
        ("mobile", "61491570156"),
        ("type", "delete"),
        ("Émail", ""),
    ]
