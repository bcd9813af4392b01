"""A client for an account under test: it limits, guards and checks each call, and cleans up."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import pytest

from .cleanup import CODES_WHEN_GONE, CleanupCall, cleanup_calls
from .codes import is_documented
from .credentials import Credentials, Secrets
from .observed_shapes import ShapeObserver
from .rate_limit import RateLimiter
from .spending_guard import CapReachedError, Guard
from .wire import Answer, refusal_problems, success_problems

MAX_CALL_ATTEMPTS = 8
"""Number of attempts for a call that is over the rate limit."""

Params = Mapping[str, Any]


def spelled_names(response: httpx2.Response) -> list[str]:
    """Return the names of headers as they came; none of HTTP/2, which knows no capitals."""
    is_old = response.http_version.startswith("HTTP/1")
    return [name.decode("latin-1") for name, _ in response.headers.raw] if is_old else []


@dataclass
class Api:
    """An account of the endpoint."""

    http: httpx2.Client = field(repr=False)
    credentials: Credentials
    guard: Guard = field(repr=False)
    limiter: RateLimiter = field(repr=False)
    observer: ShapeObserver = field(repr=False)
    secrets: Secrets = field(repr=False)
    pending_cleanup: list[tuple["Api", CleanupCall]] = field(default_factory=list, repr=False)
    """Calls that will remove what was created. All accounts of a test share this list."""

    def with_credentials(self, credentials: Credentials, rate: int | None = None) -> "Api":
        """Return a client for another account of the same endpoint."""
        self.secrets.keep(credentials)
        limiter = RateLimiter(self.limiter.rate if rate is None else rate)
        return Api(self.http, credentials, self.guard, limiter, self.observer, self.secrets, self.pending_cleanup)

    # Calls with an expected result

    def ok(self, method: str, fmt: str = "json", /, **params: Any) -> Any:
        """Make a call that must succeed, and return its payload: the answer without the error block.

        The answer must have the shape of its method.
        """
        return self.check_success(self.call(method, fmt, params))

    def check_success(self, answer: Answer) -> Any:
        """Check that an answer is a success, and return its payload."""
        payload = self._payload(answer)
        self.observer.observe(answer)
        self.fail_on_problems(answer, list(success_problems(answer)))
        return payload

    def refused(self, code: str, method: str, fmt: str = "json", /, **params: Any) -> Any:
        """Make a call that must be refused with a code, and return the error description."""
        return self.check_refusal(code, self.call(method, fmt, params))

    def check_refusal(self, code: str, answer: Answer, expected: str | None = None) -> Any:
        """Check that an answer is a refusal with a code, and return its description.

        The description must be `expected`, or any documented one if `expected` is None.
        """
        self._payload(answer)
        problems = list(refusal_problems(answer, code))
        if not problems:
            description = answer.tree["error"]["description"]
            if expected is not None and description != expected:
                problems = [f"the description is {description!r}, not {expected!r}"]
            elif not is_documented(code, description):
                problems = [f"the description {description!r} is not documented for {code}"]
        self.observer.observe(answer)
        self.fail_on_problems(answer, problems)
        return answer.tree["error"]["description"]

    def fail_on_problems(self, answer: Answer, problems: list[str]) -> None:
        """Fail the test if an answer has problems. The message shows all of them, and the answer's beginning."""
        __tracebackhide__ = True
        if problems:
            body = self.secrets.hide(answer.body[:600].decode("utf-8", "replace"))
            lines = "".join(f"\n  - {self.secrets.hide(problem)}" for problem in problems)
            pytest.fail(f"{answer.method}.{answer.format}:{lines}\n  {answer.status} {body}", pytrace=True)

    def _payload(self, answer: Answer) -> Any:
        """Return an answer's payload. Cleanup is planned first, in case the answer turns out to be wrong."""
        tree = answer.tree if answer.code == "SUCCESS" and isinstance(answer.tree, dict) else {}
        payload = {key: value for key, value in tree.items() if key != "error"}
        if tree:
            self.guard.record(answer.method, answer.form, payload)
            self.pending_cleanup.extend((self, call) for call in cleanup_calls(answer.method, answer.form, payload))
            for name in ("apikey", "apisecret"):
                self.secrets.keep_word(str(payload.get(name) or ""))
        return payload

    # Calls with any result

    def call(self, method: str, fmt: str = "json", params: Params | None = None) -> Answer:
        """POST a form, as most clients do. A parameter named like a Python keyword ends in `_`."""
        return self.request(
            "POST", f"/{method}.{fmt}", data={name.rstrip("_"): value for name, value in (params or {}).items()}
        )

    def request(self, verb: str, path: str, *, retry_over_limit: bool = True, **options: Any) -> Answer:
        """Make any request, with httpx's options. The guard checks it in every form."""
        method, _, fmt = path.partition("?")[0].rstrip("/").rpartition("/")[2].rpartition(".")
        headers = {"Authorization": self.credentials.header, **options.pop("headers", {})}
        headers = {name: value for name, value in headers.items() if value is not None}
        form = all_parameters(path, options)
        # A call with wrong credentials cannot do anything; a test checks exactly that.
        if headers.get("Authorization", "").partition(" ")[2].strip() == self.credentials.header.partition(" ")[2]:
            self._must_be_allowed(method, form)
        for _ in range(MAX_CALL_ATTEMPTS):
            self.limiter.wait()
            response = self.http.request(verb, path, headers=headers, **options)
            lowered = {name.lower(): value for name, value in response.headers.items()}
            names = spelled_names(response)
            answer = Answer(method, fmt, response.status_code, lowered, response.content, form, names)
            if answer.status != 429 or not retry_over_limit:
                break
            self.limiter.sleep(1.1)
        return answer

    def _must_be_allowed(self, method: str, form: Params) -> None:
        try:
            self.guard.check(method, form)
        except CapReachedError as error:
            pytest.skip(str(error))

    # Cleanup

    def clean_up(self) -> list[str]:
        """Remove what was created, newest first, and return what could not be removed."""
        failed = []
        while self.pending_cleanup:
            api, (method, params) = self.pending_cleanup.pop()
            try:
                code = api.call(method, "json", params).code
            except httpx2.HTTPError as error:
                code = type(error).__name__
            if code not in CODES_WHEN_GONE:
                failed.append(f"{method} {json.dumps(params)} answered {code}")
        return failed


def all_parameters(path: str, options: Params) -> dict[str, Any]:
    """Return the parameters of a request's query and body. The body wins, as it does for the API."""
    parameters: dict[str, Any] = dict(parse_qsl(path.partition("?")[2], keep_blank_values=True))
    parameters |= options.get("params") or {}
    parameters |= options.get("data") or {}
    parameters |= {name: value for name, (_, value) in (options.get("files") or {}).items()}
    content = options.get("content") or b""
    return parameters | dict(parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True))


def eventually(condition: Callable[[], Any], seconds: float, interval: float = 0.05) -> Any:
    """Poll a condition until it is true, and return its value. Raises AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"this did not happen within {seconds:g} s"
        time.sleep(interval)
    return value
