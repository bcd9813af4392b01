"""The configured accounts: each has a tenant, which the next start finds again."""

import re
from pathlib import Path
from typing import Any

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings
from tests.sandbox import Account, run_sandbox


def test_each_account_is_a_tenant_of_its_own_and_kept(certificates: Certificates, tmp_path: Path) -> None:
    long = "x" * 100
    flags: dict[str, Any] = {"https_port": 0, "http_port": 0, "certs": str(certificates.directory)}
    database = f"sqlite:///{tmp_path / 'store.db'}"
    keys = ["one", "a/b c", f"{long}1", f"{long}2"]
    with run_sandbox(Settings(**flags, database=database, account=tuple(f"{key}:old" for key in keys))) as first:
        names = [Account(first.ready, key, "old").ok("GET", "/tenants/current")["name"] for key in keys]
        assert names[0] == "default"
        # A key that cannot be a name gets a hash, so that its name does not depend on the order of the keys.
        mark = r"-[0-9a-f]{8}"
        assert re.fullmatch("account-a-b-c" + mark, names[1])
        assert all(re.fullmatch(f"account-{'x' * 42}" + mark, name) for name in names[2:])
        assert len(set(names)) == 4
        first.send()
    with run_sandbox(Settings(**flags, database=database, account=("one:new", "more:new"), throttle=3)) as again:
        assert again.ok("GET", "/messages")["page"]["total"] == 1
        assert again.ok("GET", "/account")["throttle"] == 3
        assert Account(again.ready, "one", "old").refused("GET", "/clock") == (401, "unauthorised")
        assert Account(again.ready, "a/b c", "old").ok("GET", "/account")["throttle"] == 15
        assert Account(again.ready, "more", "new").ok("GET", "/tenants/current")["name"] == "account-more"
