"""The figures: what is measured, and the baseline of each."""

import http.client
import json
import ssl
import time
import urllib.request
from base64 import b64encode
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from statistics import median
from typing import Any
from urllib.parse import urlencode

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.simulation.callbacks.shares import MAX_PER_LANE

from .postgres import postgres_database
from .processes import TIMEOUT_SECONDS, ServerProcess, baseline, control, first_line, python, sandbox

SENDS_PER_ROUND = 5
RECIPIENTS_PER_SEND = 500
"""Recipients of each send. Their delivery reports are posted."""

DELIVERY_SECONDS = 1.6
"""Wait after the last send-sms, in seconds. Its messages are delivered after one second."""


@dataclass
class Figure:
    """Values of the sandbox and of its baseline by round.

    The goal is met if the ratio (or the sandbox's value, if `goal_is_ratio` is false) is no worse than `goal`.
    """

    name: str
    unit: str
    baseline_is: str
    goal: float | None = None
    goal_is_ratio: bool = True
    more_is_better: bool = True
    sandbox: list[float] = field(default_factory=list)
    baseline: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        return median(self.sandbox) / median(self.baseline)

    @property
    def ratios(self) -> list[float]:
        """Return the ratio of each round."""
        return [sandbox / baseline for sandbox, baseline in zip(self.sandbox, self.baseline, strict=True)]

    @property
    def met(self) -> bool | None:
        if self.goal is None:
            return None
        value = self.ratio if self.goal_is_ratio else median(self.sandbox)
        return value >= self.goal if self.more_is_better else value <= self.goal


@dataclass(frozen=True)
class Run:
    """The size of a run: rounds, seconds per round, and members of the long list."""

    certificates: Certificates
    rounds: int
    seconds: float
    members: int


def startup(run: Run) -> Figure:
    """Measure the time from the start of the process to the first 200 over TLS."""
    figure = Figure("start to first 200", "s", "bare uvicorn", 3.0, more_is_better=False)
    context = ssl.create_default_context(cafile=run.certificates.ca)

    def first_answer(server: AbstractContextManager[ServerProcess]) -> float:
        began = time.perf_counter()
        with server as running:
            call = http.client.HTTPSConnection(
                "localhost", running.https_port, context=context, timeout=TIMEOUT_SECONDS
            )
            call.request("GET", "/get-balance.json", headers=AUTHORIZATION)
            status = call.getresponse().status
            took = time.perf_counter() - began
            call.close()
        assert status == 200, status
        return took

    for number in range(run.rounds + 1):
        other, mine = first_answer(baseline("bare", run.certificates)), first_answer(sandbox(run.certificates))
        if number:  # the first round compiles Python files for the others, so it does not count
            figure.baseline.append(other)
            figure.sandbox.append(mine)
    return figure


AUTHORIZATION = {"Authorization": f"Basic {b64encode(b'sandbox-key:sandbox-secret').decode()}"}


def calls(run: Run) -> list[Figure]:
    """Measure calls per second over 16 keep-alive connections."""
    sends = Figure("send-sms per second", "/s", "Starlette form and JSON", 0.5)
    balances = Figure("get-balance per second", "/s", "Starlette form and JSON", 0.7)
    costs: dict[tuple[str, str], list[float]] = {}
    with sandbox(run.certificates) as mine, baseline("echo", run.certificates) as other:
        control(mine, "PATCH", "/account", {"balance": 10_000_000})
        for _ in range(run.rounds):
            for figure, what, lead in ((sends, "send-sms", 1.2), (balances, "get-balance", 0.3)):
                for server, values, name in ((other, figure.baseline, "baseline"), (mine, figure.sandbox, "sandbox")):
                    before = server.cpu()
                    result = load(run, server, what, "--lead", str(lead), "--seconds", str(run.seconds))
                    values.append(result["calls"] / result["seconds"])
                    if what == "send-sms" and name == "sandbox":
                        time.sleep(DELIVERY_SECONDS)
                    cpu = (server.cpu() - before) / result["answers"]
                    costs.setdefault((what, name), []).append(cpu * 1_000_000)
    for figure, what in ((sends, "send-sms"), (balances, "get-balance")):
        cost, least = median(costs[what, "sandbox"]), median(costs[what, "baseline"])
        figure.notes.append(f"processor time per call: {cost:.0f} µs, baseline {least:.0f} µs ({least / cost:.2f})")
    sends.notes.append("1,000 different recipients in turn; the cost includes the deliveries that happen meanwhile")
    return [sends, balances]


def load(run: Run, server: ServerProcess, what: str, *more: str) -> dict[str, Any]:
    """Call a server from a separate process, and return the result."""
    with python(*load_command(run, server, what), *more) as process:
        result: dict[str, Any] = json.loads(first_line(process))
        process.wait(TIMEOUT_SECONDS)
    return result


