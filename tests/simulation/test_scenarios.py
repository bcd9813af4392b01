"""The scenarios of magic numbers and rules, and the callbacks that they cause."""

from collections import Counter
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from sms_sandbox.domain import scenarios
from sms_sandbox.domain.carrier import DELIVERED, HARD_BOUNCE, PENDING, SOFT_BOUNCE
from sms_sandbox.domain.rule_match import Match, Turns
from sms_sandbox.simulation.runner import Runner
from sms_sandbox.store import rules, tables
from sms_sandbox.store.rules import NewRule
from tests.conftest import FreshTenant
from tests.simulation import queries
from tests.simulation.conftest import Client, Receiver
from tests.store.example_rows import NOON

pytestmark = pytest.mark.anyio

NUMBERS = {each.name: each.numbers for each in scenarios.SCENARIOS}
ORDINARY = "61491570200"
HOURS_72 = 72 * 3600
TRUE, STRANGE = 340000001, 40000001

Told = list[tuple[float, str, str, int]]


def callbacks_of(fresh: FreshTenant) -> Told:
    """Return the callbacks in order: seconds after noon, event, status or text, message id."""
    calls: Told = []
    for callback, _ in queries.all_callbacks(fresh):
        query = {name: values[0] for name, values in parse_qs(urlsplit(callback.url).query).items()}
        says = query.get("status") or query["response"]
        calls.append(((callback.created - NOON).total_seconds(), callback.event, says, int(query["message_id"])))
    return sorted(calls)


def rules_of_callbacks(fresh: FreshTenant) -> set[str]:
    """Return the rules that the callbacks name."""
    with fresh.store.begin() as db:
        return set(db.scalars(select(tables.callbacks.c.rule).where(tables.callbacks.c.tenant == fresh.tenant)))


EXPECTED: dict[str, tuple[Told, str]] = {
    "delivered": ([(1, "dlr", DELIVERED, TRUE)], DELIVERED),
    "slow": ([(300, "dlr", DELIVERED, TRUE)], DELIVERED),
    "soft-bounce": ([(1, "dlr", SOFT_BOUNCE, TRUE)], SOFT_BOUNCE),
    "hard-bounce": ([(1, "dlr", HARD_BOUNCE, TRUE)], HARD_BOUNCE),
    "pending-then-delivered": ([(1, "dlr", PENDING, TRUE), (61, "dlr", DELIVERED, TRUE)], DELIVERED),
    "pending-then-failed": ([(1, "dlr", PENDING, TRUE), (61, "dlr", SOFT_BOUNCE, TRUE)], SOFT_BOUNCE),
    "never-reports": ([(HOURS_72, "dlr", SOFT_BOUNCE, TRUE)], SOFT_BOUNCE),
    "report-twice": ([(1, "dlr", DELIVERED, TRUE), (2, "dlr", DELIVERED, TRUE)], DELIVERED),
    "out-of-order": ([(1, "dlr", DELIVERED, TRUE), (2, "dlr", PENDING, TRUE)], DELIVERED),
    "early-report": ([(0, "dlr", DELIVERED, TRUE)], DELIVERED),
    "unknown-message": ([(1, "dlr", DELIVERED, STRANGE), (2, "dlr", DELIVERED, TRUE)], DELIVERED),
    "replies": ([(1, "dlr", DELIVERED, TRUE), (6, "reply", "Yes please", TRUE)], DELIVERED),
    "replies-stop": ([(1, "dlr", DELIVERED, TRUE), (6, "reply", "STOP", TRUE)], DELIVERED),
}


def plan(fresh: FreshTenant, msisdn: str, scenario: str, **options: object) -> None:
    """Add a rule for a number or a prefix."""
    with fresh.store.begin() as db:
        what = {"scenario": scenario, "options": options}
        rules.add(db, fresh.tenant, NewRule(rules.CARRIER, Match(to=msisdn), Turns(), what))


