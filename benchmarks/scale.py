"""The costs of calls as a tenant grows: `python -m benchmarks.scale [--sizes 1000 100000 1000000]`.

The tenant is in a SQLite file. Each message has a recipient of its own, a payment and a reply, and was sent a second
after the one before. Times are medians over one connection.
"""

import argparse
import http.client
import json
import ssl
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

from sms_sandbox.server import certificates as tls
from sms_sandbox.store import ids, responses, tenants, transactions
from sms_sandbox.store.real_time import real_now
from sms_sandbox.store.responses import NewResponse
from sms_sandbox.store.schema import open_store

from .__main__ import describe_machine
from .page import fill
from .processes import TIMEOUT_SECONDS, control, sandbox
from .stalls import create_list

READS = 15
"""Calls of each kind. The median counts."""

CONTROL_PAGE = 100
"""Rows of a page of control's lists."""

_ALWAYS = {"start": "2020-01-01", "end": "2040-01-01"}
_NUMBER = "61412000007"
_MESSAGE = {"message_id": str(ids.FIRST["message"] + 7)}


def last(days: int) -> Mapping[str, str]:
    """Return a period until tomorrow, for methods that limit it to some days."""
    end = datetime.now(UTC).date() + timedelta(days=1)
    return {"start": str(end - timedelta(days=days - 1)), "end": str(end)}


PAGED: Mapping[str, Mapping[str, str]] = {
    "get-user-sms-sent": _ALWAYS,
    "get-message-report": last(30),
    "get-transactions": {"client_id": str(ids.FIRST["account"])},
    "get-user-sms-responses": _ALWAYS,
    "get-contact-sms-stats": {"mobile": _NUMBER, **_ALWAYS},
    "get-sms-sent": _MESSAGE,
    "get-sms-responses": _MESSAGE,
    "get-link-hits": _MESSAGE,
    "get-lists": {},
    "get-list": {"list_id": str(ids.FIRST["list"])},
    "get-numbers": {},
    "get-keywords": {},
    "get-clients": {},
}
"""Methods whose answers have pages, with what they need."""

SINGLE: Mapping[str, Mapping[str, str]] = {
    "get-balance": {},
    "get-sms-sent-count": last(7),
    "send-sms": {"to": _NUMBER, "message": "Your parcel is on its way."},
}

RECIPIENTS = (1, 10, 100, 500)
"""Recipients of one send."""

LIST_SIZES = (1_000, 10_000, 100_000)
"""Members of a list that is sent to."""

Call = Callable[[str, Mapping[str, str]], Any]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description="Measure how costs grow.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000])
    sizes = parser.parse_args().sizes
    print(describe_machine(), flush=True)
    with tempfile.TemporaryDirectory() as directory:
        certificates = tls.ensure(Path(directory) / "certificates")
        columns = {size: costs(certificates, Path(directory), size) for size in sizes}
        print("\nmilliseconds by number of messages" + "".join(f"{size:>12,}" for size in sizes))
        for name in columns[sizes[0]]:
            print(f"{name:34}" + "".join(f"{columns[size][name]:12.2f}" for size in sizes), flush=True)
        with sandbox(certificates) as server, closing(connect(certificates, server.https_port)) as connection:
            control(server, "PATCH", "/account", {"balance": 10_000_000})
            call = caller(connection)
            print("\nmilliseconds by recipients of a send")
            for count in RECIPIENTS:
                to = ",".join(f"614{12000000 + number}" for number in range(count))
                print(f"{count:>12,}{timed(call, 'send-sms', {'to': to, 'message': 'Hello'}):12.2f}", flush=True)
        print("\nmembers of a list, milliseconds until a send to it is accepted, seconds until its last report")
        for size in LIST_SIZES:
            accepted, reported = send_to_list(certificates, Path(directory), size)
            print(f"{size:>12,}{accepted:12.2f}{reported:12.1f}", flush=True)


