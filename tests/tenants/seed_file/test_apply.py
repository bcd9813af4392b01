"""A server adds its seed file's data once, and refuses a bad file."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings
from tests.sandbox import HANDSET, Account, fetch, run_sandbox

EXAMPLE = Path(__file__).parents[3] / "docs" / "seed.toml"


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, certificates: Certificates, tmp_path: Path) -> Settings:
    make: Callable[[], str] | None = None
    if request.param == "postgresql":
        make = request.getfixturevalue("fresh_postgres")
    return Settings(
        https_port=0, http_port=0, certs=str(certificates.directory), seed_file=str(EXAMPLE), throttle=0,
        database=make() if make else f"sqlite:///{tmp_path}/db",
    )  # fmt: skip


def shop_of(server: Account) -> Account:
    return Account(server.ready, "shop-key", "shop-secret")


def stored_data(shop: Account) -> dict[str, Any]:
    exported: dict[str, Any] = shop.ok("GET", "/export", with_secrets="true")
    del exported["tenant"]["clock"]
    return exported


def test_the_example_creates_everything_it_describes(settings: Settings) -> None:
    with run_sandbox(settings) as server:
        shop = shop_of(server)
        assert fetch(f"{shop.ready.http}/readyz").status == 200
        with pytest.raises(ValueError, match="Expecting value"):
            shop.api("get-balance")  # the fault
        assert shop.api("get-balance")["balance"] == 250
        assert shop.ok("GET", "/account")["throttle"] == 0
        contact_list = shop.api("get-lists")["lists"][0]
        assert (contact_list["name"], contact_list["members_active"]) == ("Customers", 2)
        response = shop.api("get-list", list_id=contact_list["id"], members="active")
        assert {each["first_name"] for each in response["members"]} == {"Given", "Abc"}
        assert {str(each["number"]) for each in shop.api("get-numbers")["numbers"]} == {"61491570112", "61491570120"}
        assert [each["keyword"] for each in shop.api("get-keywords")["keywords"]] == ["JOIN"]
        (client,) = shop.api("get-clients")["clients"]
        assert Account(server.ready, client["apikey"], client["apisecret"]).api("get-balance")["balance"] == 20
        assert "SHOP" in str(shop.ok("PUT", "/sender-ids/OTHER"))
        assert [each["scenario"] for each in shop.ok("GET", "/rules")["rules"]] == ["soft-bounce"]
        taken = shop.ok("POST", "/inbound", {"from": "61491570199", "to": "61491570120", "text": "join"})
        assert taken["account_id"]
        assert server.api("get-lists")["lists_total"] == 0


def test_a_second_start_changes_nothing(settings: Settings) -> None:
    with run_sandbox(settings) as server:
        first = stored_data(shop_of(server))
        default = stored_data(server)
    with run_sandbox(settings) as server:
        assert stored_data(shop_of(server)) == first
        assert stored_data(server) == default


def test_later_changes_are_kept(settings: Settings) -> None:
    with run_sandbox(settings) as server:
        shop = shop_of(server)
        shop.ok("POST", "/clock/freeze")  # so that no report comes between the exports
        shop.send(to=HANDSET)
        shop.ok("PATCH", "/account", {"balance": 7})
        list_id = shop.ok("GET", "/lists")["lists"][0]["id"]
        shop.api("delete-from-list", list_id=list_id, msisdn=HANDSET)
        shop.api("edit-number-options", number="61491570120", forward_url="http://localhost:1/other")
        before = stored_data(shop)
    with run_sandbox(settings) as server:
        after = stored_data(shop_of(server))
    assert after == before


def test_fields_of_a_list_are_known_by_their_names(settings: Settings, tmp_path: Path) -> None:
    """This holds in any order, even if the list lacks some of them."""
    file = tmp_path / "lists.toml"
    text = '[[lists]]\nname = "A"\nfields = {fields}\n[[lists.contacts]]\nmsisdn = "{number}"\nfields = {values}\n'
    file.write_text(text.format(fields='["City", "Size"]', number=HANDSET, values='{City = "Perth", Size = "L"}'))
    with run_sandbox(replace(settings, seed_file=str(file))) as server:
        list_id = server.api("get-lists")["lists"][0]["id"]
    more = '{City = "Hobart", Size = "S", Age = "7"}'
    file.write_text(text.format(fields='["Age", "Size", "City"]', number="61491570157", values=more))
    with run_sandbox(replace(settings, seed_file=str(file))) as server:
        response = server.api("get-list", list_id=list_id)
    assert [each["fields"] for each in response["members"]] == [
        {"City": "Perth", "Size": "L"}, {"City": "Hobart", "Size": "S"},
    ]  # fmt: skip


def test_the_default_account_can_be_seeded(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text('[[accounts]]\nkey = "sandbox-key"\nsecret = "x"\nbalance = 5\nfrozen_at = 2030-01-31T12:00:00Z\n')
    with run_sandbox(replace(settings, seed_file=str(file))) as server:
        assert server.api("get-balance")["balance"] == 5
        assert server.ok("GET", "/clock") == {"now": "2030-01-31T12:00:00Z", "running": False}
        assert server.ok("GET", "/tenants/current")["name"] == "default"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[lists]]\nname='A'\naccount='nobody'", 'seed.toml: lists[0].account: there is no account "nobody"'),
        ("[[numbers]]\nnumber='61491570101'", "seed.toml: numbers[0].number: 61491570101 is not free to be leased"),
        (
            "[[keywords]]\nkeyword='A'\nnumber='61491570120'",
            "seed.toml: keywords[0].number: 61491570120 is not a number",
        ),
        ("[[numbers]]\nnumber='61491570120'\nlist='A'", 'seed.toml: numbers[0].list: the account has no list "A"'),
        ("[[rules]]\nscenario='slowly'", "seed.toml: rules[0]: "),
        ("[[rules]]\nscenario='slow'\nmatch={to='x'}", "seed.toml: rules[0]: "),
        ("lists = 5", "seed.toml: lists: Expected `array`, got `int`"),
    ],
)
def test_a_server_with_a_bad_file_does_not_start(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "seed.toml").write_text(text)
    command = [sys.executable, "-m", "sms_sandbox", "serve", "--https-port", "0", "--http-port", "0", "--seed-file"]
    ran = subprocess.run([*command, "seed.toml"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 2
    (line,) = ran.stderr.splitlines()
    assert line.startswith(f"sms-sandbox: {complaint}")
    assert ran.stdout == ""
