"""The whole of it: a process of its own over TLS, ordinary clients, and an app that takes callbacks."""

import json
import ssl
import threading
import time
import urllib.request
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
import pytest

from sms_sandbox.server.certificates import Certificates
from tests.processes import SandboxProcess, run_process
from tests.receiver import Receiver
from tests.sandbox import HANDSET, Account
from tests.timing import eventually, within_a_second


def by_urllib(account: Account, method: str, **params: str) -> Any:
    """Call a method as a script with the standard library alone does."""
    pair = b64encode(f"{account.key}:{account.secret}".encode()).decode()
    request = urllib.request.Request(
        f"{account.ready.https}/{method}.json", urlencode(params).encode(), {"Authorization": f"Basic {pair}"}
    )
    trusting = ssl.create_default_context(cafile=account.ready.ca)
    with urllib.request.urlopen(request, context=trusting) as reply:
        return json.load(reply)


def by_httpx(account: Account, method: str, **params: str) -> Any:
    """Call a method as an app with a client library does."""
    trusting = ssl.create_default_context(cafile=account.ready.ca_bundle)
    with httpx2.Client(auth=(account.key, account.secret), verify=trusting, trust_env=False) as client:
        return client.post(f"{account.ready.https}/{method}.json", data=params).json()


@pytest.mark.parametrize("call", [by_urllib, by_httpx])
def test_a_message_is_sent_delivered_reported_and_answered(
    certificates: Certificates, tmp_path: Path, receiver: Receiver, call: Callable[..., Any]
) -> None:
    with run_process(certificates, tmp_path) as process:
        account = process.account
        sent = call(
            account, "send-sms", message="Hello", to=HANDSET, dlr_callback=f"{receiver.url}/dlr?mine=1",
            reply_callback=f"{receiver.url}/reply",
        )  # fmt: skip
        assert sent["error"] == {"code": "SUCCESS", "description": "OK"}
        (report,) = receiver.wait_for(1)
        assert report.path == "/dlr"
        assert [name for name, _ in report.query] == [
            "mine", "message_id", "mobile", "datetime", "status", "user_id", "rate",
        ]  # fmt: skip
        assert (report["message_id"], report["mobile"]) == (str(sent["message_id"]), HANDSET)
        assert report["status"] == "delivered"
        assert report.headers["x-transmitsms-signature"]
        assert call(account, "get-sms", message_id=str(sent["message_id"]))["delivery_stats"]["delivered"] == 1

        account.ok("POST", "/inbound", {"from": HANDSET, "text": "Hello yourself"})
        reply = receiver.wait_for(2)[1]
        assert (reply.path, reply["response"], reply["is_optout"]) == ("/reply", "Hello yourself", "no")
        responses = call(account, "get-sms-responses", message_id=str(sent["message_id"]))["responses"]
        assert [each["response"] for each in responses] == ["Hello yourself"]
        assert call(account, "get-balance")["balance"] == pytest.approx(999.913)
        process.end()
    assert process.errors.read_text() == ""


def test_an_app_that_is_down_for_a_day_gets_its_callbacks_in_the_end(
    certificates: Certificates, tmp_path: Path, receiver: Receiver
) -> None:
    with run_process(certificates, tmp_path) as process:
        tenant = process.account.tenant(frozen_at="2030-01-31T12:00:00Z")
        receiver.status = 500
        tenant.send(dlr_callback=receiver.url)
        expected = [timedelta(seconds=1)]
        for wait in (timedelta(), timedelta(minutes=1), timedelta(minutes=5), timedelta(hours=1)):
            expected.append(expected[-1] + wait)
        del expected[0]
        for count, (minutes, _) in enumerate([(1, 0), (1, 0), (5, 0), (60, 0)], start=1):
            result = tenant.ok("POST", "/clock/advance", {"minutes": minutes})
            assert result["counts"].get("callback") == 1, result
            assert len(receiver.received) == count
        receiver.status = 200
        result = tenant.ok("POST", "/clock/advance", {"hours": 24})
        assert result["counts"] == {"callback": 1}
        (callback,) = tenant.ok("GET", "/callbacks")["callbacks"]
        noon = datetime.fromisoformat("2030-01-31T12:00:00Z")
        made = [datetime.fromisoformat(each["at"]) - noon for each in callback["attempts"]]
        assert made == [*expected, expected[-1] + timedelta(hours=24)]
        assert callback["state"] == "delivered"
        assert len({tuple(each.query) for each in receiver.received}) == 1


