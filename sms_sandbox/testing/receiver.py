"""A real HTTP server that takes callbacks, remembers them, and fails when told to."""

import socket
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Event, Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ..domain.callbacks import signature

HANG = "hang"
RESET = "reset"

_EVENTS = {
    "dlr": ("status", "message_id", "mobile", "datetime", "user_id", "rate"),
    "reply": ("response", "response_id", "is_optout", "longcode", "message_id", "mobile", "datetime_entry", "user_id"),
    "link-hit": ("link_hits", "message", "longcode", "list_id", "message_id", "mobile", "datetime", "user_id", "rate"),
    "list-action": ("type", "list_id", "firstname", "lastname", "mobile", "datetime_entry"),
}
"""The parameters of each event, first the one without which it is none."""

_CLOSE_AT_ONCE = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Received:
    """A callback as it arrived: `signed` is whether its signature is that of the account's secret, `answer` what it got
    (a status, `hang` or `reset`), and `at` the seconds of `time.monotonic` at its arrival."""

    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    signed: bool
    answer: int | str
    at: float = field(repr=False)

    @property
    def event(self) -> str:
        """`dlr`, `reply`, `inbound`, `link-hit` or `list-action`; empty if it is none of them."""
        # The app's own parameters, and a list's custom fields, may be called as those of another event are.
        fitting = {event: names for event, names in _EVENTS.items() if names[0] in self.params}
        found = max(fitting, key=lambda event: len(self.params.keys() & set(fitting[event])), default="")
        return "inbound" if found == "reply" and self.params.get("message_id") == "0" else found

    def __getitem__(self, name: str) -> str:
        return self.params[name]

    def __str__(self) -> str:
        told = " ".join(f"{name}={value!r}" for name, value in self.params.items())
        return f"{self.event or 'request'} {self.path} {told}{'' if self.signed else ' (not signed)'} -> {self.answer}"


class Receiver:
    """Takes callbacks on a port of its own at `url`, and answers 200 to whatever it is not told to fail.

    Paths mean nothing to it, so `receiver.url + "/orders?id=17"` is as good a callback URL.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._received: list[Received] = []
        self._failures: list[_Failure] = []
        self._news = Condition()
        self._closing = Event()
        self._server = _Server(("127.0.0.1", 0), self._handler(), bind_and_activate=True)
        self._port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self._port}"
        self._thread = Thread(target=self._serve, name="sms-sandbox-receiver", daemon=True)
        self._thread.start()

    def __repr__(self) -> str:
        return f"<Receiver {self.url} received {len(self._received)}>"

    # What came

    def received(self, event: str | None = None) -> list[Received]:
        """What has arrived so far, in order; of one event if it is named."""
        with self._news:
            return [each for each in self._received if event is None or each.event == event]

    @property
    def dlrs(self) -> list[Received]:
        """The delivery reports that have arrived."""
        return self.received("dlr")

    @property
    def replies(self) -> list[Received]:
        """What handsets wrote, in answer to a message or not, as far as it has arrived."""
        return [each for each in self.received() if each.event in ("reply", "inbound")]

    def wait_for(self, count: int = 1, event: str | None = None, timeout: float = 5.0) -> list[Received]:
        """What has arrived, as soon as it is `count` or more. Raises AssertionError after `timeout` seconds, which
        tells what has arrived instead."""
        __tracebackhide__ = True  # who reads a failed test wants to see the test
        with self._news:
            self._news.wait_for(lambda: len(self.received(event)) >= count, timeout)
            found = self.received(event)
            if len(found) >= count:
                return found
            seen = "".join(f"\n  {each}" for each in self._received) or " nothing at all."
            kind = f" of {event}" if event else ""
            raise AssertionError(
                f"Waited {timeout:g} s for {count} callback(s){kind} and got {len(found)}. Arrived has{seen}"
            )

    def clear(self) -> None:
        """Forget what has arrived, and everything it was told to do."""
        with self._news:
            self._received.clear()
            self._failures.clear()

    # How it fails

    def fail(self, status: int = 500, times: int | None = None) -> None:
        """Answer this HTTP status to the next callbacks, so many times, or until `recover`."""
        self._plan(status, times)

    def hang(self, times: int | None = None) -> None:
        """Never answer the next callbacks; the sandbox gives each up after 10 seconds."""
        self._plan(HANG, times)

    def reset(self, times: int | None = None) -> None:
        """Break off the connections of the next callbacks."""
        self._plan(RESET, times)

    def recover(self) -> None:
        """Answer 200 from now on."""
        with self._news:
            self._failures.clear()

    def _plan(self, answer: int | str, times: int | None) -> None:
        if times is not None and times < 1:
            raise ValueError(f"Callbacks can fail once or more often, not {times} times.")
        with self._news:
            self._failures.append(_Failure(answer, times))

    # The server

    def _take(self, path: str, headers: Mapping[str, str]) -> int | str:
        """Note a callback, and say what it gets."""
        parts = urlsplit(path)
        names = {name.lower(): value for name, value in headers.items()}
        signed = names.get("x-transmitsms-signature", "") == signature(path, self._secret)
        params = dict(parse_qsl(parts.query, keep_blank_values=True))
        with self._news:
            answer = self._answer()
            self._received.append(Received(parts.path, params, names, signed, answer, time.monotonic()))
            self._news.notify_all()
        return answer

    def _answer(self) -> int | str:
        if not self._failures:
            return 200
        first = self._failures[0]
        if first.times is not None:
            first.times -= 1
            if not first.times:
                self._failures.pop(0)
        return first.answer

    def _serve(self) -> None:
        while not self._closing.is_set():
            self._server.handle_request()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            # HTTP/1.0, so that no connection outlives its callback, nor the test.
            timeout = 30

            def do_GET(self) -> None:
                if outer._closing.is_set():
                    return
                answer = outer._take(self.path, dict(self.headers))
                if answer == HANG:
                    outer._closing.wait()
                elif answer == RESET:
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _CLOSE_AT_ONCE)
                    self.connection.close()
                else:
                    self.send_response(int(answer))
                    self.send_header("Content-Length", "0")
                    self.end_headers()

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        return Handler

    def close(self) -> None:
        """Take no more callbacks, and give up those that hang."""
        if not self._closing.is_set():
            self._closing.set()
            # The thread waits for somebody to come.
            with socket.create_connection(("127.0.0.1", self._port)):
                self._thread.join()
            self._server.server_close()

    def __enter__(self) -> "Receiver":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass
class _Failure:
    answer: int | str
    times: int | None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def server_bind(self) -> None:
        """Bind alone: the usual one looks up the name of the address, which can take seconds."""
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def handle_error(self, *_: Any) -> None:
        """Who calls may go away: its own affair."""
