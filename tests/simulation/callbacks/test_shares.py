"""Fair shares of the concurrent callback attempts."""

from datetime import timedelta

import pytest

from sms_sandbox.simulation.callbacks import http_client, shares
from sms_sandbox.simulation.callbacks.shares import MAX_PER_LANE, MAX_PER_SLOW_LANE, Shares
from sms_sandbox.simulation.runner import Runner
from tests.conftest import FreshTenant, make_tenant
from tests.simulation import queries
from tests.simulation.conftest import Client, Receiver, until


@pytest.fixture
def forty(monkeypatch: pytest.MonkeyPatch) -> Shares:
    """Shares of forty attempts."""
    monkeypatch.setattr(shares, "callback_share", lambda: 40)
    return Shares()


def begin_all(made: Shares, tenant: int) -> int:
    """Begin as many attempts as possible, each on its own lane, and return their number."""
    count = 0
    while made.may_begin(tenant, f"{tenant} {count}"):
        made.begin(tenant, f"{tenant} {count}")
        count += 1
    return count


def test_every_tenant_leaves_room_for_another(forty: Shares) -> None:
    assert [begin_all(forty, tenant) for tenant in range(1, 5)] == [20, 10, 5, 3]
    assert forty.free == 2
    assert begin_all(forty, 5) == 1


def test_a_tenant_with_its_share_is_full_until_it_has_room(forty: Shares) -> None:
    begin_all(forty, 1)
    forty.begin(2, "2 0")
    assert (forty.full_tenants, forty.full_lanes) == ([1], [])
    for number in (0, 1):
        forty.end(1, f"1 {number}", timed_out=False)
    assert forty.full_tenants == []


def test_a_copy_does_not_change_the_counts(forty: Shares) -> None:
    begin_all(forty.copy(), 1)
    assert forty.free == 40


def test_an_address_whose_last_attempt_timed_out_gets_few_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "callback_share", lambda: 1000)
    made = Shares()
    for timed_out, limit in ((False, MAX_PER_LANE), (True, MAX_PER_SLOW_LANE), (False, MAX_PER_LANE)):
        made.begin(1, "lane")
        made.end(1, "lane", timed_out)
        for _ in range(limit):
            assert made.may_begin(1, "lane")
            made.begin(1, "lane")
        assert not made.may_begin(1, "lane")
        assert made.full_lanes == ["lane"]
        for _ in range(limit):
            made.end(1, "lane", timed_out)
    assert made.full_lanes == []


@pytest.mark.anyio
async def test_dead_receivers_of_one_tenant_do_not_delay_another(
    quick: FreshTenant, runner: Runner, call: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a twentieth of the real limits: 60 receivers with 10 callbacks each, for 50 attempts at once.

    No attempt at a dead one ends while the test waits.
    """
    monkeypatch.setattr(shares, "callback_share", lambda: 50)
    monkeypatch.setattr(http_client, "ATTEMPT_TIMEOUT_SECONDS", 60.0)
    other = make_tenant(quick.store, "other-key", name="other")
    queries.delay_delivery(other, timedelta())
    to = ",".join(str(61_400_000_000 + number) for number in range(10))
    for number in range(60):
        await call.ok("send-sms", message="Hi", to=to, dlr_callback=receiver.url(f"/dead-{number}", delay=60))
    await runner.start()
    await until(lambda: len(receiver.requests) >= 25)
    their = Client(other, "other-key")
    await their.send(10, dlr_callback=receiver.url("/theirs"))
    await until(lambda: len(receiver.at("/theirs")) == 10)
    await their.http.aclose()
