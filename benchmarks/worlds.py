"""What a world for each test costs, in a server with none besides and in one with thousands."""

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
from .processes import PATIENCE, Running, control, sandbox

WORLDS = 5_000
"""Worlds that live at once in the full server."""

LIVES = 200
"""Worlds made, used and deleted in a round."""


def worlds(run: Run) -> list[Figure]:
    """A server with thousands of worlds beside an empty one."""
    beside = f"beside {WORLDS:,}"
    lives = Figure(f"a world's life {beside} others", "ms", "the same, alone", 10, False, more_is_better=False)
    sends = Figure(f"send-sms a second {beside} worlds", "/s", "the same, alone", 0.9)
    memory = Figure(f"memory with {WORLDS:,} worlds", "MB", "none but the default")
    with sandbox(run.certificates) as full, sandbox(run.certificates) as empty:
        with closing(controller(full)) as calls:
            began = time.perf_counter()
            for _ in range(WORLDS):
                ask(calls, "POST", "/tenants")
            made = (time.perf_counter() - began) / WORLDS
        for server in (full, empty):
            control(server, "PATCH", "/account", {"balance": 10_000_000})
        for _ in range(run.rounds):
            for server, life, sent, used in (
                (empty, lives.baseline, sends.baseline, memory.baseline),
                (full, lives.sandbox, sends.sandbox, memory.sandbox),
            ):
                life.append(life_of_a_world(run, server) * 1000)
                used.append(server.memory())
                told = load(run, server, "send-sms", "--lead", "0.5", "--seconds", str(run.seconds))
                sent.append(told["calls"] / told["seconds"])
                time.sleep(1.6)
    lives.notes.append(
        f"made, asked for its balance, sent from, deleted: medians of {LIVES} over kept-alive connections"
    )
    lives.notes.append(f"made, one of {WORLDS:,}: {made * 1000:.2f} ms")
    memory.notes.append("measured before the sends of each round")
    return [lives, sends, memory]


def life_of_a_world(run: Run, server: Running) -> float:
    """Seconds for a world to be made, used and deleted."""
    context = ssl.create_default_context(cafile=run.certificates.ca)
    api = http.client.HTTPSConnection("localhost", server.https_port, context=context, timeout=PATIENCE)
    took = []
    with closing(api), closing(controller(server)) as calls:
        for _ in range(LIVES):
            began = time.perf_counter()
            made = ask(calls, "POST", "/tenants")
            credentials = b64encode(f"{made['key']}:{made['secret']}".encode()).decode()
            headers = {
                "Authorization": f"Basic {credentials}",
                "Content-Type": "application/x-www-form-urlencoded",
            }
            for method, params in (("get-balance", {}), ("send-sms", {"message": "Hello", "to": "61491570156"})):
                api.request("POST", f"/{method}.json", urlencode(params), headers)
                reply = json.load(api.getresponse())
                assert reply["error"]["code"] == "SUCCESS", reply
            ask(calls, "DELETE", f"/tenants/{made['name']}")
            took.append(time.perf_counter() - began)
    return median(took)


def controller(server: Running) -> http.client.HTTPConnection:
    """A connection to control."""
    return http.client.HTTPConnection(urlsplit(server.http).netloc, timeout=PATIENCE)


def ask(calls: http.client.HTTPConnection, verb: str, path: str) -> Any:
    calls.request(verb, f"/_sandbox/v1{path}", "{}" if verb == "POST" else None)
    answer = calls.getresponse()
    said = json.load(answer)
    assert answer.status < 300, said
    return said
