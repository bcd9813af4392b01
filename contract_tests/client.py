"""An account of the endpoint as tests hold it: each call paced, guarded, checked against its shape, and undone."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from .codes import is_documented
from .guarding import CapReachedError, Guard
from .observing import Watch
from .pacing import Pacer
from .secrecy import Credentials, Secrets
from .undoing import GONE, Undo, undoing
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
        return self.succeeded(self.call(method, fmt, params), params)

    def succeeded(self, reply: Reply, params: Params | None = None) -> Any:
        """What an answer says that must be a success."""
        payload = self._payload(reply, params or {})
        self.watch.saw(reply)
        self.must_be_faultless(reply, list(faults_of_success(reply)))
        return payload

    def refused(self, code: str, method: str, fmt: str = "json", /, **params: Any) -> Any:
        """Make a call that must be refused with a code; its description, which must be documented."""
        return self.was_refused(code, self.call(method, fmt, params), None, params)

    def was_refused(self, code: str, reply: Reply, says: str | None = None, params: Params | None = None) -> Any:
        """The description of an answer that must be a refusal."""
        if reply.code == "SUCCESS":
            self._payload(reply, params or {})
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

    def _payload(self, reply: Reply, params: Params) -> Any:
        """What an answer says; what it made is noted first, so that it is removed even if the answer is wrong."""
        tree = reply.tree if reply.code == "SUCCESS" and isinstance(reply.tree, dict) else {}
        payload = {key: value for key, value in tree.items() if key != "error"}
        if tree:
            spoken = {name.rstrip("_"): value for name, value in params.items()}
            self.guard.note(reply.method, spoken, payload)
            self.undone_by.extend((self, each) for each in undoing(reply.method, spoken, payload))
            for name in ("apikey", "apisecret"):
                self.secrets.keep_word(str(payload.get(name) or ""))
        return payload

    # Calls as such

    def call(self, method: str, fmt: str = "json", params: Params | None = None) -> Reply:
        """POST a form, as most clients do. A name may end in `_` where it is a word of Python."""
        form = {name.rstrip("_"): value for name, value in (params or {}).items()}
        return self.request("POST", f"/{method}.{fmt}", form=form, data=form)

    def request(self, verb: str, path: str, *, form: Params | None = None, patiently: bool = True, **how: Any) -> Reply:
        """Make any request; `form` is all it says, for the guard, and `how` is how httpx is to say it."""
        method, _, fmt = path.split("?")[0].rpartition("/")[2].rpartition(".")
        self._must_be_allowed(method, form or {})
        headers = {"Authorization": self.credentials.header, **how.pop("headers", {})}
        headers = {name: value for name, value in headers.items() if value is not None}
        for _ in range(PATIENCE):
            self.pacer.wait()
            got = self.http.request(verb, path, headers=headers, **how)
            lowered = {name.lower(): value for name, value in got.headers.items()}
            reply = Reply(method, fmt, got.status_code, lowered, got.content)
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


def eventually(is_so: Callable[[], Any], seconds: float, every: float = 0.05) -> Any:
    """What a question answers once it answers something; an AssertionError if it never does in that time."""
    until = time.monotonic() + seconds
    while not (found := is_so()):
        assert time.monotonic() < until, f"it did not come to be within {seconds:g} s"
        time.sleep(every)
    return found
