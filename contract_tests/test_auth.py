"""Authentication (1.6): of every method, with right and wrong credentials."""

from base64 import b64encode
from collections.abc import Callable

import pytest

from .client import Api
from .grants import NOTHING
from .plugin import about, needs
from .shapes import METHODS
from .wire import Answer

pytestmark = needs(NOTHING)

ANY_FORMAT = pytest.mark.parametrize("fmt", ["json", "xml"])


def with_header(api: Api, value: str | None, fmt: str, method: str = "get-balance") -> Answer:
    return api.request("POST", f"/{method}.{fmt}", headers={"Authorization": value})


def basic(user: str, password: str) -> str:
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


WRONG: dict[str, tuple[str, Callable[[Api], str | None]]] = {
    "no header": ("AUTH_FAILED_NO_DATA", lambda _: None),
    "another scheme": ("AUTH_FAILED_NO_DATA", lambda api: api.credentials.header.replace("Basic", "Bearer")),
    "undecodable": ("AUTH_FAILED_NO_DATA", lambda _: "Basic !!!"),
    "no colon": ("AUTH_FAILED_NO_DATA", lambda _: "Basic bm9jb2xvbg=="),
    "unknown key": ("AUTH_FAILED", lambda api: basic("0f1e2d3c4b5a69788796a5b4c3d2e1f0x", api.credentials.secret)),
    "wrong secret": ("AUTH_FAILED", lambda api: basic(api.credentials.key, "not the secret")),
    "no secret": ("AUTH_FAILED", lambda api: basic(api.credentials.key, "")),
}
"""Wrong credentials: the expected code, and the Authorization header."""


@ANY_FORMAT
@pytest.mark.parametrize("way", WRONG)
@about("get-balance")
def test_wrong_credentials_are_refused(api: Api, way: str, fmt: str) -> None:
    code, header = WRONG[way]
    api.check_refusal(code, with_header(api, header(api), fmt))


@pytest.mark.parametrize("method", METHODS)
def test_no_method_answers_without_credentials(api: Api, method: str) -> None:
    api.check_refusal("AUTH_FAILED_NO_DATA", with_header(api, None, "json", method))


@pytest.mark.parametrize("method", METHODS)
def test_no_method_accepts_an_unknown_key(api: Api, method: str) -> None:
    # An unknown key does no harm if it is accepted by mistake. The own key with a wrong secret might.
    unknown = basic("0f1e2d3c4b5a69788796a5b4c3d2e1f0x", "not the secret")
    api.check_refusal("AUTH_FAILED", with_header(api, unknown, "xml", method))


@about("get-balance")
def test_credentials_in_the_form_are_ignored(api: Api) -> None:
    form = {"key": api.credentials.key, "secret": api.credentials.secret}
    no_credentials = {"Authorization": None}
    for answer in (
        api.request("POST", "/get-balance.json", headers=no_credentials, params=form),
        api.request("POST", "/get-balance.json", headers=no_credentials, data=form),
    ):
        api.check_refusal("AUTH_FAILED_NO_DATA", answer)


@ANY_FORMAT
@about("get-balance")
def test_the_scheme_may_be_written_in_any_case(api: Api, fmt: str) -> None:
    api.check_success(with_header(api, api.credentials.header.replace("Basic", "basic"), fmt))
