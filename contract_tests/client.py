"""An account of the endpoint as tests hold it: each call paced, guarded, checked against its shape, and undone."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import pytest

from .cleanup import GONE, Undo, undoing
from .codes import is_documented
from .credentials import Credentials, Secrets
from .observed_shapes import Watch
from .rate_limit import Pacer
from .spending_guard import CapReachedError, Guard
from .wire import Reply, faults_of_refusal, faults_of_success

PATIENCE = 8
"""How often a call is made again that was over the limit."""

Params = Mapping[str, Any]


@dataclass
class Api:
    """One account's view of the endpoint."""

    http: httpx2.Client = field(repr=False)
    credentials: Credentials
    guard: Guard = field(repr=False)
    pacer: Pacer = field(repr=False)
    watch: Watch = field(repr=False)
    secrets: Secrets = field(repr=False)
    undone_by: list[tuple["Api", Undo]] = field(default_factory=list, repr=False)
    """Calls still to be made to remove what was made; shared by all accounts of a test."""

    def another(self, credentials: Credentials, rate: int | None = None) -> "Api":
        """The same endpoint with other credentials."""
        self.secrets.keep(credentials)
        pacer = Pacer(self.pacer.rate if rate is None else rate)
        return Api(self.http, credentials, self.guard, pacer, self.watch, self.secrets, self.undone_by)

    # Calls with an outcome

    def ok(self, method: str, fmt: str = "json", /, **params: Any) -> Any:
        """Make a call that must succeed and be of its method's shape; what it says, without the error block."""
        return self.succeeded(self.call(method, fmt, params))

    def succeeded(self, reply: Reply) -> Any:
        """What an answer says that must be a success."""
        payload = self._payload(reply)
        self.watch.saw(reply)
        self.must_be_faultless(reply, list(faults_of_success(reply)))
        return payload

    def refused(self, code: str, method: str, fmt: str = "json", /, **params: Any) -> Any:
        """Make a call that must be refused with a code; its description, which must be documented."""
        return self.was_refused(code, self.call(method, fmt, params))

    def was_refused(self, code: str, reply: Reply, says: str | None = None) -> Any:
        """The description of an answer that must be a refusal: `says`, or one that is documented."""
        self._payload(reply)
        found = list(faults_of_refusal(reply, code))
        if not found:
            description = reply.tree["error"]["description"]
            if says is not None and description != says:
                found = [f"the description is {description!r}, not {says!r}"]
            elif not is_documented(code, description) and not (reply.is_xml and code == "RECIPIENTS_ERROR"):
                found = [f"the description is {description!r}, which is documented nowhere for {code}"]
        self.watch.saw(reply)
        self.must_be_faultless(reply, found)
        return reply.tree["error"]["description"]

    def must_be_faultless(self, reply: Reply, found: list[str]) -> None:
        """Fail the test with every fault of an answer, and the answer's beginning."""
        __tracebackhide__ = True
        if found:
            body = self.secrets.hide(reply.body[:600].decode("utf-8", "replace"))
            lines = "".join(f"\n  - {self.secrets.hide(each)}" for each in found)
            pytest.fail(f"{reply.method}.{reply.format}:{lines}\n  {reply.status} {body}", pytrace=True)

    def _payload(self, reply: Reply) -> Any:
        """What an answer says; what it made is noted first, so that it is removed even if the answer is wrong."""
        tree = reply.tree if reply.code == "SUCCESS" and isinstance(reply.tree, dict) else {}
        payload = {key: value for key, value in tree.items() if key != "error"}
        if tree:
            self.guard.note(reply.method, reply.form, payload)
            self.undone_by.extend((self, each) for each in undoing(reply.method, reply.form, payload))
            for name in ("apikey", "apisecret"):
                self.secrets.keep_word(str(payload.get(name) or ""))
        return payload

    # Calls as such

    def call(self, method: str, fmt: str = "json", params: Params | None = None) -> Reply:
        """POST a form, as most clients do. A name may end in `_` where it is a word of Python."""
        return self.request(
            "POST", f"/{method}.{fmt}", data={name.rstrip("_"): value for name, value in (params or {}).items()}
        )

    def request(self, verb: str, path: str, *, patiently: bool = True, **how: Any) -> Reply:
        """Make any request, said as httpx is told to; it is the guard's to let it pass, however it is said."""
        method, _, fmt = path.split("?")[0].rpartition("/")[2].rpartition(".")
        headers = {"Authorization": self.credentials.header, **how.pop("headers", {})}
        headers = {name: value for name, value in headers.items() if value is not None}
        form = said(path, how)
        # Whoever is not known to the endpoint can't make it do anything; that it doesn't is what is looked at.
        if headers.get("Authorization", "").partition(" ")[2].strip() == self.credentials.header.partition(" ")[2]:
            self._must_be_allowed(method, form)
        for _ in range(PATIENCE):
            self.pacer.wait()
            got = self.http.request(verb, path, headers=headers, **how)
            lowered = {name.lower(): value for name, value in got.headers.items()}
            reply = Reply(method, fmt, got.status_code, lowered, got.content, form)
            if reply.status != 429 or not patiently:
                break
            self.pacer.sleep(1.1)
        return reply

    def _must_be_allowed(self, method: str, form: Params) -> None:
        try:
            self.guard.admit(method, form)
        except CapReachedError as why:
            pytest.skip(str(why))

    # Afterwards

    def undo(self) -> list[str]:
        """Remove what was made, the newest first; what could not be removed."""
        left = []
        while self.undone_by:
            api, (method, params) = self.undone_by.pop()
            try:
                code = api.call(method, "json", params).code
            except httpx2.HTTPError as why:
                code = type(why).__name__
            if code not in GONE:
                left.append(f"{method} {json.dumps(params)} answered {code}")
        return left


def said(path: str, how: Params) -> dict[str, Any]:
    """All parameters of a request, in its query and its body; a later place wins, as it does for the API."""
    found: dict[str, Any] = dict(parse_qsl(path.partition("?")[2], keep_blank_values=True))
    found |= how.get("params") or {}
    found |= how.get("data") or {}
    found |= {name: value for name, (_, value) in (how.get("files") or {}).items()}
    content = how.get("content") or b""
    return found | dict(parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True))


def eventually(is_so: Callable[[], Any], seconds: float, every: float = 0.05) -> Any:
    """What a question answers once it answers something; an AssertionError if it never does in that time."""
    until = time.monotonic() + seconds
    while not (found := is_so()):
        assert time.monotonic() < until, f"it did not come to be within {seconds:g} s"
        time.sleep(every)
    return found