def costs(certificates: tls.Certificates, folder: Path, size: int) -> dict[str, float]:
    """Return the milliseconds of each call on a tenant with this many messages."""
    database = f"sqlite:///{folder}/scale-{size}.db"
    fill(database, size)
    add_payments_and_replies(database, size)
    sizes: dict[str, float] = {}
    with sandbox(certificates, "--database", database) as server:
        control(server, "PATCH", "/account", {"balance": 10_000_000})
        with closing(connect(certificates, server.https_port)) as connection:
            call = caller(connection)
            call("add-list", {"name": "Friends"})
            for name, params in PAGED.items():
                sizes[f"{name}, first page"] = timed(call, name, params)
                pages = int(call(name, params).get("page", {}).get("count", 1))
                sizes[f"{name}, last page"] = timed(call, name, {**params, "page": str(pages)})
            for name, params in SINGLE.items():
                sizes[name] = timed(call, name, params)
        for place, path in (("first", "/messages"), ("last", f"/messages?page={-(-size // CONTROL_PAGE)}")):
            sizes[f"control's messages, {place} page"] = median_milliseconds(partial(control, server, "GET", path))
    return sizes


def add_payments_and_replies(database: str, count: int) -> None:
    """Add a payment and a reply for each message that `fill` has added."""
    store, now = open_store(database), real_now()
    with store.begin() as db:
        tenant = tenants.find_default(db)
        assert tenant is not None
        account, first = ids.FIRST["account"], ids.FIRST["message"]
        for number in range(count):
            at, message, msisdn = now - timedelta(seconds=count - number), first + number, f"614{12000000 + number}"
            transactions.add(db, tenant, account, -87, 10**9, transactions.SMS, "SMS", at, message)
            recipient = ids.FIRST["recipient"] + number
            reply = NewResponse(account, message, recipient, 0, msisdn, "Thanks", "61491570112", at, is_optout=False)
            responses.add(db, tenant, reply)
    store.close()


def timed(call: Call, name: str, params: Mapping[str, str]) -> float:
    """Return the median milliseconds of a call."""
    return median_milliseconds(partial(call, name, params))


def median_milliseconds(work: Callable[[], object]) -> float:
    took = []
    for _ in range(READS):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return median(took) * 1000


def send_to_list(certificates: tls.Certificates, folder: Path, size: int) -> tuple[float, float]:
    """Send to a list. Returns the milliseconds until it is accepted, and the seconds until the last report."""
    database = f"sqlite:///{folder}/list-{size}.db"
    list_id = create_list(database, size)
    with (
        sandbox(certificates, "--database", database) as server,
        closing(connect(certificates, server.https_port)) as connection,
    ):
        call = caller(connection)
        call("get-balance", {})
        began = time.perf_counter()
        message = call("send-sms", {"list_id": str(list_id), "message": "Hello"})["message_id"]
        accepted = time.perf_counter() - began
        while call("get-sms-stats", {"message_id": str(message)})["stats"]["pending"]:
            time.sleep(0.1)
        return accepted * 1000, time.perf_counter() - began


def caller(connection: http.client.HTTPSConnection) -> Call:
    """Return a function that calls a method and returns its JSON. It raises AssertionError for a refusal."""
    secret = b64encode(b"sandbox-key:sandbox-secret").decode()
    headers = {"Authorization": f"Basic {secret}", "Content-Type": "application/x-www-form-urlencoded"}

    def call(name: str, params: Mapping[str, str]) -> Any:
        connection.request("POST", f"/{name}.json", urlencode(params), headers)
        reply = json.loads(connection.getresponse().read())
        assert reply["error"]["code"] == "SUCCESS", (name, reply)
        return reply

    return call


def connect(certificates: tls.Certificates, port: int) -> http.client.HTTPSConnection:
    context = ssl.create_default_context(cafile=certificates.ca)
    return http.client.HTTPSConnection("localhost", port, context=context, timeout=TIMEOUT_SECONDS)


if __name__ == "__main__":
    main()
