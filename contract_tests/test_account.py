"""The balance (6.11)."""

import pytest

from .client import Api
from .grants import NOTHING
from .plugin import about, needs
from .wire import as_xml

pytestmark = needs(NOTHING)


@about("get-balance")
def test_the_balance_has_a_currency(api: Api) -> None:
    payload = api.ok("get-balance")
    assert len(payload["currency"]) == 3
    assert payload["currency"].isupper()


@pytest.mark.parametrize("verb", ["GET", "POST"])
@about("get-balance")
def test_verbs_and_formats_agree(api: Api, verb: str) -> None:
    json = api.check_success(api.request(verb, "/get-balance.json"))
    xml = api.check_success(api.request(verb, "/get-balance.xml"))
    assert xml == as_xml(json)
