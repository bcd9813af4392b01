"""Pages (2.6): together they contain every item once, in order."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from .client import Api
from .grants import NOTHING, SANDBOX, STATE
from .plugin import about, needs
from .reads import READS
from .scene import Known, Scene
from .shapes import PAGED
from .test_lists import new_list

FICTITIOUS_NUMBERS = ["61491570006", "61491570156", "61491570157", "61491570158", "61491570159"]
MAX_REAL_PAGES = 12
"""Largest number of pages to read from a real account."""

ORDER: Mapping[str, tuple[str, Callable[[Any], Any], bool]] = {
    "get-lists": ("id", int, False), "get-list": ("msisdn", int, False), "get-keywords": ("keyword", str, False),
    "get-clients": ("name", str, True), "get-transactions": ("id", int, True),
    "get-user-sms-responses": ("received_at", str, True), "get-sms-responses": ("received_at", str, True),
    "get-user-sms-sent": ("sent_at", str, True), "get-message-report": ("sent_at", str, True),
    "get-contact-sms-stats": ("datetime_send", str, False),
}  # fmt: skip
"""Methods whose order is known: the sort key, its type, and True if it is descending."""


def pages(api: Api, method: str, form: dict[str, Any], size: int, most: int = 1000, fmt: str = "json") -> Iterator[Any]:
    """Yield the pages of a method."""
    number = 1
    while number <= most:
        payload = api.ok(method, fmt, page=number, max=size, **form)
        yield payload
        if int(payload["page"]["number"]) >= int(payload["page"]["count"]):
            return
        number += 1


@needs(NOTHING)
@pytest.mark.parametrize("fmt", ["json", "xml"])
@pytest.mark.parametrize("method", PAGED)
def test_walking_the_pages_finds_each_item_once(scene: Scene, known: Known, method: str, fmt: str) -> None:
    form, (total_key, items) = READS[method](known), PAGED[method]
    size = 1 if scene.control else 100
    if method == "get-list":
        form["members"] = "all"
    rows, total, most = [], 0, 1000 if scene.control else MAX_REAL_PAGES
    for number, payload in enumerate(pages(scene.api, method, form, size, most, fmt), 1):
        total = int(payload[total_key])
        page = {key: int(value) for key, value in payload["page"].items()}
        assert page == {"count": max(1, -(-total // size)), "number": number}
        is_last = number == page["count"]
        assert len(payload.get(items, [])) == (total - (number - 1) * size if is_last else size)
        rows += payload.get(items, [])
    assert len(rows) == total or number == most
    if method in ORDER:
        key, kind, down = ORDER[method]
        keys = [kind(row[key]) for row in rows]
        assert keys == sorted(keys, reverse=down)
        assert len(set(keys)) > 1 or not scene.control, "the scene has too few items to show their order"
    if method not in ("get-sms-sent", "get-contact-sms-stats"):  # a handset may get two messages
        assert all(rows.count(row) == 1 for row in rows)


@needs(NOTHING)
@pytest.mark.parametrize("method", PAGED)
def test_beyond_the_end_there_are_no_items(scene: Scene, known: Known, method: str) -> None:
    form, (total, items) = READS[method](known), PAGED[method]
    payload, first = scene.api.ok(method, page=9999, **form), scene.api.ok(method, **form)
    assert payload["page"] == {"count": first["page"]["count"], "number": 9999}
    assert payload[total] == first[total]
    assert items not in payload
    xml = scene.api.ok(method, "xml", page=9999, **form)
    assert items not in xml
    assert list(xml) == list(payload)


@needs(NOTHING)
@pytest.mark.parametrize("junk", ["0", "-1", "x", ""])
@about("get-lists")
def test_an_invalid_page_number_means_the_first_page(scene: Scene, junk: str) -> None:
    assert scene.api.ok("get-lists", page=junk)["page"]["number"] == 1
    assert scene.api.ok("get-lists", max=junk) == scene.api.ok("get-lists")


@needs(SANDBOX, why="it needs more than a hundred contacts")
@about("get-list")
def test_sizes_of_pages(api: Api) -> None:
    list_ = new_list(api)
    for number in range(61491570156, 61491570156 + 102):
        api.ok("add-to-list", list_id=list_["id"], msisdn=number)
    for size, shown in {"": 25, 0: 25, "x": 25, 7: 7, 100: 100, 101: 100, 5000: 100}.items():
        payload = api.ok("get-list", list_id=list_["id"], max=size)
        assert (len(payload["members"]), payload["page"]["count"]) == (shown, -(-102 // shown)), size
    rows = [
        row["msisdn"] for payload in pages(api, "get-list", {"list_id": list_["id"]}, 25) for row in payload["members"]
    ]
    assert rows == list(range(61491570156, 61491570156 + 102))


@needs(STATE)
@about("get-list")
def test_pages_count_the_filtered_members(api: Api) -> None:
    list_ = new_list(api)
    for number in FICTITIOUS_NUMBERS:
        api.ok("add-to-list", list_id=list_["id"], msisdn=number)
    api.ok("delete-from-list", list_id=list_["id"], msisdn=FICTITIOUS_NUMBERS[0])
    for members, shown in {"active": 4, "inactive": 1, "all": 5}.items():
        payload = api.ok("get-list", list_id=list_["id"], members=members, max=1)
        assert payload["page"]["count"] == shown, members
        assert payload["members_total"] == 5
        assert payload["members_active"] == 4
