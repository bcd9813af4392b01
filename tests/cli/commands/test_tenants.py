"""`sms-sandbox tenant`: what is made, listed and deleted, and the choice that later commands keep."""

import json
import re
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sms_sandbox.cli.remembered_tenant import file_of
from sms_sandbox.cli.root import main
from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings
from tests.cli.shell import write_ready
from tests.sandbox import HANDSET, Account, run_sandbox


def run(*args: str, **environment: str) -> Result:
    return CliRunner().invoke(main, args, env=environment, prog_name="sms-sandbox")


@pytest.fixture
def ready_file(server: Account, tmp_path: Path) -> str:
    file = tmp_path / "ready.json"
    write_ready(server, file)
    return str(file)


def say(ready_file: str, *args: str) -> str:
    """Return the output of a command that succeeds."""
    result = run(*args, "--ready-file", ready_file)
    assert result.exit_code == 0, result.output
    return result.output


def test_later_commands_act_on_the_tenant_that_is_used(server: Account, ready_file: str, tmp_path: Path) -> None:
    name = f"shop-{tmp_path.name}"
    made = say(ready_file, "tenant", "new", "--name", name, "--frozen-at", "2030-01-31", "--delivery", "5s", "--use")
    assert made.startswith(f"Created the tenant {name}.\nkey     ")
    assert stat.S_IMODE(Path(f"{ready_file}.tenant").stat().st_mode) == 0o600
    assert say(ready_file, "clock", "show").startswith("2030-01-31 00:00:00 UTC, frozen.")
    say(ready_file, "send", HANDSET, "Hi")
    assert json.loads(say(ready_file, "messages", "--json"))["page"]["total"] == 1
    listed = say(ready_file, "tenant", "list")
    assert f"\n*  {name} " in listed
    assert re.search(rf"{name} .* 1 +about \d+ KB +key sandbox-key from 127\.0\.0\.1\n", f"{listed}\n")
    assert re.search(r"default .* the start\n", f"{listed}\n")
    # An account that is named wins over the choice.
    assert "2030" not in say(ready_file, "clock", "show", "--account", f"{server.key}:{server.secret}")
    say(ready_file, "tenant", "use", "--default")
    assert "2030" not in say(ready_file, "clock", "show")
    say(ready_file, "tenant", "use", name)
    assert "2030" in say(ready_file, "clock", "show")
    assert say(ready_file, "tenant", "delete", name) == f"Deleted the tenant {name}.\n"
    assert "2030" not in say(ready_file, "clock", "show")


def test_a_chosen_tenant_that_is_gone_is_an_error(server: Account, ready_file: str) -> None:
    name = server.tenant().ok("GET", "/tenants/current")["name"]
    say(ready_file, "tenant", "use", name)
    server.ok("DELETE", f"/tenants/{name}")
    result = run("clock", "show", "--ready-file", ready_file)
    assert result.exit_code == 1
    assert f"(Tenant {name}, as `tenant use` chose; `tenant use --default` ends that.)" in result.output
    assert "default" in say(ready_file, "tenant", "list")
    assert run("tenant", "use", name, "--ready-file", ready_file).exit_code == 1


def test_a_chosen_tenant_is_used_on_its_server_only(server: Account, tmp_path: Path) -> None:
    port = server.ready.http.rpartition(":")[2]
    home = {"XDG_CONFIG_HOME": str(tmp_path), "HOME": str(tmp_path)}
    name = server.tenant(frozen_at="2030-01-31T12:00:00Z").ok("GET", "/tenants/current")["name"]
    assert run("tenant", "use", name, "--http-port", port, **home).exit_code == 0
    assert run("clock", "show", "--http-port", port, **home).output.startswith("2030-01-31")
    (file,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file_of(None, "http://localhost:1").name != file.name == file_of(None, f"http://localhost:{port}").name


def test_the_operators_token_is_enough(certificates: Certificates, tmp_path: Path) -> None:
    settings = Settings(https_port=0, http_port=0, certs=str(certificates.directory), control_token="let-me-in")
    with run_sandbox(settings) as account:
        write_ready(account, tmp_path / "ready.json")
        ready_file = str(tmp_path / "ready.json")
        say(ready_file, "tenant", "new", "--name", "mine", "--frozen-at", "2030-01-31")
        say(ready_file, "tenant", "use", "mine")
        assert say(ready_file, "clock", "show").startswith("2030-01-31")
        # The secret is not shown, so the sandbox makes the call itself.
        assert "was sent to 1 handset" in say(ready_file, "send", HANDSET, "Hi")
        assert json.loads(say(ready_file, "messages", "--json"))["page"]["total"] == 1
        assert account.ok("GET", "/messages")["page"]["total"] == 0
        result = run("send", HANDSET, "Hi", "--from", "NOCREDIT", "--ready-file", ready_file)
        assert (result.exit_code, "Refused with LEDGER_ERROR" in result.output) == (1, True)


@pytest.mark.parametrize("args", [(), ("a", "--default")])
def test_tenant_use_needs_a_name_or_the_default(ready_file: str, args: tuple[str, ...]) -> None:
    assert run("tenant", "use", *args, "--ready-file", ready_file).exit_code == 2


def test_a_choice_that_cannot_be_stored_is_one_line(ready_file: str) -> None:
    Path(f"{ready_file}.tenant").mkdir()
    result = run("tenant", "use", "default", "--ready-file", ready_file)
    assert (result.exit_code, len(result.output.splitlines())) == (1, 1)


def test_the_certificate_of_a_server_elsewhere_is_fetched(server: Account, ready_file: str, tmp_path: Path) -> None:
    moved = json.loads(Path(ready_file).read_text()) | {"ca": str(tmp_path / "elsewhere" / "ca.pem")}
    Path(ready_file).write_text(json.dumps(moved))
    assert "was sent to 1 handset" in say(ready_file, "send", HANDSET, "From another machine")


def test_the_address_of_the_page_is_printed(server: Account, ready_file: str) -> None:
    assert say(ready_file, "open", "--print") == f"{server.ready.http}/_sandbox/\n"


def test_the_story_is_written_to_a_file_or_to_stdout(server: Account, ready_file: str, tmp_path: Path) -> None:
    server.send("Once upon a time")
    file = tmp_path / "story.html"
    assert say(ready_file, "report", "-o", str(file)) == f"Wrote the story of the tenant to {file}.\n"
    assert "Once upon a time" in file.read_text()
    assert "Once upon a time" in say(ready_file, "report")
    result = run("report", "-o", str(tmp_path / "no" / "where"), "--ready-file", ready_file)
    assert (result.exit_code, len(result.output.splitlines())) == (1, 1)
    assert run("report", "--open", "--ready-file", ready_file).exit_code == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_of_the_shell(shell: str) -> None:
    result = run("completion", shell)
    assert result.exit_code == 0
    assert "_SMS_SANDBOX_COMPLETE" in result.output


def test_the_script_completes_commands_and_flags() -> None:
    words = {"COMP_WORDS": "sms-sandbox clo", "COMP_CWORD": "1", "_SMS_SANDBOX_COMPLETE": "bash_complete"}
    assert "clock" in run(**words).output
    flags = words | {"COMP_WORDS": "sms-sandbox messages --sen", "COMP_CWORD": "2"}
    assert "--sender" in run(**flags).output
