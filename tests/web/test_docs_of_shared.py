"""The commands of docs/shared.md run as written."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.sandbox import Account

PAGE = Path(__file__).parents[2] / "docs" / "shared.md"


@pytest.mark.skipif(shutil.which("curl") is None, reason="the commands need curl")
def test_the_script_for_colleagues_gets_a_reply(server: Account, tmp_path: Path) -> None:
    tenant = server.tenant()
    section = PAGE.read_text().partition("## From the line to a reply on a handset")[2]
    script = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)[0]
    for written, meant in {
        "http://sandbox.example.net:8080": server.ready.http,
        "https://sandbox.example.net:8443": server.ready.https,
        "KEY:SECRET": f"{tenant.key}:{tenant.secret}",
    }.items():
        assert written in script
        script = script.replace(written, meant)
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert '"message_id":340000001' in ran.stdout
    assert '"response":"Thanks"' in ran.stdout
