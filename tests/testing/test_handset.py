"""A handset: which texts it shows, and which links it can open."""

from datetime import timedelta

import pytest

from sms_sandbox.testing import Sandbox, SandboxError
from tests.serving import HANDSET

BOUNCES = "61491572665"


def later(world: Sandbox, hours: int, text: str) -> int:
    """Send a message so much later; its id."""
    at = f"{world.now + timedelta(hours=hours):%Y-%m-%d %H:%M:%S}"
    params = {"message": text, "to": HANDSET, "send_at": at, "tracked_link_url": "http://abc.example/"}
    return int(world.call("send-sms", **params)["message_id"])


def test_it_shows_what_was_sent_in_the_order_it_came(world: Sandbox) -> None:
    handset = world.handset(HANDSET)
    later(world, 2, "second")
    world.call("cancel-sms", id=later(world, 1, "never"))
    assert handset.inbox() == []
    world.call("send-sms", message="first", to=HANDSET)
    assert handset.inbox() == ["first"]
    world.advance(hours=3)
    world.call("send-sms", message="third", to=HANDSET)
    assert handset.inbox() == ["first", "second", "third"]


def test_it_does_not_show_what_bounced(world: Sandbox) -> None:
    world.call("send-sms", message="hello", to=BOUNCES)
    world.advance(seconds=2)
    assert world.handset(BOUNCES).inbox() == []


def test_a_link_can_be_opened_when_its_text_is_there(world: Sandbox) -> None:
    handset = world.handset(HANDSET)
    later(world, 1, "[tracked-link]")
    with pytest.raises(SandboxError, match="has a short link"):
        handset.tap_link()
    (copy,) = world.recipients()
    with pytest.raises(SandboxError, match="leads nowhere"):
        world._open_link(copy.text)
    world.advance(hours=1)
    assert handset.tap_link() == "http://abc.example/"