def load_command(run: Run, server: ServerProcess, what: str) -> tuple[str, ...]:
    port, ca = str(server.https_port), str(run.certificates.ca)
    return ("-m", "benchmarks.load", what, "--port", port, "--ca", ca)


def reports(run: Run) -> list[Figure]:
    """Measure delivery reports posted per second, from the first to the last at the receiver."""
    with postgres_database() as url:
        return [
            _reports(run, "in memory", 3000),
            _reports(run, "on PostgreSQL", 2000, "--database", url),
        ]


def _reports(run: Run, store: str, goal: float, *flags: str) -> Figure:
    name, alone = f"reports posted per second, {store}", f"aiohttp alone, {MAX_PER_LANE} at once"
    figure = Figure(name, "/s", alone, goal, goal_is_ratio=False)
    total, missed = SENDS_PER_ROUND * RECIPIENTS_PER_SEND, 0
    with python("-m", "benchmarks.receiver") as receiver, sandbox(run.certificates, *flags) as mine:
        url = f"http://127.0.0.1:{int(first_line(receiver))}"
        control(mine, "PATCH", "/account", {"balance": 10_000_000})
        for _ in range(run.rounds):
            ask(f"{url}/_forget")
            with python(
                "-m", "benchmarks.aiohttp_client", f"{url}/reports?id=7", str(total), str(MAX_PER_LANE)
            ) as poster:
                poster.wait(TIMEOUT_SECONDS)
            figure.baseline.append(total / json.loads(ask(f"{url}/_count"))["seconds"])
            ask(f"{url}/_forget")
            send_many(run, mine, f"{url}/reports?id=7")
            counts = wait_for_callbacks(f"{url}/_count", total)
            figure.sandbox.append(counts["total"] / counts["seconds"])
            missed += total - counts["once"]
    figure.notes.append(f"{total} reports per round; {missed} of all rounds did not arrive exactly once")
    return figure


def ask(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as reply:
        answer: bytes = reply.read()
    return answer


def send_many(run: Run, server: ServerProcess, dlr_callback: str) -> None:
    context = ssl.create_default_context(cafile=run.certificates.ca)
    call = http.client.HTTPSConnection("localhost", server.https_port, context=context, timeout=TIMEOUT_SECONDS)
    for send in range(SENDS_PER_ROUND):
        to = ",".join(
            f"614{12000000 + 37 * number}"
            for number in range(send * RECIPIENTS_PER_SEND, (send + 1) * RECIPIENTS_PER_SEND)
        )
        form = urlencode({"message": "Hello", "to": to, "dlr_callback": dlr_callback})
        headers = {**AUTHORIZATION, "Content-Type": "application/x-www-form-urlencoded"}
        call.request("POST", "/send-sms.json", form, headers)
        reply = json.load(call.getresponse())
        assert reply["recipients"] == RECIPIENTS_PER_SEND, reply
    call.close()


def wait_for_callbacks(url: str, total: int) -> dict[str, Any]:
    """Wait for the callbacks, and return their counts. Half a second more gives surplus ones time to arrive."""
    until = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < until and json.loads(ask(url))["total"] < total:
        time.sleep(0.2)
    time.sleep(0.5)
    counts: dict[str, Any] = json.loads(ask(url))
    return counts


def memory(run: Run) -> list[Figure]:
    """Measure the resident memory of an idle server: fresh, and warmed up."""
    fresh = Figure("idle memory, fresh", "MB", "bare uvicorn", 90, goal_is_ratio=False, more_is_better=False)
    warm = Figure("idle memory, warmed up", "MB", "bare uvicorn", 90, goal_is_ratio=False, more_is_better=False)
    with sandbox(run.certificates) as mine, baseline("bare", run.certificates) as other:
        for server, first in ((mine, fresh.sandbox), (other, fresh.baseline)):
            call_once(run, server)
            first.append(server.memory())
        for server, then in ((mine, warm.sandbox), (other, warm.baseline)):
            for _ in range(200):
                call_once(run, server)
            then.append(server.memory())
    with sandbox(run.certificates) as mine, python("-m", "benchmarks.receiver") as receiver:
        control(mine, "PATCH", "/account", {"balance": 10_000_000})
        send_many(run, mine, f"http://127.0.0.1:{int(first_line(receiver))}/reports")
        time.sleep(4)
        warm.notes.append(
            f"after {SENDS_PER_ROUND} sends to {RECIPIENTS_PER_SEND} and their reports: {mine.memory():.0f} MB"
        )
    return [fresh, warm]


def call_once(run: Run, server: ServerProcess) -> None:
    context = ssl.create_default_context(cafile=run.certificates.ca)
    call = http.client.HTTPSConnection("localhost", server.https_port, context=context, timeout=TIMEOUT_SECONDS)
    call.request("GET", "/get-balance.json", headers=AUTHORIZATION)
    assert call.getresponse().status == 200
    call.close()
