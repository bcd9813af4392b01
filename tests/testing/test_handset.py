"""A handset: the texts it shows, and the links it can open."""

from datetime import timedelta

import pytest

from sms_sandbox.testing import Sandbox, SandboxError
from tests.sandbox import HANDSET

BOUNCES = "61491572665"


def later(tenant: Sandbox, hours: int, text: str) -> int:
    """Schedule a message in some hours. Return its id."""
    at = f"{tenant.now + timedelta(hours=hours):%Y-%m-%d %H:%M:%S}"
    params = {"message": text, "to": HANDSET, "send_at": at, "tracked_link_url": "http://abc.example/"}
    return int(tenant.call("send-sms", **params)["message_id"])


def test_a_handset_shows_texts_in_the_order_of_arrival(tenant: Sandbox) -> None:
    handset = tenant.handset(HANDSET)
    later(tenant, 2, "second")
    tenant.call("cancel-sms", id=later(tenant, 1, "never"))
    assert handset.inbox() == []
    tenant.call("send-sms", message="first", to=HANDSET)
    assert handset.inbox() == ["first"]
    tenant.advance(hours=3)
    tenant.call("send-sms", message="third", to=HANDSET)
    assert handset.inbox() == ["first", "second", "third"]


def test_a_handset_does_not_show_bounced_texts(tenant: Sandbox) -> None:
    tenant.call("send-sms", message="hello", to=BOUNCES)
    tenant.advance(seconds=2)
    assert tenant.handset(BOUNCES).inbox() == []


def test_a_link_can_be_opened_when_its_text_is_there(tenant: Sandbox) -> None:
    handset = tenant.handset(HANDSET)
    later(tenant, 1, "[tracked-link]")
    with pytest.raises(SandboxError, match="has a short link"):
        handset.tap_link()
    (copy,) = tenant.recipients()
    with pytest.raises(SandboxError, match="leads nowhere"):
        tenant.open_link(copy.text)
    tenant.advance(hours=1)
    assert handset.tap_link() == "http://abc.example/"


def test_codes_and_links_come_from_the_newest_text_with_any(tenant: Sandbox) -> None:
    handset = tenant.handset(HANDSET)
    with pytest.raises(SandboxError, match="has a one-time code"):
        handset.code()
    assert handset.links() == []
    for text in ("Your code is 123 456.", "Your code is 482913. https://shop.example/sign-in", "See you tomorrow."):
        tenant.call("send-sms", to=HANDSET, message=text)
    assert handset.code() == "482913"
    assert handset.links() == ["https://shop.example/sign-in"]
    later(tenant, 1, "Your code is 999999. [tracked-link]")
    assert handset.code() == "482913", "a text that is not there yet"
    tenant.advance(hours=1)
    assert handset.code() == "999999"
    (link,) = handset.links()
    assert link.startswith("TapTh.is/")
    tenant.call("send-sms", to=BOUNCES, message="Your code is 111111.")
    tenant.advance(minutes=1)
    with pytest.raises(SandboxError, match=BOUNCES):
        tenant.handset(BOUNCES).code()