def test_the_sixteenth_call_of_a_second_is_refused_and_a_later_one_admitted(
    certificates: Certificates, tmp_path: Path
) -> None:
    with run_process(certificates, tmp_path) as process, kept(process.account) as call:
        assert burst([call]) == ["SUCCESS"] * 15 + ["OVER_LIMIT"]
        time.sleep(1.1)
        assert call("get-balance") == "SUCCESS"


def burst(callers: Sequence[Callable[[str], str]]) -> list[str]:
    """Return the codes of sixteen calls within a second, made in turns."""
    return within_a_second(lambda: [callers[number % len(callers)]("get-balance") for number in range(16)])


class kept:  # noqa: N801 (used like a function)
    """Calls on one connection; the code of each answer."""

    def __init__(self, account: Account) -> None:
        parts = urlsplit(account.ready.https)
        trusting = ssl.create_default_context(cafile=account.ready.ca)
        self._connection = HTTPSConnection(parts.hostname or "", parts.port, context=trusting)
        self._auth = {"Authorization": f"Basic {b64encode(f'{account.key}:{account.secret}'.encode()).decode()}"}

    def __enter__(self) -> "Callable[..., str]":
        return lambda method, **params: str(self.ask(method, **params)["error"]["code"])

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, method: str, **params: str) -> Any:
        form = {"Content-Type": "application/x-www-form-urlencoded", **self._auth}
        self._connection.request("POST", f"/{method}.json", urlencode(params), form)
        return json.loads(self._connection.getresponse().read())


# A killed process


class Senders:
    """Threads that send until the server dies, and note what was answered."""

    def __init__(self, accounts: list[Account], **params: str) -> None:
        self.answered: list[int] = []
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._send, args=(each, params)) for each in accounts]
        for thread in self._threads:
            thread.start()

    def _send(self, account: Account, params: dict[str, str]) -> None:
        calls = kept(account)
        number = 0
        with calls:
            while True:
                number += 1
                try:
                    reply = calls.ask("send-sms", message=f"number {number}", to=f"{HANDSET},61491570157", **params)
                except (OSError, ValueError, HTTPException):
                    return
                if reply["error"]["code"] != "SUCCESS":
                    assert reply["error"]["code"] == "OVER_LIMIT"
                    continue
                with self._lock:
                    self.answered.append(reply["message_id"])

    def wait(self) -> list[int]:
        for thread in self._threads:
            thread.join(20)
            assert not thread.is_alive()
        return self.answered


def stored(account: Account) -> list[Any]:
    """Return every message, newest first."""
    first = account.ok("GET", "/messages", max=1000)
    pages = range(2, first["page"]["count"] + 1)
    return [
        *first["messages"],
        *(each for page in pages for each in account.ok("GET", "/messages", max=1000, page=page)["messages"]),
    ]


def check_books(account: Account, answered: list[int]) -> None:
    """Everything answered is there, once, and paid for."""
    messages = stored(account)
    ids = [each["id"] for each in messages]
    assert len(ids) == len(set(ids))
    assert len(answered) == len(set(answered))
    assert set(answered) <= set(ids)
    spent = sum(Decimal(str(each["cost"])) for each in messages)
    assert Decimal(str(account.ok("GET", "/account")["balance"])) == 1000 - spent
    recipients = account.ok("GET", "/recipients", max=1)["page"]["total"]
    assert recipients == 2 * len(messages)


