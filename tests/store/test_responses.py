"""Responses, and which of them are wanted."""

from datetime import datetime

import pytest

from sms_sandbox.store import contacts, ids, responses
from sms_sandbox.store.paging import FIRST_PAGE, Paging
from sms_sandbox.store.recipients import NewRecipient
from sms_sandbox.store.responses import NewResponse, ResponseFilter
from tests.conftest import FreshTenant
from tests.store.example_rows import HANDSETS, NOON, seconds, send


def write(
    fresh: FreshTenant, *, text: str = "Yes", when: datetime = NOON, message: int = 0, recipient: int | None = None,
    list_id: int = 0, msisdn: str = HANDSETS[0], longcode: str = "61491570112", keyword: str | None = None,
    keyword_id: int = 0, account: int | None = None,
) -> int:  # fmt: skip
    new = NewResponse(
        account or fresh.account.id,
        message,
        recipient,
        list_id,
        msisdn,
        text,
        longcode,
        when,
        False,
        keyword,
        keyword_id,
    )
    with fresh.store.begin() as db:
        return responses.add(db, fresh.tenant, new)


def test_a_response_is_stored_as_it_was_added(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        message, first = send(db, fresh, [NewRecipient(HANDSETS[0], "Hello you"), HANDSETS[1]])
        contact_list = contacts.add_list(db, fresh.tenant, fresh.account.id, "People", {}, NOON)
        contacts.add_member(db, fresh.tenant, contact_list.id, HANDSETS[0], ("F", "L"), {}, NOON)
    made = write(fresh, text="Ja, é", message=message, recipient=first, list_id=contact_list.id)
    templated = write(fresh, message=message, recipient=first + 1, msisdn=HANDSETS[1], when=NOON + seconds(1))
    unasked = write(fresh, when=NOON + seconds(2))
    assert made == ids.FIRST["response"]
    with fresh.store.begin() as db:
        page = responses.list_page(db, fresh.tenant, ResponseFilter(fresh.account.id), FIRST_PAGE)
    assert page.total == 3
    newest, second, first_ = page.rows
    assert [each.id for each in page.rows] == [unasked, templated, made]
    assert (first_.message, first_.list_id, first_.received_at, first_.msisdn, first_.text, first_.longcode) == (
        message, contact_list.id, NOON, HANDSETS[0], "Ja, é", "61491570112",
    )  # fmt: skip
    assert (first_.first_name, first_.last_name, first_.original) == ("F", "L", "Hello you")
    assert (second.first_name, second.original) == (None, "Hello")
    assert (newest.message, newest.first_name, newest.original) == (0, None, None)


def test_responses_are_filtered(fresh: FreshTenant) -> None:
    account = fresh.account.id
    plain = write(fresh)
    answer = write(fresh, message=340000001, when=NOON + seconds(1))
    shared = write(fresh, longcode="61491570101", when=NOON + seconds(2))
    handset = write(fresh, msisdn=HANDSETS[1], when=NOON + seconds(3))
    keyword = write(fresh, keyword="WIN", keyword_id=5, when=NOON + seconds(4))
    foreign = write(fresh, account=account + 1)
    for wanted, expected in (
        (ResponseFilter(account), [keyword, handset, shared, answer, plain]),
        (ResponseFilter(account + 1), [foreign]),
        (ResponseFilter(account, message=340000001), [answer]),
        (ResponseFilter(account, message=1), []),
        (ResponseFilter(account, number="61491570101"), [shared]),
        (ResponseFilter(account, msisdn=HANDSETS[1]), [handset]),
        (ResponseFilter(account, keyword="WIN"), [keyword]),
        (ResponseFilter(account, keyword_id=5), [keyword]),
        (ResponseFilter(account, keywords="only"), [keyword]),
        (ResponseFilter(account, keywords="omit"), [handset, shared, answer, plain]),
        (ResponseFilter(account, start=NOON + seconds(3)), [keyword, handset]),
        (ResponseFilter(account, end=NOON + seconds(1)), [answer, plain]),
        (ResponseFilter(account, start=NOON + seconds(1), end=NOON + seconds(2)), [shared, answer]),
        (ResponseFilter(account, start=NOON + seconds(9)), []),
    ):
        with fresh.store.begin() as db:
            page = responses.list_page(db, fresh.tenant, wanted, FIRST_PAGE)
        assert [each.id for each in page.rows] == expected, wanted
        assert page.total == len(expected)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_pages_have_each_response_once_even_if_all_came_at_the_same_time(fresh: FreshTenant, size: int) -> None:
    made = [write(fresh) for _ in range(5)]
    met: list[int] = []
    with fresh.store.begin() as db:
        for number in range(1, -(-5 // size) + 1):
            page = responses.list_page(db, fresh.tenant, ResponseFilter(fresh.account.id), Paging(number, size))
            met += [each.id for each in page.rows]
    assert met == made[::-1]
