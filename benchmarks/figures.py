"""The figures: what is measured, and beside what."""

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
from sms_sandbox.simulation.callbacks.attempts import LANE

from .processes import PATIENCE, Running, baseline, control, first_line, python, sandbox

SENDS = 5
TO = 500
"""Sends, and recipients of each, whose reports are posted."""

DRAIN = 1.6
"""Seconds after which what the last send-sms set off is over: it is delivered after one."""


@dataclass
class Figure:
    """Values of the sandbox and of its baseline by round. `goal` is met where the ratio, or the value, is no worse."""

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
        """Of each round."""
        return [mine / other for mine, other in zip(self.sandbox, self.baseline, strict=True)]

    @property
    def met(self) -> bool | None:
        if self.goal is None:
            return None
        value = self.ratio if self.goal_is_ratio else median(self.sandbox)
        return value >= self.goal if self.more_is_better else value <= self.goal


@dataclass(frozen=True)
class Run:
    """How much is measured."""

    certificates: Certificates
    rounds: int
    seconds: float
    members: int


def starting(run: Run) -> Figure:
    """From starting the process to the first 200 over TLS."""
    figure = Figure("start to first 200", "s", "bare uvicorn", 3.0, more_is_better=False)
    context = ssl.create_default_context(cafile=run.certificates.ca)

    def first_answer(server: AbstractContextManager[Running]) -> float:
        began = time.perf_counter()
        with server as running:
            call = http.client.HTTPSConnection("localhost", running.https_port, context=context, timeout=PATIENCE)
            call.request("GET", "/get-balance.json", headers=AUTHORIZATION)
            status = call.getresponse().status
            took = time.perf_counter() - began
            call.close()
        assert status == 200, status
        return took

    for which in range(run.rounds + 1):
        other, mine = first_answer(baseline("bare", run.certificates)), first_answer(sandbox(run.certificates))
        if which:  # what the first round finds not yet compiled, it compiles for the others
            figure.baseline.append(other)
            figure.sandbox.append(mine)
    return figure


AUTHORIZATION = {"Authorization": f"Basic {b64encode(b'sandbox-key:sandbox-secret').decode()}"}


def calls(run: Run) -> list[Figure]:
    """Calls a second, over 16 kept-alive connections."""
    sends = Figure("send-sms a second", "/s", "Starlette form and JSON", 0.5)
    balances = Figure("get-balance a second", "/s", "Starlette form and JSON", 0.7)
    costs: dict[tuple[str, str], list[float]] = {}
    with sandbox(run.certificates) as mine, baseline("echo", run.certificates) as other:
        control(mine, "PATCH", "/account", {"balance": 10_000_000})
        for _ in range(run.rounds):
            for figure, what, lead in ((sends, "send-sms", 1.2), (balances, "get-balance", 0.3)):
                for server, values, whose in ((other, figure.baseline, "baseline"), (mine, figure.sandbox, "sandbox")):
                    before = server.cpu()
                    told = load(run, server, what, "--lead", str(lead), "--seconds", str(run.seconds))
                    values.append(told["calls"] / told["seconds"])
                    if what == "send-sms" and whose == "sandbox":
                        time.sleep(DRAIN)
                    cpu = (server.cpu() - before) / told["answers"]
                    costs.setdefault((what, whose), []).append(cpu * 1_000_000)
    for figure, what in ((sends, "send-sms"), (balances, "get-balance")):
        spent, least = median(costs[what, "sandbox"]), median(costs[what, "baseline"])
        figure.notes.append(f"processor time a call: {spent:.0f} µs, baseline {least:.0f} µs ({least / spent:.2f})")
    sends.notes.append("1,000 different recipients, over and over; what is delivered meanwhile is part of the cost")
    return [sends, balances]


def load(run: Run, server: Running, what: str, *more: str) -> dict[str, Any]:
    """Call a server from a process of its own."""
    with python(*load_command(run, server, what), *more) as process:
        told: dict[str, Any] = json.loads(first_line(process))
        process.wait(PATIENCE)
    return told


