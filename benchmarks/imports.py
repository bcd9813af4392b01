"""How long other calls wait while a long file is imported."""

import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .figures import Figure, Run
from .processes import Running, sandbox
from .stalls import LONGEST, caller, calls_during


class Quiet(SimpleHTTPRequestHandler):
    """Serves the files of a folder."""

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def imports(run: Run) -> Figure:
    """Calls of one client, a few milliseconds apart, when nothing happens and while a file is imported."""
    name = f"longest call while importing {run.members:,}"
    figure = Figure(name, "ms", "the same calls, idle", 50, goal_is_ratio=False, more_is_better=False)
    with TemporaryDirectory() as directory:
        folder = Path(directory)
        rows = (f"Ann,Other,614{12000000 + number}" for number in range(run.members))
        (folder / "people.csv").write_text("\n".join(["Firstname,Lastname,Mobile", *rows]))
        files = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=directory))
        threading.Thread(target=files.serve_forever, daemon=True).start()
        with sandbox(run.certificates, "--database", f"sqlite:///{folder / 'imports.db'}") as server:
            url = f"http://127.0.0.1:{files.server_address[1]}/people.csv"
            idle = calls_during(run, server, lambda: time.sleep(run.seconds))
            took: list[float] = []
            busy = calls_during(run, server, lambda: took.append(import_it(run, server, url)))
        files.shutdown()
        files.server_close()
    figure.baseline.append(idle["longest"] * 1000)
    figure.sandbox.append(busy["longest"] * 1000)
    for told, when in ((idle, "idle"), (busy, "while importing")):
        shown = ", ".join(f"{word} {told[word] * 1000:.1f} ms" for word in ("median", "p99", "longest"))
        figure.notes.append(f"{when}: {shown} of {told['calls']} calls")
    figure.notes.append(f"{took[0]:.1f} s in all, {run.members / took[0]:.0f} rows a second")
    return figure


def import_it(run: Run, server: Running, url: str) -> float:
    """Import the file into a new list; the seconds that took."""
    call, api = caller(run, server)
    began = time.perf_counter()
    list_id = api("add-contacts-bulk", name="Everybody", file_url=url)["list_id"]
    while time.perf_counter() - began < LONGEST:
        told = api("add-contacts-bulk-progress", list_id=list_id)
        if told["status"] != "in progress":
            assert told["imported"] == run.members, told
            call.close()
            return time.perf_counter() - began
        time.sleep(0.2)
    raise TimeoutError(f"The file was not imported in {LONGEST:.0f} s.")
