"""`Sandbox.attach`: by the ready file, by the address, and by the environment."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.testing import Sandbox, SandboxError


@pytest.fixture
def ready_file(server: Sandbox, tmp_path: Path) -> Path:
    path = tmp_path / "ready.json"
    path.write_text(server.where.to_json())
    return path


def test_a_test_attaches_by_the_ready_file(server: Sandbox, ready_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox.attach(ready_file=ready_file) as attached:
        assert attached.where == server.where
        assert attached.call("get-balance")["currency"] == "AUD"
    monkeypatch.setenv("SMS_SANDBOX_READY_FILE", str(ready_file))
    with Sandbox.attach() as attached:
        assert attached.where == server.where
    assert server.now <= datetime.now(UTC), "closing what was attached stopped the server"


def test_a_test_attaches_to_a_tenant_by_its_key(server: Sandbox, tenant: Sandbox, ready_file: Path) -> None:
    with Sandbox.attach(ready_file=ready_file, key=tenant.key, secret=tenant.secret) as attached:
        assert attached.now == tenant.now
    with pytest.raises(ValueError, match="together"):
        Sandbox.attach(ready_file=ready_file, key=tenant.key)


def test_a_test_attaches_by_the_address(server: Sandbox, tenant: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox.attach(http=server.where.http) as attached:
        assert attached.where == server.where
    monkeypatch.setenv("SMS_SANDBOX_HTTP_PORT", server.where.http.rpartition(":")[2])
    monkeypatch.setenv("SMS_SANDBOX_KEY", tenant.key)
    monkeypatch.setenv("SMS_SANDBOX_SECRET", tenant.secret)
    with Sandbox.attach() as attached:
        assert attached.now == tenant.now
        assert (attached.url, attached.ca) == (tenant.url, tenant.ca)


def test_a_test_attaches_with_a_token(certificates: Certificates) -> None:
    with Sandbox.start(certs=certificates.directory, control_token="let-me-in") as sandbox:
        assert sandbox.now
        with Sandbox.attach(http=sandbox.where.http) as attached:
            assert attached.now, "a tenant's key and secret are enough for its own tenant"
            with pytest.raises(SandboxError, match="token"):
                attached.new_tenant()
        with Sandbox.attach(http=sandbox.where.http, token="let-me-in") as attached, attached.new_tenant() as made:
            assert made.now


def test_attaching_without_a_sandbox_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SandboxError, match=r"ready file .*missing\.json can't be read"):
        Sandbox.attach(ready_file=tmp_path / "missing.json")
    (tmp_path / "other.json").write_text('{"key": "value"}')
    with pytest.raises(SandboxError, match=r"other\.json can't be read: it was not written by a sandbox"):
        Sandbox.attach(ready_file=tmp_path / "other.json")
    with pytest.raises(SandboxError, match=r"No sandbox answers at http://127\.0\.0\.1:9/_sandbox/v1/info"):
        Sandbox.attach(http="http://127.0.0.1:9")
    monkeypatch.setenv("SMS_SANDBOX_HOST", "127.0.0.9")
    monkeypatch.setenv("SMS_SANDBOX_HTTP_PORT", "9")
    with pytest.raises(SandboxError, match=r"No sandbox answers at http://127\.0\.0\.9:9/_sandbox/v1/info"):
        Sandbox.attach()
    monkeypatch.setenv("SMS_SANDBOX_HTTP_PORT", "0")
    with pytest.raises(SandboxError, match="use --ready-file to find it"):
        Sandbox.attach()
