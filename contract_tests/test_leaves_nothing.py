"""After all the others: nothing of theirs is left."""

from .client import Api
from .grants import STATE
from .plugin import about, needs
from .scene import since, until

pytestmark = needs(STATE)


@about("get-lists")
def test_no_list_is_left(api: Api) -> None:
    page, names = 1, []
    while True:
        said = api.ok("get-lists", page=page, max=100)
        names += [each["name"] for each in said.get("lists", [])]
        if page >= said["page"]["count"]:
            break
        page += 1
    assert not [each for each in names if str(each).startswith("contract suite ")]


@about("get-message-report")
def test_no_scheduled_message_is_left(api: Api) -> None:
    page = 1
    while True:
        said = api.ok("get-message-report", start=since(5), end=until(20), page=page, max=100)
        texts = [each["message"] for each in said.get("messages", []) if each["status"] == "scheduled"]
        assert "contract suite" not in texts
        if page >= said["page"]["count"]:
            return
        page += 1
