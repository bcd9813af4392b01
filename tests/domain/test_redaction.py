import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.domain.redaction import MAX_URL_PARAMETERS, MIN_SECRET_LENGTH, is_secret_name, redact, redact_url


@pytest.mark.parametrize(
    "name", ["password", "access_token", "apiKey", "x-api-key", "Authorization", "cvv", "cardnumber"]
)
def test_names_of_secrets_are_recognised(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["", "order", "key", "message", "mobile", "is_optout"])
def test_other_names_are_not_secret(name: str) -> None:
    assert not is_secret_name(name)


@given(st.text(), st.text("ab", min_size=MIN_SECRET_LENGTH), st.text())
def test_a_secret_is_hidden_anywhere_in_a_text(before: str, secret: str, behind: str) -> None:
    assert secret not in redact(f"{before}{secret}{behind}", secret)


@pytest.mark.parametrize("secret", ["", "hi", "a" * (MIN_SECRET_LENGTH - 1)])
def test_a_secret_that_looks_like_a_word_is_not_replaced(secret: str) -> None:
    text = f"hi there, {secret}"
    assert redact(text, secret) == text


OWN = "own/se+cret"


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("http://user:pw@h/?access_token=x", "http://…@h/?access_token=…"),
        (" HTTP://user:p&w@h:80/a", " HTTP://…@h:80/a"),
        ("//user@h", "//…@h"),
        ("user:pw@h/?a=1", "…@h/?a=1"),
        ("http://h/a?b=1&api%5Fkey=x&token&Token=&c=2#d", "http://h/a?b=1&api%5Fkey=…&token&Token=…&c=2#d"),
        ("http://h/#/in?access_token=x", "http://h/#/in?access_token=…"),
        ("http://h/?to=http://i/?token=x&b", "http://h/?to=http://i/?token=…&b"),
        (f"http://h/{OWN}/a", "http://h/…/a"),
        ("http://h/own%2Fse%2Bcret%20é", "http://h/…%20%C3%A9"),
        ("http://h/?own%2Fse%2bcret=%26own/se+cret", "http://h/?…=%26…"),
        ("http://[", "http://["),
        ("\udcff%2", "\udcff%2"),
        ("http://h/\ud800own%2Fse%2bcret", "http://h/%3F…"),
    ],
)
def test_secrets_in_a_url_are_hidden(url: str, kept: str) -> None:
    assert redact_url(url, OWN) == kept


@given(st.text("ab:/?#&=%20+.", max_size=30), st.text(max_size=10))
def test_a_url_without_secrets_does_not_change(url: str, more: str) -> None:
    written = url + more.replace("@", "")
    assert redact_url(written, "a-secret-not-in-it") == written


def test_a_url_with_too_many_parameters_is_cut() -> None:
    url = "http://h/?" + "&".join(f"a{index}=1" for index in range(100_000))
    kept = redact_url(url, OWN)
    assert kept.endswith(f"&a{MAX_URL_PARAMETERS - 2}=1&…")
    assert url.startswith(kept.removesuffix("…"))
