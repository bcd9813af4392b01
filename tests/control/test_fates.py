"""Fates that are set right after the send, before the carrier has the message."""

from collections.abc import Callable

import pytest

from tests.receiver import Receiver
from tests.sandbox import HANDSET, Account

NOON = "2030-01-31T12:00:00Z"


@pytest.fixture
def frozen(new_tenant: Callable[..., Account]) -> Account:
    return new_tenant(frozen_at=NOON)


def newest(tenant: Account) -> int:
    return int(tenant.ok("GET", "/recipients", max=1)["recipients"][0]["id"])


def test_a_fate_set_before_the_carrier_reports_is_reported(frozen: Account) -> None:
    for _ in range(3):
        message = frozen.send()
        frozen.ok("PUT", f"/recipients/{newest(frozen)}/fate", {"status": "hard-bounce"})
        frozen.ok("POST", "/clock/advance", {"seconds": 5})
        response = frozen.ok("GET", f"/messages/{message}")
        assert (response["hard_bounced"], response["delivered"], response["pending"]) == (1, 0, 0)


def test_a_fate_is_reported_for_the_last_of_many_recipients(frozen: Account) -> None:
    message = frozen.send(to=",".join([HANDSET] * 450))
    frozen.ok("PUT", f"/recipients/{newest(frozen)}/fate", {"status": "soft-bounce"})
    frozen.ok("POST", "/clock/advance", {"seconds": 5})
    response = frozen.ok("GET", f"/messages/{message}")
    assert (response["soft_bounced"], response["delivered"], response["pending"]) == (1, 449, 0)


def test_scheduled_and_cancelled_messages_have_no_fate(frozen: Account) -> None:
    message = frozen.send(send_at="2030-02-01 00:00:00")
    path = f"/recipients/{newest(frozen)}/fate"
    assert frozen.refused("PUT", path, {"status": "never"}) == (409, "conflict")
    frozen.api("cancel-sms", id=message)
    assert frozen.refused("PUT", path, {"status": "never"}) == (409, "conflict")


@pytest.mark.parametrize(
    "number", ["61491573770", "61491576398", "61491577426", "61491578148", "61491578888", "61491579760"]
)
def test_a_fate_replaces_all_events_that_a_scenario_planned(frozen: Account, receiver: Receiver, number: str) -> None:
    frozen.ok("PATCH", "/account", {"dlr_url": receiver.url, "reply_url": receiver.url})
    frozen.send(to=number)
    frozen.ok("PUT", f"/recipients/{newest(frozen)}/fate", {"status": "delivered", "after_seconds": 9})
    frozen.ok("POST", "/clock/advance", {"hours": 1})
    (only,) = receiver.received
    assert (only["status"], only["datetime"]) == ("delivered", "2030-01-31 12:00:09")
