"""The built-in receiver: callbacks arrive at it, are kept and shown, and are answered as its tenant has set."""

import time
from typing import Any

import pytest

from sms_sandbox.domain.callbacks import USER_AGENT
from sms_sandbox.store import receivers
from tests.sandbox import HANDSET, Account, fetch


def got(tenant: Account, name: str = "inbox") -> list[Any]:
    return list(tenant.ok("GET", f"/receivers/{name}/requests")["requests"])


def url_of(tenant: Account, name: str = "inbox") -> str:
    return str(tenant.ok("GET", f"/receivers/{name}")["url"])


def test_a_callback_arrives_at_a_receiver(frozen: Account) -> None:
    message = frozen.send(dlr_callback=f"{url_of(frozen)}?app=1")
    frozen.ok("POST", "/clock/advance", {"seconds": 2})
    (request,) = got(frozen)
    assert (request["verb"], request["at"], request["status"]) == ("GET", "2030-01-31T12:00:01Z", 200)
    assert (request["params"]["app"], request["params"]["message_id"]) == ("1", str(message))
    assert request["headers"]["user-agent"] == USER_AGENT
    assert request["is_signed"] is True
    (callback,) = frozen.ok("GET", "/callbacks")["callbacks"]
    assert (callback["state"], callback["attempts"][0]["answer"]) == ("delivered", "ok")
    assert callback["url"].endswith(request["url"])


def test_a_receiver_answers_as_its_tenant_has_set(frozen: Account, tenant: Account) -> None:
    set_ = frozen.ok("PUT", "/receivers/inbox", {"status": 503, "body": "closed", "delay_seconds": 0.1})
    assert (set_["status"], set_["body"], set_["delay_seconds"], set_["requests"]) == (503, "closed", 0.1, 0)
    began = time.monotonic()
    answer = fetch(set_["url"], "POST", b"hello", {"X-TransmitSMS-Signature": "forged"})
    assert (answer.status, answer.body, answer.headers["cache-control"]) == (503, b"closed", "no-store")
    assert time.monotonic() - began >= 0.1
    (request,) = got(frozen)
    assert (request["verb"], request["body"], request["status"], request["is_signed"]) == ("POST", "hello", 503, False)
    assert got(tenant) == []
    assert [each["name"] for each in frozen.ok("GET", "/receivers")["receivers"]] == ["inbox"]
    assert frozen.ok("DELETE", "/receivers/inbox") == {"cleared": 1}
    assert frozen.ok("GET", "/receivers") == {"receivers": []}
    assert fetch(set_["url"]).status == 200
    assert got(frozen)[0]["is_signed"] is None


def test_the_oldest_requests_make_room(tenant: Account) -> None:
    url = url_of(tenant)
    for number in range(receivers.MAX_REQUESTS + 2):
        fetch(f"{url}?n={number}")
    fetch(url_of(tenant, "other"))
    kept = tenant.ok("GET", "/receivers/inbox/requests", max=1000)["requests"]
    assert [each["params"]["n"] for each in kept] == [str(number) for number in range(201, 2, -1)]


def test_the_number_of_receivers_with_their_own_answers_is_limited(tenant: Account) -> None:
    for number in range(receivers.MAX_RECEIVERS):
        tenant.ok("PUT", f"/receivers/{number}", {})
    assert tenant.refused("PUT", "/receivers/another", {}) == (409, "conflict")
    tenant.ok("PUT", "/receivers/0", {"status": 500})


@pytest.mark.parametrize("body", [{"status": 99}, {"status": 600}, {"delay_seconds": 16}, {"body": "\0"}, {"x": 1}])
def test_an_invalid_answer_is_refused(tenant: Account, body: dict[str, object]) -> None:
    assert tenant.refused("PUT", "/receivers/inbox", body) == (422, "invalid")


@pytest.mark.parametrize("path", ["nobody/inbox", "nobody", "", "a/b/c", "../v1", "%2e%2e/v1", "./.", "default/%00"])
def test_other_paths_below_a_receiver_are_not_found(server: Account, path: str) -> None:
    assert fetch(f"{server.ready.http}/_sandbox/receiver/{path}").status == 404


def test_the_sandbox_calls_no_other_path_of_its_own(frozen: Account) -> None:
    """A connection that was made to the receiver must not be used either."""
    receiver = url_of(frozen)
    others = [
        receiver.rpartition("/")[0],
        f"{receiver}/more",
        f"{receiver}/../../v1/clock",
        f"{frozen.ready.http}/_sandbox/v1/clock",
        f"{frozen.ready.http}/livez",
    ]
    for url in (receiver, *others):
        frozen.send(dlr_callback=url)
    frozen.ok("POST", "/clock/advance", {"seconds": 5})
    callbacks = frozen.ok("GET", "/callbacks")["callbacks"][::-1]
    errors = [each["attempts"][0]["error"] for each in callbacks]
    assert errors[0] is None
    assert len(errors) == len(others) + 1
    assert all("never calls itself" in error for error in errors[1:])
    assert len(got(frozen)) == 1


def test_a_callback_that_returns_by_a_detour_is_accepted_only_at_a_receiver(server: Account, tenant: Account) -> None:
    agent = {"User-Agent": USER_AGENT}
    assert fetch(f"{server.ready.http}/_sandbox/v1/clock", headers=agent).status == 508
    assert fetch(f"{url_of(tenant)}/more", headers=agent).status == 508
    assert fetch(url_of(tenant), headers=agent).status == 200


def test_received_requests_are_not_exported(frozen: Account) -> None:
    frozen.send("hi", HANDSET, dlr_callback=url_of(frozen))
    frozen.ok("POST", "/clock/advance", {"seconds": 2})
    assert not {"received", "receivers"} & frozen.ok("GET", "/export")["tables"].keys()
    frozen.ok("POST", "/tenants/current/reset")
    assert got(frozen) == []