def load_command(run: Run, server: Running, what: str) -> tuple[str, ...]:
    port, ca = str(server.https_port), str(run.certificates.ca)
    return ("-m", "benchmarks.load", what, "--port", port, "--ca", ca)


def reports(run: Run) -> Figure:
    """Delivery reports posted a second, from the first to the last at the receiver."""
    figure = Figure("reports posted a second", "/s", f"aiohttp alone, {LANE} at once", 2000, goal_is_ratio=False)
    total, missed = SENDS * TO, 0
    with python("-m", "benchmarks.receiver") as receiver, sandbox(run.certificates) as mine:
        url = f"http://127.0.0.1:{int(first_line(receiver))}"
        control(mine, "PATCH", "/account", {"balance": 10_000_000})
        for _ in range(run.rounds):
            ask(f"{url}/_forget")
            with python("-m", "benchmarks.poster", f"{url}/reports?id=7", str(total), str(LANE)) as poster:
                poster.wait(PATIENCE)
            figure.baseline.append(total / json.loads(ask(f"{url}/_count"))["seconds"])
            ask(f"{url}/_forget")
            send_many(run, mine, f"{url}/reports?id=7")
            heard = settled(f"{url}/_count", total)
            figure.sandbox.append(heard["total"] / heard["seconds"])
            missed += total - heard["once"]
    figure.notes.append(f"{total} reports a round; over all rounds {missed} did not arrive exactly once")
    return figure


def ask(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=PATIENCE) as reply:
        answer: bytes = reply.read()
    return answer


def send_many(run: Run, server: Running, dlr_callback: str) -> None:
    context = ssl.create_default_context(cafile=run.certificates.ca)
    call = http.client.HTTPSConnection("localhost", server.https_port, context=context, timeout=PATIENCE)
    for send in range(SENDS):
        to = ",".join(f"614{12000000 + 37 * number}" for number in range(send * TO, (send + 1) * TO))
        form = urlencode({"message": "Hello", "to": to, "dlr_callback": dlr_callback})
        headers = {**AUTHORIZATION, "Content-Type": "application/x-www-form-urlencoded"}
        call.request("POST", "/send-sms.json", form, headers)
        reply = json.load(call.getresponse())
        assert reply["recipients"] == TO, reply
    call.close()


def settled(url: str, total: int) -> dict[str, Any]:
    """What was heard once all that was to come did, and a moment longer, for what should not come."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and json.loads(ask(url))["total"] < total:
        time.sleep(0.2)
    time.sleep(0.5)
    heard: dict[str, Any] = json.loads(ask(url))
    return heard


def memory(run: Run) -> list[Figure]:
    """Resident memory of a server that has nothing to do: fresh, and after it did some of everything."""
    fresh = Figure("memory idle, fresh", "MB", "bare uvicorn", 90, goal_is_ratio=False, more_is_better=False)
    warm = Figure("memory idle, warmed up", "MB", "bare uvicorn", 90, goal_is_ratio=False, more_is_better=False)
    with sandbox(run.certificates) as mine, baseline("bare", run.certificates) as other:
        for server, first in ((mine, fresh.sandbox), (other, fresh.baseline)):
            once(run, server)
            first.append(server.memory())
        for server, then in ((mine, warm.sandbox), (other, warm.baseline)):
            for _ in range(200):
                once(run, server)
            then.append(server.memory())
    with sandbox(run.certificates) as mine, python("-m", "benchmarks.receiver") as receiver:
        control(mine, "PATCH", "/account", {"balance": 10_000_000})
        send_many(run, mine, f"http://127.0.0.1:{int(first_line(receiver))}/reports")
        time.sleep(4)
        warm.notes.append(f"after {SENDS} sends to {TO} and their reports: {mine.memory():.0f} MB")
    return [fresh, warm]


def once(run: Run, server: Running) -> None:
    context = ssl.create_default_context(cafile=run.certificates.ca)
    call = http.client.HTTPSConnection("localhost", server.https_port, context=context, timeout=PATIENCE)
    call.request("GET", "/get-balance.json", headers=AUTHORIZATION)
    assert call.getresponse().status == 200
    call.close()
