"""The delay of other calls during the import of a long file."""

import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .figures import Figure, Run
from .processes import ServerProcess, sandbox
from .stalls import MAX_WORK_SECONDS, calls_during, open_api


class FileHandler(SimpleHTTPRequestHandler):
    """A handler that serves the files of a folder, without a log."""

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def imports(run: Run) -> Figure:
    """Time a client's calls on an idle server and during an import. They are a few milliseconds apart."""
    name = f"longest call while importing {run.members:,}"
    figure = Figure(name, "ms", "the same calls, idle", 50, goal_is_ratio=False, more_is_better=False)
    with TemporaryDirectory() as directory:
        folder = Path(directory)
        rows = (f"Ann,Other,614{12000000 + number}" for number in range(run.members))
        (folder / "people.csv").write_text("\n".join(["Firstname,Lastname,Mobile", *rows]))
        files = ThreadingHTTPServer(("127.0.0.1", 0), partial(FileHandler, directory=directory))
        threading.Thread(target=files.serve_forever, daemon=True).start()
        with sandbox(run.certificates, "--database", f"sqlite:///{folder / 'imports.db'}") as server:
            url = f"http://127.0.0.1:{files.server_address[1]}/people.csv"
            idle = calls_during(run, server, lambda: time.sleep(run.seconds))
            took: list[float] = []
            busy = calls_during(run, server, lambda: took.append(import_contacts(run, server, url)))
        files.shutdown()
        files.server_close()
    figure.baseline.append(idle["longest"] * 1000)
    figure.sandbox.append(busy["longest"] * 1000)
    for result, when in ((idle, "idle"), (busy, "while importing")):
        times = ", ".join(f"{word} {result[word] * 1000:.1f} ms" for word in ("median", "p99", "longest"))
        figure.notes.append(f"{when}: {times} of {result['calls']} calls")
    figure.notes.append(f"{took[0]:.1f} s in total, {run.members / took[0]:.0f} rows per second")
    return figure


def import_contacts(run: Run, server: ServerProcess, url: str) -> float:
    """Import the file into a new list, and return the seconds it took."""
    call, api = open_api(run, server)
    began = time.perf_counter()
    list_id = api("add-contacts-bulk", name="Everybody", file_url=url)["list_id"]
    while time.perf_counter() - began < MAX_WORK_SECONDS:
        result = api("add-contacts-bulk-progress", list_id=list_id)
        if result["status"] != "in progress":
            assert result["imported"] == run.members, result
            call.close()
            return time.perf_counter() - began
        time.sleep(0.2)
    raise TimeoutError(f"The import took longer than {MAX_WORK_SECONDS:.0f} s.")
