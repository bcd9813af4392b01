"""An HTTP server that receives callbacks, and fails when a test tells it to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ..client.unpatched import Unpatched
from ..domain.callbacks import signature
from .callback_listener import HANG, RESET, CallbackListener
from .event_loop import HasAsyncMethods

EVENT_PARAMETERS = {
    "dlr": ("status", "message_id", "mobile", "datetime", "user_id", "rate"),
    "reply": ("response", "response_id", "is_optout", "longcode", "message_id", "mobile", "datetime_entry", "user_id"),
    "link-hit": ("link_hits", "message", "longcode", "list_id", "message_id", "mobile", "datetime", "user_id", "rate"),
    "list-action": ("type", "list_id", "firstname", "lastname", "mobile", "datetime_entry"),
}
"""Parameters of each event. A callback without the first one is not of that event."""


@dataclass(frozen=True)
class Received:
    """A callback as it arrived. `signed`: True if the account's secret signed it.

    `answer` is a status, `hang` or `reset`. `at` is the time of `time.monotonic`, in seconds.
    """

    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    signed: bool
    answer: int | str
    at: float = field(repr=False)

    @property
    def event(self) -> str:
        """The event: `dlr`, `reply`, `inbound`, `link-hit` or `list-action`; empty if it is none of them."""
        # The app's own parameters, and custom fields of a list, may have the names of another event's parameters.
        possible = {event: names for event, names in EVENT_PARAMETERS.items() if names[0] in self.params}
        event = max(possible, key=lambda event: len(self.params.keys() & set(possible[event])), default="")
        return "inbound" if event == "reply" and self.params.get("message_id") == "0" else event

    def __getitem__(self, name: str) -> str:
        return self.params[name]

    def __str__(self) -> str:
        params = " ".join(f"{name}={value!r}" for name, value in self.params.items())
        unsigned = "" if self.signed else " (not signed)"
        return f"{self.event or 'request'} {self.path} {params}{unsigned} -> {self.answer}"


class Receiver(HasAsyncMethods):
    """Receives callbacks at `url`, on a port of its own. It answers 200 unless it is told to fail.

    It answers on a thread, even while the test's event loop is blocked. It takes any path, so
    `receiver.url + "/orders?id=17"` is a callback URL, too.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._received: list[Received] = []
        self._failures: list[_Failure] = []
        self._lock = Unpatched.make_lock()
        self._waits: list[Any] = []
        """Locks of the threads that wait; each is released when a callback arrives."""
        self._listener = CallbackListener(self._take)
        self.url = f"http://127.0.0.1:{self._listener.port}"

    def __repr__(self) -> str:
        return f"<Receiver {self.url} received {len(self._received)}>"

    # Received callbacks

    def received(self, event: str | None = None) -> list[Received]:
        """Return the callbacks that have arrived, in order; only those of one event if it is given."""
        with self._lock:
            return [each for each in self._received if event is None or each.event == event]

    @property
    def dlrs(self) -> list[Received]:
        """The delivery reports that have arrived."""
        return self.received("dlr")

    @property
    def replies(self) -> list[Received]:
        """The replies and inbound messages of handsets that have arrived."""
        return [each for each in self.received() if each.event in ("reply", "inbound")]

    def wait_for(self, count: int = 1, event: str | None = None, timeout: float = 5.0) -> list[Received]:
        """Wait until `count` callbacks or more have arrived, and return all that have.

        Raises AssertionError after `timeout` seconds; its text says what has arrived instead.
        """
        __tracebackhide__ = True  # a failed test shows the line of the test, not this one
        until = Unpatched.monotonic() + timeout
        while True:
            with self._lock:
                arrived, news = list(self._received), Unpatched.make_lock()
                news.acquire()
                self._waits.append(news)
            received = [each for each in arrived if event is None or each.event == event]
            if len(received) >= count:
                return received
            if not news.acquire(True, max(0, until - Unpatched.monotonic())):
                break
        seen = "".join(f"\n  {each}" for each in arrived) or " nothing."
        kind = f" of {event}" if event else ""
        raise AssertionError(
            f"Waited {timeout:g} s for {count} callback(s){kind} and got {len(received)}. Received:{seen}"
        )

    def clear(self) -> None:
        """Forget the callbacks that have arrived, and all failures that are planned."""
        with self._lock:
            self._received.clear()
            self._failures.clear()

    # Failures

    def fail(self, status: int = 500, times: int | None = None) -> None:
        """Answer the next callbacks with an HTTP status: as many times, or until `recover` if `times` is left out."""
        self._plan(status, times)

    def hang(self, times: int | None = None) -> None:
        """Never answer the next callbacks. The sandbox gives up each attempt after 10 seconds."""
        self._plan(HANG, times)

    def reset(self, times: int | None = None) -> None:
        """Reset the connections of the next callbacks."""
        self._plan(RESET, times)

    def recover(self) -> None:
        """Answer 200 from now on."""
        with self._lock:
            self._failures.clear()

    def _plan(self, answer: int | str, times: int | None) -> None:
        if times is not None and times < 1:
            raise ValueError(f"`times` must be 1 or more, not {times}.")
        with self._lock:
            self._failures.append(_Failure(answer, times))

    # The server

    def _take(self, path: str, headers: Mapping[str, str]) -> int | str:
        """Record a callback, and return how to answer it."""
        parts = urlsplit(path)
        names = {name.lower(): value for name, value in headers.items()}
        signed = names.get("x-transmitsms-signature", "") == signature(path, self._secret)
        params = dict(parse_qsl(parts.query, keep_blank_values=True))
        with self._lock:
            answer = self._answer()
            self._received.append(Received(parts.path, params, names, signed, answer, Unpatched.monotonic()))
            while self._waits:
                self._waits.pop().release()
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

    def close(self) -> None:
        """Stop receiving callbacks, and release those that hang."""
        self._listener.close()

    def __enter__(self) -> "Receiver":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass
class _Failure:
    answer: int | str
    times: int | None
