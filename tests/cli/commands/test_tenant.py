"""`sms-sandbox reset`, `export` and `import` against a running sandbox."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sms_sandbox.cli.root import main
from tests.sandbox import Account

NOON = "2030-01-31T12:00:00Z"


@pytest.fixture
def tenant(server: Account) -> Account:
    return server.tenant(frozen_at=NOON)


def run(tenant: Account, *args: str) -> Result:
    where = ("--http-port", tenant.ready.http.rpartition(":")[2], "--account", f"{tenant.key}:{tenant.secret}")
    return CliRunner().invoke(main, [*args, *where], prog_name="sms-sandbox")


def total(tenant: Account, what: str) -> int:
    return int(tenant.ok("GET", f"/{what}")["page"]["total"])


def test_a_tenant_is_emptied_as_a_whole_or_by_kind(tenant: Account) -> None:
    tenant.send()
    tenant.api("add-list", name="Guests")
    result = run(tenant, "reset", "messages", "mails")
    assert result.output.startswith("Emptied messages, mails of the tenant t-")
    assert (total(tenant, "messages"), total(tenant, "lists")) == (0, 1)
    assert json.loads(run(tenant, "reset", "--json").output)["key"] == tenant.key
    assert total(tenant, "lists") == 0
    result = run(tenant, "reset", "everything")
    assert (result.exit_code, "Invalid value for 'KIND': 'everything'" in result.output) == (2, True)


def test_a_tenant_is_exported_and_imported(server: Account, tenant: Account, tmp_path: Path) -> None:
    tenant.send("caf\u00e9")
    file = tmp_path / "tenant.json"
    assert "rows.\n" in run(tenant, "export", "--with-secrets", str(file)).output
    assert file.stat().st_mode & 0o777 == 0o600
    assert run(tenant, "export", "--with-secrets").output == file.read_text()
    assert json.loads(file.read_text()) == tenant.ok("GET", "/export", with_secrets="true")
    result = run(server, "import", str(file))
    assert (result.exit_code, "already" in result.output) == (1, True)
    renamed = ("--name", "along", "--key", "along", "--secret", "s")
    made = json.loads(run(server, "import", str(file), *renamed, "--json").output)
    copied = Account(server.ready, made["key"], made["secret"])
    assert (made["name"], copied.key, copied.secret) == ("along", "along", "s")
    assert copied.ok("GET", "/messages")["messages"][0]["text"] == "caf\u00e9"


def test_a_tenant_is_replayed_from_its_file(tenant: Account, tmp_path: Path) -> None:
    tenant.send("Once")
    file, first, second = (str(tmp_path / name) for name in ("tenant.json", "first.json", "second.json"))
    assert run(tenant, "export", "--with-secrets", file).exit_code == 0
    for to in (first, second):
        assert f" to {to}: " in run(tenant, "replay", file, to).output
    assert Path(first).read_bytes() == Path(second).read_bytes() == Path(file).read_bytes()
    assert run(tenant, "replay", file).output == Path(first).read_text()
    assert total(tenant, "messages") == 1


def test_an_invalid_file_is_refused_in_one_line(server: Account, tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("{")
    for args in (("import", str(bad)), ("import", str(tmp_path / "none.json")), ("export", str(tmp_path / "a" / "b"))):
        result = run(server, *args)
        assert (result.exit_code, len(result.output.splitlines())) == (1, 1), result.output
        assert args[1] in result.output
