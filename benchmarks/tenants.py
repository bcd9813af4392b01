"""The cost of one tenant, on an empty server and beside thousands of others."""

import http.client
import json
import ssl
import time
from base64 import b64encode
from contextlib import closing
from statistics import median
from typing import Any
from urllib.parse import urlencode, urlsplit

from .figures import Figure, Run, load
from .processes import TIMEOUT_SECONDS, ServerProcess, control, sandbox

TENANTS = 5_000
"""Number of tenants on the full server."""

LIFECYCLES_PER_ROUND = 200
"""Number of tenants created, used and deleted in a round."""


def tenants(run: Run) -> list[Figure]:
    """Compare a server that has thousands of tenants with an empty one."""
    beside = f"beside {TENANTS:,}"
    lives = Figure(f"a tenant's lifecycle {beside} others", "ms", "the same, alone", 10, False, more_is_better=False)
    sends = Figure(f"send-sms per second {beside} tenants", "/s", "the same, alone", 0.9)
    memory = Figure(f"memory with {TENANTS:,} tenants", "MB", "only the default tenant")
    with sandbox(run.certificates) as full, sandbox(run.certificates) as empty:
        with closing(open_control_connection(full)) as calls:
            began = time.perf_counter()
            for _ in range(TENANTS):
                ask(calls, "POST", "/tenants")
            created = (time.perf_counter() - began) / TENANTS
        for server in (full, empty):
            control(server, "PATCH", "/account", {"balance": 10_000_000})
        for _ in range(run.rounds):
            for server, life, sent, used in (
                (empty, lives.baseline, sends.baseline, memory.baseline),
                (full, lives.sandbox, sends.sandbox, memory.sandbox),
            ):
                life.append(tenant_lifecycle(run, server) * 1000)
                used.append(server.memory())
                result = load(run, server, "send-sms", "--lead", "0.5", "--seconds", str(run.seconds))
                sent.append(result["calls"] / result["seconds"])
                time.sleep(1.6)
    lives.notes.append(
        f"created, asked for its balance, sent from, deleted; medians of {LIFECYCLES_PER_ROUND}, keep-alive connections"
    )
    lives.notes.append(f"creating one of {TENANTS:,}: {created * 1000:.2f} ms")
    memory.notes.append("measured before each round's sends")
    return [lives, sends, memory]


def tenant_lifecycle(run: Run, server: ServerProcess) -> float:
    """Return the median seconds to create, use and delete a tenant."""
    context = ssl.create_default_context(cafile=run.certificates.ca)
    api = http.client.HTTPSConnection("localhost", server.https_port, context=context, timeout=TIMEOUT_SECONDS)
    took = []
    with closing(api), closing(open_control_connection(server)) as calls:
        for _ in range(LIFECYCLES_PER_ROUND):
            began = time.perf_counter()
            created = ask(calls, "POST", "/tenants")
            credentials = b64encode(f"{created['key']}:{created['secret']}".encode()).decode()
            headers = {
                "Authorization": f"Basic {credentials}",
                "Content-Type": "application/x-www-form-urlencoded",
            }
            for method, params in (("get-balance", {}), ("send-sms", {"message": "Hello", "to": "61491570156"})):
                api.request("POST", f"/{method}.json", urlencode(params), headers)
                reply = json.load(api.getresponse())
                assert reply["error"]["code"] == "SUCCESS", reply
            ask(calls, "DELETE", f"/tenants/{created['name']}")
            took.append(time.perf_counter() - began)
    return median(took)


def open_control_connection(server: ServerProcess) -> http.client.HTTPConnection:
    """Open a keep-alive connection to the control API."""
    return http.client.HTTPConnection(urlsplit(server.http).netloc, timeout=TIMEOUT_SECONDS)


def ask(calls: http.client.HTTPConnection, verb: str, path: str) -> Any:
    calls.request(verb, f"/_sandbox/v1{path}", "{}" if verb == "POST" else None)
    response = calls.getresponse()
    answer = json.load(response)
    assert response.status < 300, answer
    return answer
