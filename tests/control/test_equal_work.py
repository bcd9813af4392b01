"""An unknown key and a wrong secret are refused after the same work."""

import hmac
from typing import Any

import pytest

from sms_sandbox.domain import credentials
from tests.sandbox import Account


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The secrets that were compared with others."""
    seen: list[bytes] = []
    real = hmac.compare_digest

    def compare(known: bytes, given: bytes) -> bool:
        seen.append(given)
        return real(known, given)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    return seen


def refuse(account: Account, *, by_api: bool) -> None:
    if by_api:
        assert account.api("get-balance")["error"]["code"] == "AUTH_FAILED"
    else:
        assert account.refused("GET", "/clock") == (401, "unauthorised")


@pytest.mark.parametrize("by_api", [True, False])
def test_a_secret_is_compared_for_unknown_keys_too(tenant: Account, compared: list[bytes], by_api: bool) -> None:
    made: list[list[bytes]] = []
    for key in (tenant.key, "nobody"):
        compared.clear()
        refuse(Account(tenant.ready, key, "wrong"), by_api=by_api)
        made.append(list(compared))
    assert made[0] == made[1] == [b"wrong"] * len(made[0])
    assert made[0]


@pytest.mark.parametrize("given", ["", "x", credentials._MISSING])
def test_nothing_matches_a_missing_secret(compared: Any, given: str) -> None:
    assert not credentials.matches_secret(given, None)
    assert not credentials.matches_secret(given, "")
    assert len(compared) == 2
