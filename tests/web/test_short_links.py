"""Links in messages, as handsets open them."""

import re

import pytest

from tests.receiver import Receiver
from tests.sandbox import HANDSET, Account, fetch


def link_in(tenant: Account, host: str) -> str:
    text = tenant.ok("GET", "/recipients")["recipients"][0]["text"]
    match = re.search(rf"{re.escape(host)}/\w{{8}}", text)
    assert match
    return match[0]


@pytest.fixture
def tenant(server: Account) -> Account:
    return server.tenant()


def test_a_tracked_link_leads_to_its_target_and_is_counted(
    server: Account, tenant: Account, receiver: Receiver
) -> None:
    target = "https://example.com/a%20b?c=d&e=%C3%BC#f"
    tenant.send("[tracked-link] go", tracked_link_url=target, link_hits_callback=f"{receiver.url}/hits")
    url = f"{server.ready.http}/{link_in(tenant, 'TapTh.is')}"
    for expected in (1, 2):
        answer = fetch(url)
        assert (answer.status, answer.headers["location"]) == (302, target)
        assert receiver.wait_for(expected)[-1]["link_hits"] == str(expected)
    assert fetch(url.replace("TapTh.is", "/tapth.IS")).status == 302
    assert tenant.ok("GET", "/recipients")["recipients"][0]["link_hits"] == 3


def test_a_head_request_to_a_link_is_not_a_tap(server: Account, tenant: Account) -> None:
    tenant.send("[tracked-link] go", tracked_link_url="https://example.com/")
    url = f"{server.ready.http}/{link_in(tenant, 'TapTh.is')}"
    answer = fetch(url, "HEAD")
    assert (answer.status, answer.headers["location"]) == (302, "https://example.com/")
    assert fetch(url, "POST").status == 405
    assert tenant.ok("GET", "/recipients")["recipients"][0]["link_hits"] == 0


def test_an_opt_out_link_opts_out(server: Account, tenant: Account) -> None:
    tenant.send("hi [unsub-reply-link]")
    url = f"{server.ready.http}/{link_in(tenant, 'UnsubRep.ly')}"
    assert fetch(url, "HEAD").status == 200
    assert tenant.ok("GET", "/recipients")["recipients"][0]["optout"] is False
    page = fetch(url)
    assert page.status == 200
    assert HANDSET in page.body.decode()
    assert tenant.ok("GET", "/recipients")["recipients"][0]["optout"] is True
    assert fetch(url).status == 200
    assert tenant.api("send-sms", message="more", to=HANDSET)["error"]["code"] == "RECIPIENTS_ERROR"


def test_an_unknown_link_is_not_found(server: Account) -> None:
    for verb in ("GET", "HEAD"):
        assert fetch(f"{server.ready.http}/TapTh.is/00000000", verb).status == 404
        assert fetch(f"{server.ready.http}/UnsubRep.ly/00000000", verb).status == 404
    assert fetch(f"{server.ready.http}/TapTh.is/short").status == 404
