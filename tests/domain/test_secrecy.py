import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.domain.secrecy import LEAST, hidden, names_a_secret


@pytest.mark.parametrize(
    "name", ["password", "access_token", "apiKey", "x-api-key", "Authorization", "cvv", "cardnumber"]
)
def test_names_of_secrets(name: str) -> None:
    assert names_a_secret(name)


@pytest.mark.parametrize("name", ["", "order", "key", "message", "mobile", "is_optout"])
def test_names_of_what_is_none(name: str) -> None:
    assert not names_a_secret(name)


@given(st.text(), st.text("ab", min_size=LEAST), st.text())
def test_a_secret_is_hidden_wherever_it_stands(before: str, secret: str, behind: str) -> None:
    assert secret not in hidden(f"{before}{secret}{behind}", secret)


@pytest.mark.parametrize("secret", ["", "hi", "a" * (LEAST - 1)])
def test_a_secret_that_may_be_a_word_is_not_looked_for(secret: str) -> None:
    text = f"hi there, {secret}"
    assert hidden(text, secret) == text
