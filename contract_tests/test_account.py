"""The balance (6.11)."""

import pytest

from .client import Api
from .grants import NOTHING
from .plugin import about, needs
from .wire import as_xml_says

pytestmark = needs(NOTHING)


@about("get-balance")
def test_the_balance_is_told_with_its_currency(api: Api) -> None:
    said = api.ok("get-balance")
    assert len(said["currency"]) == 3
    assert said["currency"].isupper()


@pytest.mark.parametrize("verb", ["GET", "POST"])
@about("get-balance")
def test_either_verb_and_either_format_say_the_same(api: Api, verb: str) -> None:
    json = api.succeeded(api.request(verb, "/get-balance.json"))
    xml = api.succeeded(api.request(verb, "/get-balance.xml"))
    assert xml == as_xml_says(json)
