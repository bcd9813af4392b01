"""`sms-sandbox scenarios` and `sms-sandbox rule`."""

import json

import pytest
from click.testing import CliRunner, Result

from sms_sandbox.cli.root import main
from sms_sandbox.domain.scenarios import SCENARIOS
from tests.sandbox import Account


def run(*args: str, account: Account | None = None) -> Result:
    where = (
        ["--http-port", account.ready.http.rpartition(":")[2], "--account", f"{account.key}:{account.secret}"]
        if account
        else []
    )
    return CliRunner().invoke(main, [*args, *where], prog_name="sms-sandbox")


def test_the_catalogue_needs_no_sandbox_and_equals_that_of_control(server: Account) -> None:
    assert json.loads(run("scenarios", "--json").stdout) == server.ok("GET", "/scenarios")


def test_the_catalogue_shows_the_delay_of_the_tenant(server: Account) -> None:
    tenant = server.tenant(delivery_seconds=20)
    response = {each["name"]: each["steps"] for each in tenant.ok("GET", "/scenarios")["scenarios"]}
    assert [step["after_seconds"] for step in response["replies"]] == [20, 25]


def test_the_catalogue_lists_all_scenarios_in_lines_of_readable_length() -> None:
    output = run("scenarios").stdout
    for each in SCENARIOS:
        assert f"\n{each.name} " in output
        assert all(number in output for number in each.numbers)
    assert max(map(len, output.splitlines())) <= 110
    assert '  D + 5 s: reply "Yes please"  ' in output


def test_rules_are_added_listed_and_removed(tenant: Account) -> None:
    added = run("rule", "add", "soft-bounce", "--to", "6149157*", "--count", "3", "--json", account=tenant)
    assert json.loads(added.stdout)["remaining"] == 3
    more = ["--option", "text=No thanks", "--option", "after_seconds=60", "--first", "--for", "24h", "--share", "0.5"]
    run("rule", "add", "replies", "--nth", "2", "--sender", "Abc", *more, account=tenant)
    run("rule", "add", "flaky", "--option", "mix=delivered:0.9,slow:0.1", account=tenant)
    first, second, third = run("rule", "list", account=tenant).stdout.splitlines()
    assert first.startswith(
        '2  sender Abc: replies, text "No thanks", after_seconds 60.0, from match 2 on, share 0.5, until 20'
    )
    assert second == "1  to 6149157*: soft-bounce, 3 left"
    assert third == '3  any message: flaky, mix {"delivered": 0.9, "slow": 0.1}'
    assert run("rule", "remove", "1", "3", account=tenant).exit_code == 0
    assert [each["id"] for each in tenant.ok("GET", "/rules")["rules"]] == [2]
    assert run("rule", "remove", "--all", account=tenant).exit_code == 0
    assert run("rule", "list", account=tenant).stdout == "There are no rules.\n"


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (("add", "nothing"), 1, "There is no scenario 'nothing'; there are delivered"),
        (("add", "slow", "--option", "text=Hi"), 1, "has no option `text`"),
        (("add", "slow", "--option", "after_seconds=soon"), 2, "needs a number"),
        (("add", "replies", "--option", "text"), 2, "is not an option"),
        (("add", "slow", "--to", "x"), 1, "write digits"),
        (("remove", "99"), 1, "There is no rule 99."),
        (("remove",), 2, "Say which"),
        (("remove", "1", "--all"), 2, "Say which"),
    ],
)
def test_an_invalid_rule_is_refused(tenant: Account, args: tuple[str, ...], code: int, message: str) -> None:
    result = run("rule", *args, account=tenant)
    assert result.exit_code == code
    assert message in result.stderr