def test_a_crash_loses_nothing_that_was_answered(
    certificates: Certificates, tmp_path: Path, receiver: Receiver
) -> None:
    flags = ("--database", f"sqlite:///{tmp_path / 'store.db'}", "--throttle", "0", "--delivery-delay", "0.3")
    answered: list[int] = []
    for _ in range(2):
        with run_process(certificates, tmp_path, *flags) as process:
            before = len(answered)
            senders = Senders([process.account] * 4, dlr_callback=f"{receiver.url}/dlr")
            eventually(lambda: len(senders.answered) >= 60)  # noqa: B023 (asked at once)
            process.kill()
            answered += senders.wait()
            assert len(answered) > before
        assert process.errors.read_text() == ""
    with run_process(certificates, tmp_path, *flags) as process:
        account = process.account
        check_books(account, answered)
        newest = stored(account)[0]["id"]
        following = account.send()
        # Ids continue. Those of calls that never ended may be missing.
        assert newest < following <= newest + 10
        eventually(lambda: account.ok("GET", "/recipients", status="pending", max=1)["page"]["total"] == 0)
        # Callback attempts that were under way are repeated after the first wait of the ladder.
        account.ok("POST", "/clock/advance", {"minutes": 2})
        assert account.ok("GET", "/callbacks", state="waiting", max=1)["page"]["total"] == 0
        reported = {(each["message_id"], each["mobile"]) for each in receiver.received}
        assert reported >= {(str(message), to) for message in answered for to in (HANDSET, "61491570157")}
        process.end()


# Two processes on one database


def test_two_processes_share_one_database(
    certificates: Certificates, tmp_path: Path, receiver: Receiver, fresh_postgres: Callable[[], str]
) -> None:
    url = fresh_postgres()
    flags = ("--database", url, "--delivery-delay", "0.3")
    with run_process(certificates, tmp_path, *flags) as one, run_process(certificates, tmp_path, *flags) as two:
        share_the_throttle(one, two)
        tenant = one.account.tenant()
        account = Account(two.account.ready, tenant.key, tenant.secret)
        tenant.ok("PATCH", "/account", {"dlr_url": f"{receiver.url}/dlr"})
        with ThreadPoolExecutor(8) as pool:
            sent = list(pool.map(lambda number: (tenant, account)[number % 2].send(f"number {number}"), range(60)))
        assert len(set(sent)) == 60
        receiver.wait_for(60)
        eventually(lambda: account.ok("GET", "/callbacks", state="delivered", max=1)["page"]["total"] == 60)
        assert Counter(each["message_id"] for each in receiver.received) == dict.fromkeys(map(str, sent), 1)

        answered = list(sent)
        senders = Senders([tenant] * 3, dlr_callback=f"{receiver.url}/killed")
        others = Senders([account] * 1, dlr_callback=f"{receiver.url}/killed")
        eventually(lambda: len(senders.answered) >= 20)
        one.kill()
        answered += senders.wait()
        eventually(lambda: len(others.answered) >= 30)
        two.end()
        answered += others.wait()
    with run_process(certificates, tmp_path, *flags) as three:
        account = Account(three.account.ready, tenant.key, tenant.secret)
        messages = stored(account)
        assert set(answered) <= {each["id"] for each in messages}
        spent = sum(Decimal(str(each["cost"])) for each in messages)
        assert Decimal(str(account.ok("GET", "/account")["balance"])) == 1000 - spent
        eventually(lambda: account.ok("GET", "/recipients", status="pending", max=1)["page"]["total"] == 0)
        account.ok("POST", "/clock/advance", {"minutes": 2})
        assert account.ok("GET", "/callbacks", state="waiting", max=1)["page"]["total"] == 0
        assert {each["message_id"] for each in receiver.received} >= set(map(str, answered))
        three.end()


def share_the_throttle(one: SandboxProcess, two: SandboxProcess) -> None:
    """Sixteen calls of one account within a second, in turns: the last is refused by either process."""
    tenant = one.account.tenant(throttle=15)
    account = Account(two.account.ready, tenant.key, tenant.secret)
    with kept(tenant) as here_call, kept(account) as there_call:
        for call in (here_call, there_call):
            call("get-balance")  # so that neither connection is to be made within the second
        time.sleep(1.1)
        assert burst([here_call, there_call]) == ["SUCCESS"] * 15 + ["OVER_LIMIT"]
        time.sleep(1.1)
        assert here_call("get-balance") == "SUCCESS"
