"""Sending a message, with texts and links for each handset."""

import re

import pytest
from msgspec.structs import replace

from sms_sandbox.domain import merge
from sms_sandbox.services import send_message
from sms_sandbox.services.message_text import NO_RECORD, Template, Values, values_of
from sms_sandbox.store import balances, contacts, links, recipients, reports
from sms_sandbox.store.links import Link
from sms_sandbox.store.messages import NewMessage
from sms_sandbox.store.paging import FIRST_PAGE
from tests.conftest import FreshTenant, make_tenant
from tests.store.example_rows import HANDSETS, NOON

TARGET = "http://localhost/offer"


def send(fresh: FreshTenant, template: Template, *values: Values) -> list[str]:
    """Send to a handset for each mapping of values, and return the texts they get."""
    to = list(zip(HANDSETS, values, strict=False))
    message = NewMessage(fresh.account.id, template.text, "61491570112", NOON, NOON)
    with fresh.store.begin() as db:
        parts = send_message.count_parts(db, fresh.tenant, template, to).total
        sent = send_message.send(db, fresh.account, message, template, to, parts)
        assert sent is not None
        stored = [
            recipients.read(db, fresh.tenant, id_) for id_, _ in recipients.list_chunk(db, fresh.tenant, sent.id, 0, 99)
        ]
    assert [each.msisdn for each in stored if each] == list(HANDSETS[: len(values)])
    return [each.text for each in stored if each]


def test_a_plain_text_is_stored_once(fresh: FreshTenant) -> None:
    assert send(fresh, Template.parse("Hello", TARGET), {}, {}) == ["Hello", "Hello"]


def test_fields_are_filled_for_each_recipient(fresh: FreshTenant) -> None:
    texts = send(fresh, Template.parse("Hi [firstname], [Size]!"), {"firstname": "A", "size": "9"}, NO_RECORD)
    assert texts == ["Hi A, 9!", "Hi , [Size]!"]


def test_each_recipient_gets_links_that_are_found_by_their_codes(fresh: FreshTenant) -> None:
    texts = send(fresh, Template.parse("[tracked-link] [unsub-reply-link]", TARGET), {}, {})
    codes = [re.fullmatch(r"TapTh\.is/(\w{8}) UnsubRep\.ly/(\w{8})", text) for text in texts]
    assert all(codes)
    each = [code for match in codes if match for code in match.groups()]
    assert len(set(each)) == 4
    with fresh.store.begin() as db:
        made = [links.find(db, code) for code in each]
        assert links.find(db, "aaaaaaaa") is None
    assert [link and link.target for link in made] == [TARGET, None, TARGET, None]
    assert [link and link.recipient for link in made] == [937000001, 937000001, 937000002, 937000002]


@pytest.mark.parametrize(("tracked_url", "expected"), [(None, "[tracked-link]"), (TARGET, "TapTh.is/")])
def test_a_tracked_link_needs_a_target(fresh: FreshTenant, tracked_url: str | None, expected: str) -> None:
    (text,) = send(fresh, Template.parse("Go to [tracked-link]", tracked_url), {})
    assert text.startswith(f"Go to {expected}")


@pytest.mark.parametrize("tracked_url", [None, TARGET])
@pytest.mark.parametrize("template", ["Hi [firstname]", "[tracked-link][tracked-link]", "[unsub-reply-link] x", "[a]"])
def test_a_preview_is_as_long_as_the_text_will_be(fresh: FreshTenant, template: str, tracked_url: str | None) -> None:
    parsed = Template.parse(template, tracked_url)
    (text,) = send(fresh, parsed, {"firstname": "Someone"})
    assert len(parsed.preview({"firstname": "Someone"})) == len(text)


def test_fields_in_a_literal_text_are_not_filled(fresh: FreshTenant) -> None:
    assert send(fresh, Template.literal("[firstname]"), {"firstname": "A"}) == ["[firstname]"]


def test_a_message_that_cannot_be_paid_for_changes_nothing(fresh: FreshTenant) -> None:
    message, template = NewMessage(fresh.account.id, "Hello", "61491570112", NOON, NOON), Template.parse("Hello")
    with fresh.store.begin() as db:
        before = balances.read(db, fresh.tenant, fresh.account.id)
        parts = before // fresh.account.price + 1
        assert send_message.send(db, fresh.account, message, template, [(HANDSETS[0], NO_RECORD)], parts) is None
        assert balances.read(db, fresh.tenant, fresh.account.id) == before
        assert reports.list_messages(db, fresh.tenant, FIRST_PAGE, reports.MessageFilter()).total == 0


def test_parts_are_counted_in_all_and_of_the_longest_text(fresh: FreshTenant) -> None:
    to = [(HANDSETS[0], {"firstname": "A"}), (HANDSETS[1], {"firstname": "A" * 200}), (HANDSETS[2], NO_RECORD)]
    with fresh.store.begin() as db:
        for template, count in (("Hi [firstname]", (4, 2)), ("A" * 400, (9, 3))):
            assert send_message.count_parts(db, fresh.tenant, Template.parse(template), to) == count


def test_members_fill_fields_by_their_names(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        contact_list = contacts.add_list(db, fresh.tenant, fresh.account.id, "P", {"1": "Shoe Size", "3": "Town"}, NOON)
        member = contacts.add_member(db, fresh.tenant, contact_list.id, HANDSETS[0], ("F", None), {"1": "44"}, NOON)
    assert member is not None
    assert values_of(member, contact_list) == {"firstname": "F", "lastname": "", "shoe size": "44", "town": ""}
    named_like_a_name = replace(contact_list, fields={"1": "Firstname"})
    assert values_of(member, named_like_a_name)["firstname"] == "F"


def test_the_newest_of_two_links_with_one_code_is_found(fresh: FreshTenant) -> None:
    other = make_tenant(fresh.store, "other", name="other")
    code = merge.link_code("seed", 1, merge.TRACKED_HOST)
    with fresh.store.begin() as db:
        links.add(db, [Link(code, fresh.tenant, 1, TARGET)])
        links.add(db, [Link(code, other.tenant, 1, None)])
        assert links.find(db, code) == Link(code, other.tenant, 1, None)
