"""Pages (2.6): walked to their end, they hold every item once, in order."""

from collections.abc import Iterator
from typing import Any

import pytest

from .client import Api
from .grants import NOTHING, SANDBOX, STATE
from .plugin import about, needs
from .reads import READS
from .scene import Known, Scene
from .shapes import PAGED
from .test_lists import new_list

FICTION = ["61491570006", "61491570156", "61491570157", "61491570158", "61491570159"]
MOST_PAGES = 12
"""Pages of a real account that are walked at most."""

ORDER = {
    "get-lists": ("id", False), "get-list": ("msisdn", False), "get-clients": ("name", True),
    "get-transactions": ("id", True), "get-user-sms-responses": ("received_at", True),
    "get-sms-responses": ("received_at", True), "get-user-sms-sent": ("sent_at", True),
    "get-message-report": ("sent_at", True), "get-contact-sms-stats": ("datetime_send", False),
}  # fmt: skip
"""What items are sorted by, and whether from the greatest down, where that is known."""


def pages(api: Api, method: str, form: dict[str, Any], size: int, most: int = 1000) -> Iterator[Any]:
    """The answers of page after page."""
    number = 1
    while number <= most:
        said = api.ok(method, page=number, max=size, **form)
        yield said
        if said["page"]["number"] >= said["page"]["count"]:
            return
        number += 1


@needs(NOTHING)
@pytest.mark.parametrize("method", PAGED)
def test_walking_the_pages_finds_each_item_once(scene: Scene, known: Known, method: str) -> None:
    form, (total, items) = READS[method](known), PAGED[method]
    size = 1 if scene.control else 100
    if method == "get-list":
        form["members"] = "all"
    found, most = [], 1000 if scene.control else MOST_PAGES
    for number, said in enumerate(pages(scene.api, method, form, size, most), 1):
        assert said["page"] == {"count": max(1, -(-said[total] // size)), "number": number}
        is_last = number == said["page"]["count"]
        assert len(said.get(items, [])) == (said[total] - (number - 1) * size if is_last else size)
        found += said.get(items, [])
    assert len(found) == said[total] or number == most
    if method in ORDER:
        key, down = ORDER[method]
        keys = [str(each[key]) if key == "name" else each[key] for each in found]
        assert keys == sorted(keys, reverse=down)
    if method not in ("get-sms-sent", "get-contact-sms-stats"):  # a handset may be written to twice
        assert all(found.count(each) == 1 for each in found)


@needs(NOTHING)
@pytest.mark.parametrize("method", PAGED)
def test_beyond_the_end_there_are_no_items(scene: Scene, known: Known, method: str) -> None:
    form, (total, items) = READS[method](known), PAGED[method]
    said, first = scene.api.ok(method, page=9999, **form), scene.api.ok(method, **form)
    assert said["page"] == {"count": first["page"]["count"], "number": 9999}
    assert said[total] == first[total]
    assert items not in said
    xml = scene.api.ok(method, "xml", page=9999, **form)
    assert items not in xml
    assert list(xml) == list(said)


@needs(NOTHING)
@pytest.mark.parametrize("junk", ["0", "-1", "x", ""])
@about("get-lists")
def test_a_page_that_is_no_number_is_the_first(scene: Scene, junk: str) -> None:
    assert scene.api.ok("get-lists", page=junk)["page"]["number"] == 1
    assert scene.api.ok("get-lists", max=junk) == scene.api.ok("get-lists")


@needs(SANDBOX, why="it takes more than a hundred contacts")
@about("get-list")
def test_sizes_of_pages(api: Api) -> None:
    made = new_list(api)
    for number in range(61491570156, 61491570156 + 102):
        api.ok("add-to-list", list_id=made["id"], msisdn=number)
    for size, shown in {"": 25, 0: 25, "x": 25, 7: 7, 100: 100, 101: 100, 5000: 100}.items():
        said = api.ok("get-list", list_id=made["id"], max=size)
        assert (len(said["members"]), said["page"]["count"]) == (shown, -(-102 // shown)), size
    found = [each["msisdn"] for said in pages(api, "get-list", {"list_id": made["id"]}, 25) for each in said["members"]]
    assert found == list(range(61491570156, 61491570156 + 102))


@needs(STATE)
@about("get-list")
def test_pages_count_the_members_that_are_shown(api: Api) -> None:
    made = new_list(api)
    for number in FICTION:
        api.ok("add-to-list", list_id=made["id"], msisdn=number)
    api.ok("delete-from-list", list_id=made["id"], msisdn=FICTION[0])
    for members, shown in {"active": 4, "inactive": 1, "all": 5}.items():
        said = api.ok("get-list", list_id=made["id"], members=members, max=1)
        assert said["page"]["count"] == shown, members
        assert said["members_total"] == 5
        assert said["members_active"] == 4
