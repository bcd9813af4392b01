"""Shapes of the traffic: its entries, and what is expected of them."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from msgspec import Meta, field

from .clock import Clock
from .primitives import DateTime, Id, PageInfo, PageSize, PhoneNumber, PositiveInt, Request, Response, Text, check_times

_SHOWN_NUMBERS = 5

Kind = Literal["call", "callback", "inbound", "report", "failure", "control"]
Of = Literal["calls", "messages", "callbacks", "inbound"]
Count = Annotated[int, Meta(ge=0, le=2**31)]
Timeout = Annotated[float, Meta(ge=0, le=600)]


class TrafficMatch(Request):
    """A filter of entries. `method`: the method of a call, or the event of a callback. `number`: any number involved.

    `message`: the id of a message. `code`: the exact result code. `text`, `rule`: a substring, case-insensitive.
    `after`: only entries with a larger id. `since`, `until`: the tenant's time, both included.
    """

    method: Text | None = None
    number: PhoneNumber | None = None
    code: Text | None = None
    text: Text | None = None
    rule: Text | None = None
    message: Id | None = None
    after: Id = 0
    since: DateTime | None = None
    until: DateTime | None = None

    def __post_init__(self) -> None:
        check_times(since=self.since, until=self.until)


class TrafficFilter(TrafficMatch):
    """A filter of entries of all kinds or of one."""

    kind: Kind | None = None


class TrafficQuery(TrafficFilter):
    """A filter of entries, and the page to return.

    `failed`: true for refused calls, failed attempts, and messages that were not delivered or reached nobody; false for
    all others.
    """

    failed: bool | None = None

    page: PositiveInt = 1
    max: PageSize = 100


class EventFilter(Request):
    """A filter of events, as for the list. `after`: start after this entry; without it, only new events are sent.

    `changes`: also send the event `changed`.
    """

    kind: Kind | None = None
    method: Text | None = None
    number: PhoneNumber | None = None
    code: Text | None = None
    text: Text | None = None
    rule: Text | None = None
    message: Id | None = None
    changes: bool = False
    after: Id | None = None

    def match(self, after: int) -> TrafficMatch:
        """Return the filter of entries after one."""
        return TrafficMatch(self.method, self.number, self.code, self.text, self.rule, self.message, after)


class Entry(Response):
    """A traffic entry: a call, a callback attempt, a handset's message, a delivery report, or a failure (see `kind`).

    `code` is the result: the code of a call, `ok` or `failed` of a callback attempt, `received` or `unreachable` of a
    handset's message, the status that was reported, `failed` of an event that failed in the sandbox. `status` is the
    HTTP status. `rule` names the fault, scenario or magic word that caused the result. `hints` name likely mistakes.
    `cut`: a value was too long and is stored shortened.
    """

    id: int
    at: DateTime
    kind: str
    account_id: int | None
    method: str | None
    number: str | None
    code: str
    status: int | None
    rule: str | None
    took_ms: float | None
    verb: str | None
    url: str | None
    request: dict[str, str]
    reply: Any
    error: str | None
    message_id: int | None
    hints: list[str]
    cut: bool
    by: str | None = None

    @property
    def refusal(self) -> str:
        """The description of the error with which a call was refused; empty for any other entry."""
        error = self.reply.get("error", self.reply) if self.kind == "call" and isinstance(self.reply, dict) else None
        if self.code == "SUCCESS" or not isinstance(error, dict):
            return ""
        return describe_error(error)


def describe_error(error: Mapping[str, Any]) -> str:
    """Return the description of an error block as words. RECIPIENTS_ERROR has lists of numbers there."""
    description = error.get("description", "")
    if not isinstance(description, dict):
        return str(description)
    opted_out = [str(number) for number in description.get("optouts", ())]
    invalid = [number for number in map(str, description.get("fails", ())) if number not in opted_out]
    lists = (("not valid", invalid), ("opted out", opted_out))
    return "; ".join(f"{words}: {_list_some(numbers)}" for words, numbers in lists if numbers)


def _list_some(numbers: Sequence[str]) -> str:
    more = len(numbers) - _SHOWN_NUMBERS
    return ", ".join(numbers[:_SHOWN_NUMBERS]) + (f" and {more} more" if more > 0 else "")


class Traffic(Response):
    """A page of entries, newest first. `dropped`: how many of the oldest entries were dropped for newer ones."""

    page: PageInfo
    dropped: int
    entries: list[Entry]


class TrafficCount(Response):
    """A count of matching entries. `dropped` counts old entries that were dropped for newer ones."""

    count: int
    dropped: int


class ClearedTraffic(Response):
    """A count of deleted entries."""

    cleared: int


class Expectation(Request):
    """The expected number of entries that match `where` and have exactly these `params`.

    Give `count`, or `at_least` and `at_most`. If none is given, at least one entry is expected.
    """

    of: Of
    where: TrafficMatch = field(default_factory=TrafficMatch)
    params: dict[str, Text | int] = field(default_factory=dict)
    count: Count | None = None
    at_least: Count | None = None
    at_most: Count | None = None

    def __post_init__(self) -> None:
        if self.count is not None and (self.at_least is not None or self.at_most is not None):
            raise ValueError("give either `count`, or `at_least` and `at_most`")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("`at_least` is more than `at_most`")

    @property
    def min_count(self) -> int:
        """The smallest number of entries that meets the expectation."""
        if self.count is not None:
            return self.count
        return self.at_least if self.at_least is not None else int(self.at_most is None)

    @property
    def max_count(self) -> int | None:
        """The largest number of entries that meets the expectation; None if there is no limit."""
        return self.count if self.count is not None else self.at_most


class TimedExpectation(Expectation):
    """An expectation, and how long to wait until it is met."""

    timeout_seconds: Timeout = 5


class VerifyResult(Response):
    """True in `ok` if the expectation is met. If not, `difference` says in words what is different."""

    ok: bool
    found: int
    difference: str


class WaitResult(VerifyResult):
    """The result of a wait. `entries` are those that match; `seen` are others, if it failed. Both newest first."""

    entries: list[Entry]
    seen: list[Entry]


class ChangedTenant(Response):
    """A change without an entry: of the clock, of carrier rules or faults, or by a reset. `clock` is the clock now."""

    clock: Clock


class DroppedEntries(Response):
    """A count of entries that were dropped before the stream could send them."""

    count: int


class TenantEntry(Response):
    """A traffic entry, and the name of its tenant."""

    tenant: str
    entry: Entry


class BeginOfTraffic(Response):
    """The number of tenants when a stream of all of them begins."""

    tenants: int


class TooSlow(Response):
    """The number of events that may wait for a reader. More waited, so the stream ends; it can be resumed."""

    limit: int
