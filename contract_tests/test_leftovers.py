"""Checks, after all other tests, that they left nothing behind."""

from .client import Api
from .grants import STATE
from .plugin import about, needs
from .scene import days_ago, days_ahead

pytestmark = needs(STATE)


@about("get-lists")
def test_no_list_is_left(api: Api) -> None:
    page, names = 1, []
    while True:
        payload = api.ok("get-lists", page=page, max=100)
        names += [name["name"] for name in payload.get("lists", [])]
        if page >= payload["page"]["count"]:
            break
        page += 1
    assert not [name for name in names if str(name).startswith("contract suite ")]


@about("get-message-report")
def test_no_scheduled_message_is_left(api: Api) -> None:
    page = 1
    while True:
        payload = api.ok("get-message-report", start=days_ago(5), end=days_ahead(20), page=page, max=100)
        texts = [name["message"] for name in payload.get("messages", []) if name["status"] == "scheduled"]
        assert "contract suite" not in texts
        if page >= payload["page"]["count"]:
            return
        page += 1
