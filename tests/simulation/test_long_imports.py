"""An import of 50,000 rows, in a process that is killed half-way."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sms_sandbox.server.certificates import Certificates
from tests.processes import SandboxProcess, run_process
from tests.sandbox import Account
from tests.timing import eventually

ROWS = 50_000
TIMEOUT_SECONDS = 100.0

GROWTH = 48 << 10
"""Most growth of the process in KiB. That is less than the file, which would be held at least once besides its rows."""


@pytest.fixture
def file_url() -> Iterator[str]:
    """The URL of a file of 50 MB; loading it as a whole would show."""
    padding = "x" * 1000
    body = "\n".join(["Firstname,Mobile,Note", *(f"Uno,614{12000000 + row},{padding}" for row in range(ROWS))]).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Write no log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/people.csv"
    server.shutdown()
    thread.join()
    server.server_close()


def memory(sandbox: SandboxProcess, what: str) -> int:
    """Return the memory of a process in KiB: now (VmRSS) or at its peak (VmHWM)."""
    status = Path(f"/proc/{sandbox.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(what))


def memory_when_warm(process: SandboxProcess) -> int:
    """Return the peak memory in KiB, after everything is loaded that is loaded late."""
    process.account.api("format-number", msisdn="0491570156", countrycode="Australia")
    list_id = process.account.api("add-contacts-bulk", name="Nobody", file_url="http://127.0.0.1:1/")["list_id"]
    eventually(lambda: progress(process.account, list_id)["status"] == "failed")
    return memory(process, "VmHWM")


def progress(account: Account, list_id: int) -> dict[str, Any]:
    response: dict[str, Any] = account.api("add-contacts-bulk-progress", list_id=list_id)
    assert response["error"]["code"] == "SUCCESS", response
    return response


@pytest.mark.timeout(240)
def test_a_long_file_survives_a_sudden_death(certificates: Certificates, tmp_path: Path, file_url: str) -> None:
    flags = ("--database", f"sqlite:///{tmp_path / 'store.db'}", "--throttle", "0")
    with run_process(certificates, tmp_path, *flags) as first:
        before = memory_when_warm(first)
        list_id = first.account.api("add-contacts-bulk", name="Many", file_url=file_url)["list_id"]
        eventually(lambda: progress(first.account, list_id)["completed"] >= ROWS // 2, TIMEOUT_SECONDS)
        assert memory(first, "VmHWM") - before < GROWTH
        first.kill()
    with run_process(certificates, tmp_path, *flags) as second:
        reached = progress(second.account, list_id)
        assert reached["status"] == "in progress"
        assert ROWS // 2 <= reached["completed"] == reached["imported"] < ROWS
        eventually(lambda: progress(second.account, list_id)["status"] == "completed", TIMEOUT_SECONDS)
        response = progress(second.account, list_id)
        assert (response["importlength"], response["completed"], response["imported"]) == (ROWS, ROWS, ROWS)
        assert (response["duplicates"], response["skipped"], response["optout"]) == (0, 0, 0)
        made = second.account.api("get-list", list_id=list_id, page=ROWS // 25, max=25)
        assert (made["members_total"], made["members_active"], len(made["members"])) == (ROWS, ROWS, 25)
        assert second.errors.read_text() == ""
