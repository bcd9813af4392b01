"""Shapes of faults."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from msgspec import Meta, to_builtins

from ...api.errors import Code
from ...api.parity.evidence import EVIDENCE
from ...domain import faults
from .primitives import Request, Response
from .rule_match import RuleInput, RuleOrder, RuleState

ERRORS = [code.name for code in Code if code is not Code.SUCCESS]

On = Literal["api", "callback"]
MethodName = Annotated[str, Meta(extra_json_schema={"enum": list(EVIDENCE)})]
ErrorCode = Annotated[str, Meta(extra_json_schema={"enum": ERRORS})]
CallbackEvent = Literal["dlr", "reply", "inbound", "link-hit", "list-action"]
Status = Literal[500, 502, 503, 504]
Body = Literal["malformed", "truncated", "html"]
Connection = Literal["stall", "reset", "lost"]
Gateway = Literal["throttled", "maintenance"]
CallbackFault = Literal["drop", "duplicate", "reorder", "wrong-signature", "corrupt"]


class Delay(Request, rename={"from_": "from"}, omit_defaults=True):
    """A delay in seconds: fixed (`seconds`), uniform (`from`, `to`), or log-normal (`median`, `sigma`)."""

    seconds: float | None = None
    from_: float | None = None
    to: float | None = None
    median: float | None = None
    sigma: float | None = None

    @property
    def value(self) -> faults.Delay:
        """The delay as the domain takes it."""
        given: faults.Delay = to_builtins(self)
        return given


class NewFault(RuleInput, kw_only=True):
    """A fault to add: at most one of its effects (from error to callback), and a delay besides or instead.

    `on` says where: on calls of the API, or on callbacks. `method` selects calls, `event` selects callbacks.
    """

    on: On = "api"
    method: MethodName | None = None
    event: CallbackEvent | None = None
    error: ErrorCode | None = None
    status: Status | None = None
    body: Body | None = None
    connection: Connection | None = None
    gateway: Gateway | None = None
    callback: CallbackFault | None = None
    delay: Delay | None = None

    def __post_init__(self) -> None:
        check_method(self.method)
        _check_known("error", self.error, ERRORS)
        self.fault  # noqa: B018 (it raises ValueError if the fields contradict each other)

    @property
    def fault(self) -> faults.Fault:
        """The fault as the domain takes it."""
        return faults.Fault(
            self.on, self.method, self.event, self.error, self.status, self.body, self.connection, self.gateway,
            self.callback, None if self.delay is None else self.delay.value,
        )  # fmt: skip


def check_method(name: str | None) -> None:
    """Raise ValueError, with a similar name, unless the API has the method."""
    _check_known("method", name, EVIDENCE)


def _check_known(field: str, word: str | None, words: Mapping[str, Any] | list[str]) -> None:
    if word is None or word in words:
        return
    near = get_close_matches(word, words, 1)
    raise ValueError(f"There is no {field} {word[:80]!r}" + (f"; did you mean {near[0]!r}?" if near else ""))


class Fault(RuleState, kw_only=True):
    """A fault, and how often it was used."""

    on: On
    method: str | None = None
    event: CallbackEvent | None = None
    error: str | None = None
    status: Status | None = None
    body: Body | None = None
    connection: Connection | None = None
    gateway: Gateway | None = None
    callback: CallbackFault | None = None
    delay: Delay | None = None


class Faults(Response):
    """All faults, in the order they are checked: first those on API calls, then those on callbacks."""

    faults: list[Fault]


class FaultOrder(RuleOrder, kw_only=True):
    """The new order of all faults on API calls, or of all on callbacks: their ids."""

    on: On
