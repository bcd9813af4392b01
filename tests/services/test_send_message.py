"""Writing down whom a message goes to, with texts and links of their own."""

import re
from dataclasses import replace

import pytest

from sms_sandbox.domain import merge
from sms_sandbox.services import send_message
from sms_sandbox.services.send_message import NO_RECORD, Batch
from sms_sandbox.store import contacts, links, messages, recipients
from sms_sandbox.store.links import Link
from tests.conftest import FreshTenant, make_tenant
from tests.store.making import HANDSETS, NOON, new_message

TARGET = "http://localhost/offer"


def enlist(at: FreshTenant, template: str, tracked_url: str | None, *values: dict[str, str]) -> list[str]:
    """The texts that handsets get, one for each mapping of values."""
    with at.store.begin() as db:
        message = messages.add(db, at.tenant, new_message(at, text=template, tracked_url=tracked_url))
        batch = Batch(at.tenant, at.account.seed, at.account.id, message, template, tracked_url, NOON)
        send_message.enlist(db, batch, list(zip(HANDSETS, values, strict=False)))
        send_message.enlist(db, batch, [])
        to = [recipients.read(db, at.tenant, id_) for id_, _ in recipients.chunk(db, at.tenant, message, 0, 99)]
    assert [each.msisdn for each in to if each] == list(HANDSETS[: len(values)])
    return [each.text for each in to if each]


def test_a_plain_text_is_kept_once(fresh: FreshTenant) -> None:
    assert enlist(fresh, "Hello", TARGET, {}, {}) == ["Hello", "Hello"]


def test_fields_are_filled_for_each(fresh: FreshTenant) -> None:
    texts = enlist(fresh, "Hi [firstname], [Size]!", None, {"firstname": "A", "size": "9"}, NO_RECORD)
    assert texts == ["Hi A, 9!", "Hi , [Size]!"]


def test_links_are_made_for_each_and_found_again(fresh: FreshTenant) -> None:
    texts = enlist(fresh, "[tracked-link] [unsub-reply-link]", TARGET, {}, {})
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
def test_a_tracked_link_needs_somewhere_to_lead(fresh: FreshTenant, tracked_url: str | None, expected: str) -> None:
    (text,) = enlist(fresh, "Go to [tracked-link]", tracked_url, {})
    assert text.startswith(f"Go to {expected}")


@pytest.mark.parametrize("tracked_url", [None, TARGET])
@pytest.mark.parametrize("template", ["Hi [firstname]", "[tracked-link][tracked-link]", "[unsub-reply-link] x", "[a]"])
def test_a_preview_is_as_long_as_the_text_will_be(fresh: FreshTenant, template: str, tracked_url: str | None) -> None:
    (text,) = enlist(fresh, template, tracked_url, {"firstname": "Someone"})
    assert len(send_message.preview(template, {"firstname": "Someone"}, tracked_url)) == len(text)


def test_members_fill_fields_by_their_names(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        on = contacts.add_list(db, fresh.tenant, fresh.account.id, "P", {"1": "Shoe Size", "3": "Town"}, NOON)
        member = contacts.add_member(db, fresh.tenant, on.id, HANDSETS[0], ("F", None), {"1": "44"}, NOON)
    assert member is not None
    assert send_message.values_of(member, on) == {"firstname": "F", "lastname": "", "shoe size": "44", "town": ""}
    named_like_a_name = replace(on, fields={"1": "Firstname"})
    assert send_message.values_of(member, named_like_a_name)["firstname"] == "F"


def test_the_newest_of_two_links_with_one_code_is_found(fresh: FreshTenant) -> None:
    other = make_tenant(fresh.store, "other", name="other")
    code = merge.link_code("seed", 1, merge.TRACKED_HOST)
    with fresh.store.begin() as db:
        links.add(db, [Link(code, fresh.tenant, 1, TARGET)])
        links.add(db, [Link(code, other.tenant, 1, None)])
        assert links.find(db, code) == Link(code, other.tenant, 1, None)
