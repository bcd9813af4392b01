"""What the operations on faults take and answer."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, to_builtins

from ...api.errors import Code
from ...api.parity.evidence import EVIDENCE
from ...domain import faults
from .primitives import Request
from .rule_match import Applied, Applying, Order

ERRORS = [code.name for code in Code if code is not Code.SUCCESS]

On = Literal["api", "callback"]
MethodName = Annotated[str, Meta(extra_json_schema={"enum": list(EVIDENCE)})]
ErrorCode = Annotated[str, Meta(extra_json_schema={"enum": ERRORS})]
Event = Literal["dlr", "reply", "inbound", "link-hit", "list-action"]
Status = Literal[500, 502, 503, 504]
Body = Literal["malformed", "truncated", "html"]
Connection = Literal["stall", "reset", "lost"]
OnCallback = Literal["drop", "duplicate", "reorder", "wrong-signature", "corrupt"]


class Delay(Request, rename={"from_": "from"}, omit_defaults=True):
    """Seconds: always so many; anything `from` so many `to` so many; or log-normal, by `median` and `sigma`."""

    seconds: float | None = None
    from_: float | None = None
    to: float | None = None
    median: float | None = None
    sigma: float | None = None

    @property
    def value(self) -> faults.Delay:
        given: faults.Delay = to_builtins(self)
        return given


class NewFault(Applying, kw_only=True):
    """A fault: at most one of error, status, body, connection and callback, and a delay besides or instead. `method`
    narrows one at the API, `event` one on callbacks."""

    on: On = "api"
    method: MethodName | None = None
    event: Event | None = None
    error: ErrorCode | None = None
    status: Status | None = None
    body: Body | None = None
    connection: Connection | None = None
    callback: OnCallback | None = None
    delay: Delay | None = None

    def __post_init__(self) -> None:
        _known("method", self.method, EVIDENCE)
        _known("error", self.error, ERRORS)
        self.fault  # noqa: B018 (it raises ValueError for what makes no sense)

    @property
    def fault(self) -> faults.Fault:
        return faults.Fault(
            self.on, self.method, self.event, self.error, self.status, self.body, self.connection, self.callback,
            None if self.delay is None else self.delay.value,
        )  # fmt: skip


def _known(field: str, word: str | None, words: Mapping[str, Any] | list[str]) -> None:
    if word is None or word in words:
        return
    near = get_close_matches(word, words, 1)
    raise ValueError(f"There is no {field} {word[:80]!r}" + (f"; did you mean {near[0]!r}?" if near else ""))


class FaultState(Applied, kw_only=True):
    """A fault as it stands."""

    on: On
    method: str | None = None
    event: Event | None = None
    error: str | None = None
    status: Status | None = None
    body: Body | None = None
    connection: Connection | None = None
    callback: OnCallback | None = None
    delay: Delay | None = None


class Faults(Struct):
    """The faults there are, in the order they are asked: those at the API, and those on callbacks."""

    faults: list[FaultState]


class FaultOrder(Order, kw_only=True):
    """The ids of all faults at the API, or of all on callbacks, in the order they shall be asked."""

    on: On