@pytest.fixture
def hooked(still: FreshTenant, receiver: Receiver) -> FreshTenant:
    queries.set_account(still, dlr_url=receiver.url("/dlr"), reply_url=receiver.url("/reply"))
    return still


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No runner runs during the call here, so the call must not wait."""
    monkeypatch.setattr("sms_sandbox.api.early_reports.MAX_WAIT_SECONDS", 0.0)


async def test_every_scenario_but_the_mix_has_a_test() -> None:
    assert {*EXPECTED, "flaky"} == set(NUMBERS)


@pytest.mark.parametrize("name", EXPECTED)
async def test_a_magic_number_meets_its_scenario(
    name: str, hooked: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    callbacks, status = EXPECTED[name]
    reply = await call.ok("send-sms", message="Hello", to=NUMBERS[name][-1])
    await runner.advance(hooked.tenant, by=timedelta(days=4))
    assert callbacks_of(hooked) == callbacks
    assert len(receiver.requests) == len(callbacks)
    assert queries.recipient(hooked, reply["message_id"]).status == status
    message = queries.message(hooked, TRUE)
    assert (message.delivered + message.soft_bounced + message.hard_bounced, message.pending) == (1, 0)
    assert rules_of_callbacks(hooked) == {"" if name == "delivered" else f"scenario {name}"}


async def test_each_recipient_gets_its_own_scenario_in_any_kind_of_send(
    still: FreshTenant, runner: Runner, call: Client
) -> None:
    special = {number: name for name in EXPECTED for number in NUMBERS[name]}
    ordinary = [str(61_491_570_400 + each) for each in range(200)]
    at_once = await call.ok("send-sms", message="Hello", to=",".join([*special, ORDINARY]))
    later = await call.ok("send-sms", message="Hello", to=",".join([*special, ORDINARY]), send_at="2026-03-01 13:00")
    long = await call.ok("send-sms", message="Hello", to=",".join([*ordinary, *special]))
    to_list = await call.ok("send-sms", message="Hello", list_id=queries.add_list(still, [*special, *ordinary]))
    await runner.advance(still.tenant, by=timedelta(days=4))
    for reply, count, after in ((at_once, 1, 0), (later, 1, 3600), (long, 200, 0), (to_list, 200, 0)):
        everybody = queries.all_recipients(still, reply["message_id"])
        assert len(everybody) == len(special) + count
        for each in everybody:
            callbacks, status = EXPECTED[special.get(each.msisdn, "delivered")]
            seconds = next(at for at, _, says, message in callbacks if (says, message) == (status, TRUE))
            assert (each.msisdn, each.status, each.reported_at) == (
                each.msisdn, status, NOON + timedelta(seconds=after + seconds),
            )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "validity", "callbacks"),
    [
        ("slow", 1, [(60, "dlr", SOFT_BOUNCE, TRUE)]),
        ("slow", 5, [(300, "dlr", DELIVERED, TRUE)]),
        ("never-reports", 10, [(600, "dlr", SOFT_BOUNCE, TRUE)]),
        ("pending-then-delivered", 1, [(1, "dlr", PENDING, TRUE), (60, "dlr", SOFT_BOUNCE, TRUE)]),
    ],
)
async def test_a_message_that_expires_first_bounces(
    name: str, validity: int, callbacks: Told, hooked: FreshTenant, runner: Runner, call: Client
) -> None:
    await call.ok("send-sms", message="Hello", to=NUMBERS[name][0], validity=validity)
    await runner.advance(hooked.tenant, by=timedelta(days=4))
    assert callbacks_of(hooked) == callbacks


async def test_an_expired_message_gets_no_reply_and_its_report_is_repeated(
    hooked: FreshTenant, runner: Runner, call: Client
) -> None:
    queries.delay_delivery(hooked, timedelta(minutes=5))
    for name in ("replies", "report-twice", "out-of-order"):
        await call.ok("send-sms", message="Hello", to=NUMBERS[name][0], validity=1)
    await runner.advance(hooked.tenant, by=timedelta(days=4))
    assert [(after, says, message - TRUE) for after, _, says, message in callbacks_of(hooked)] == [
        (60, SOFT_BOUNCE, 0), (60, SOFT_BOUNCE, 1), (60, SOFT_BOUNCE, 2), (61, PENDING, 2), (61, SOFT_BOUNCE, 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "options", "callbacks"),
    [
        ("delivered", {"after_seconds": 9}, [(9, "dlr", DELIVERED, TRUE)]),
        ("pending-then-failed", {"status": HARD_BOUNCE, "after_seconds": 3},
         [(1, "dlr", PENDING, TRUE), (4, "dlr", HARD_BOUNCE, TRUE)]),
        ("report-twice", {"status": SOFT_BOUNCE, "after_seconds": 0},
         [(1, "dlr", SOFT_BOUNCE, TRUE), (1, "dlr", SOFT_BOUNCE, TRUE)]),
        ("out-of-order", {"status": HARD_BOUNCE}, [(1, "dlr", HARD_BOUNCE, TRUE), (2, "dlr", PENDING, TRUE)]),
        ("early-report", {"status": SOFT_BOUNCE}, [(0, "dlr", SOFT_BOUNCE, TRUE)]),
        ("unknown-message", {"status": HARD_BOUNCE}, [(1, "dlr", HARD_BOUNCE, STRANGE), (2, "dlr", HARD_BOUNCE, TRUE)]),
        ("replies", {"text": "No", "after_seconds": 60}, [(1, "dlr", DELIVERED, TRUE), (61, "reply", "No", TRUE)]),
        ("flaky", {"mix": {"hard-bounce": 1}}, [(1, "dlr", HARD_BOUNCE, TRUE)]),
    ],
)  # fmt: skip
async def test_options_of_a_rule_change_its_scenario(
    name: str, options: dict[str, object], callbacks: Told, hooked: FreshTenant, runner: Runner, call: Client
) -> None:
    plan(hooked, ORDINARY, name, **options)
    await call.ok("send-sms", message="Hello", to=ORDINARY)
    await runner.advance(hooked.tenant, by=timedelta(days=1))
    assert callbacks_of(hooked) == callbacks
    assert rules_of_callbacks(hooked) == {f"rule 1 ({name})"}


async def test_stop_opts_the_handset_out(hooked: FreshTenant, runner: Runner, call: Client) -> None:
    stops, _ = NUMBERS["replies-stop"]
    sent = await call.ok("send-sms", message="Hello", to=stops)
    await runner.advance(hooked.tenant, by=timedelta(minutes=1))
    message = queries.message(hooked, sent["message_id"])
    assert (message.responses, message.optouts) == (1, 1)
    again = await call("send-sms", message="Hello", to=stops)
    assert (again["error"]["code"], again["error"]["description"]["optouts"]) == ("RECIPIENTS_ERROR", [int(stops)])


async def test_a_reply_to_a_word_is_lost(hooked: FreshTenant, runner: Runner, call: Client) -> None:
    await call.ok("send-sms", message="Hello", to=NUMBERS["replies"][0], from_="Abc")
    await runner.advance(hooked.tenant, by=timedelta(minutes=1))
    assert callbacks_of(hooked) == [(1, "dlr", DELIVERED, TRUE)]


async def test_a_flaky_number_keeps_to_its_shares(hooked: FreshTenant, runner: Runner, call: Client) -> None:
    number, _ = NUMBERS["flaky"]
    for _ in range(4):
        await call.ok("send-sms", message="Hello", to=",".join([number] * 150), validity=10)
    await runner.advance(hooked.tenant, by=timedelta(days=1))
    fates = Counter(
        (each.status, each.reported_at and (each.reported_at - NOON).total_seconds())
        for sent in range(TRUE, TRUE + 4)
        for each in queries.all_recipients(hooked, sent)
    )
    shares = {
        (DELIVERED, 1): 0.7, (DELIVERED, 300): 0.1, (SOFT_BOUNCE, 1): 0.1, (HARD_BOUNCE, 1): 0.05,
        (SOFT_BOUNCE, 600): 0.05,
    }  # fmt: skip
    assert fates.keys() == shares.keys()
    for fate, share in shares.items():
        assert abs(fates[fate] / 600 - share) < 0.06
