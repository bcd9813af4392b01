"""A load generator: it calls a server over keep-alive TLS connections, and prints the result as JSON.

It must be lighter than every server it measures. So requests are built before the start, and only the status and the
end of an answer are read; the body of one answer in a hundred is kept, and checked after the clock has stopped.
"""

import argparse
import asyncio
import json
import re
import ssl
import time
from base64 import b64encode
from collections.abc import Sequence
from itertools import count
from typing import Any, cast
from urllib.parse import urlencode

import uvloop

RECIPIENT_COUNT = 1000
"""Number of different recipients in calls of send-sms."""

ANSWERS_PER_SAMPLE = 100
"""One answer in this many is checked completely."""

_MESSAGE = "Your parcel of 12 items is on its way and will be with you between 10:00 and 12:30 on Friday by foot"
_READS = {
    "get-balance": "/get-balance.json",
    "get-user-sms-sent": "/get-user-sms-sent.json?start=2020-01-01&end=2040-01-01",
}
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


def account_credentials(number: int) -> tuple[str, str]:
    """Return key and secret of an account, from 0 on; the first one is the default account."""
    return (f"benchmark-key-{number}", "benchmark-secret") if number else ("sandbox-key", "sandbox-secret")


def requests(what: str, accounts: int) -> list[bytes]:
    """Return the requests to repeat, in order."""
    heads = []
    for number in range(accounts):
        credentials = b64encode(":".join(account_credentials(number)).encode()).decode()
        heads.append(
            f"Host: localhost\r\nAuthorization: Basic {credentials}\r\nUser-Agent: benchmarks\r\nAccept: */*\r\n"
        )
    if what in _READS:
        return [f"GET {_READS[what]} HTTP/1.1\r\n{head}\r\n".encode() for head in heads]
    assert len(_MESSAGE) == 100
    sends = []
    for index in range(max(RECIPIENT_COUNT, accounts)):
        head = heads[index % accounts]
        body = urlencode({"message": _MESSAGE, "to": f"614{12000000 + 37 * index}"})
        form = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        sends.append(f"POST /send-sms.json HTTP/1.1\r\n{head}{form}\r\n{body}".encode())
    return sends


class Load:
    """The state that all connections share: the requests and their results."""

    def __init__(self, requests: Sequence[bytes], pause: float) -> None:
        self._requests = requests
        self._number = count()
        self.pause = pause
        self.running = True
        self.counting = False
        self.answers = 0
        self.latencies: list[float] = []
        self.samples: list[bytes] = []
        self.failed = 0

    def next(self) -> bytes:
        return self._requests[next(self._number) % len(self._requests)]

    def record(self, answer: bytes, took: float) -> None:
        if not answer.startswith(b"HTTP/1.1 200"):
            self.failed += 1
            self.samples.append(answer)
        self.answers += 1
        if self.counting:
            self.latencies.append(took)
            if len(self.latencies) % ANSWERS_PER_SAMPLE == 1:
                self.samples.append(answer)


class Caller(asyncio.Protocol):
    """A connection with one request at a time."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._buffer = b""
        self._began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # by its type, uvloop's transport is not an asyncio one
        self._call()

    def _call(self) -> None:
        if self._load.running:
            self._began = time.perf_counter()
            self._transport.write(self._load.next())
        else:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        if not is_complete(self._buffer):
            return
        answer, self._buffer = self._buffer, b""
        self._load.record(answer, time.perf_counter() - self._began)
        if self._load.pause:
            asyncio.get_running_loop().call_later(self._load.pause, self._call)
        else:
            self._call()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._load.running:
            self._load.failed += 1
            self._load.samples.append(f"connection lost: {exc}".encode())


def is_complete(answer: bytes) -> bool:
    """True if an answer is complete, by its length or its last chunk."""
    end = answer.find(b"\r\n\r\n") + 4
    if end < 4:
        return False
    length = _LENGTH.search(answer, 0, end)
    return len(answer) - end >= int(length[1]) if length else answer.endswith(b"\r\n0\r\n\r\n")


def body(answer: bytes) -> Any:
    """Return the JSON of a complete answer."""
    head, _, rest = answer.partition(b"\r\n\r\n")
    if not _LENGTH.search(head + b"\r\n"):
        size, _, rest = rest.partition(b"\r\n")
        rest = rest[: int(size, 16)]
    return json.loads(rest)


def check(what: str, samples: Sequence[bytes], constant: bool, accounts: int) -> None:
    """Check that every sample is a correct answer, or any success if all are `constant`. Raises AssertionError.

    Several accounts have tenants of their own, and so may give the same ids.
    """
    assert samples, "no answers"
    ids = set()
    for sample in samples:
        assert sample.startswith(b"HTTP/1.1 200"), sample
        reply = body(sample)
        assert reply["error"] == {"code": "SUCCESS", "description": "OK"}, reply
        if constant:
            continue
        if what == "get-user-sms-sent":
            assert reply["page"]["number"] == 1, reply
            assert reply["messages"], reply
        elif what == "get-balance":
            assert set(reply) == {"balance", "currency", "error"}, reply
            assert reply["currency"] == "AUD", reply
        else:
            assert reply["recipients"] == reply["sms"] == 1, reply
            assert "send_at" in reply, reply
            ids.add(reply["message_id"])
    assert constant or accounts > 1 or what in _READS or len(ids) == len(samples), "two messages have the same id"


async def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Call for `lead` seconds uncounted, then for `seconds` counted, and return the result.

    If `seconds` is 0, calls are counted until a line arrives on stdin.
    """
    context = None if arguments.plain else ssl.create_default_context(cafile=arguments.ca)
    load = Load(requests(arguments.what, arguments.accounts), arguments.pause)
    loop = asyncio.get_running_loop()
    for _ in range(arguments.connections):
        await loop.create_connection(lambda: Caller(load), "localhost", arguments.port, ssl=context)
    await asyncio.sleep(arguments.lead)
    load.counting, began = True, time.perf_counter()
    if arguments.seconds:
        await asyncio.sleep(arguments.seconds)
    else:
        await loop.run_in_executor(None, input)
    load.counting, took = False, time.perf_counter() - began
    load.running = False
    await asyncio.sleep(0.1)
    check(arguments.what, load.samples or [b"nothing"], arguments.constant, arguments.accounts)
    latencies = sorted(load.latencies)
    return {
        "answers": load.answers,
        "calls": len(latencies),
        "seconds": took,
        "median": latencies[len(latencies) // 2],
        "p99": latencies[len(latencies) * 99 // 100],
        "longest": latencies[-1],
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("send-sms", *_READS))
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--ca", required=True)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--accounts", type=int, default=1, help="call as this many accounts in turn")
    parser.add_argument("--lead", type=float, default=0.3)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--plain", action="store_true", help="call over HTTP without TLS")
    parser.add_argument("--constant", action="store_true", help="accept the same answer to all calls")
    parser.add_argument("--pause", type=float, default=0.0)
    print(json.dumps(uvloop.run(run(parser.parse_args()))), flush=True)


if __name__ == "__main__":
    main()
