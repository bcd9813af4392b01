"""Processor time that each part added to uvicorn costs or saves."""

import http.client
import ssl
import time
from collections.abc import Callable

from .figures import AUTHORIZATION, DELIVERY_SECONDS, Figure, Run, load
from .processes import TIMEOUT_SECONDS, ServerProcess, control, sandbox

CONNECTIONS = 150
"""New connections of a round, one after the other, with one call each."""


def server_parts(run: Run) -> list[Figure]:
    """Measure each part against a sandbox without it."""
    return [
        _compare(run, "get-balance, sent at the end of a turn", "buffered-transport", 0.95, _calls(run, "get-balance")),
        _compare(run, "get-balance, heads repaired", "head-repair", 1.05, _calls(run, "get-balance")),
        _compare(run, "connection, first byte read", "first-byte", 1.15, _connections(run)),
    ]


def _compare(run: Run, name: str, part: str, goal: float | None, measure: Callable[[ServerProcess], float]) -> Figure:
    figure = Figure(name, "µs", f"without {part}", goal, more_is_better=False)
    program = ("-m", "benchmarks.without", part)
    with sandbox(run.certificates) as whole, sandbox(run.certificates, program=program) as less:
        for server in (whole, less):
            control(server, "PATCH", "/account", {"balance": 10_000_000})
        measure(whole), measure(less)  # the first calls load modules
        for number in range(run.rounds):
            turns = [(whole, figure.sandbox), (less, figure.baseline)]
            for server, values in turns if number % 2 else reversed(turns):
                values.append(measure(server))
    return figure


def _calls(run: Run, what: str) -> Callable[[ServerProcess], float]:
    """Return a measurement of calls on 16 keep-alive connections: microseconds per call."""

    def measure(server: ServerProcess) -> float:
        before = server.cpu()
        answers = load(run, server, what, "--lead", "0.3", "--seconds", str(run.seconds))["answers"]
        if what == "send-sms":
            time.sleep(DELIVERY_SECONDS)
        return (server.cpu() - before) / float(answers) * 1_000_000

    return measure


def _connections(run: Run) -> Callable[[ServerProcess], float]:
    """Return a measurement of new connections: microseconds per connection with one call."""
    context = ssl.create_default_context(cafile=run.certificates.ca)

    def measure(server: ServerProcess) -> float:
        before = server.cpu()
        for _ in range(CONNECTIONS):
            connection = http.client.HTTPSConnection(
                "localhost", server.https_port, context=context, timeout=TIMEOUT_SECONDS
            )
            connection.request("GET", "/get-balance.json", headers=AUTHORIZATION)
            assert connection.getresponse().status == 200
            connection.close()
        return (server.cpu() - before) / CONNECTIONS * 1_000_000

    return measure
