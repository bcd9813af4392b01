"""What the operations on the journal take and answer."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from .primitives import Id, Number, PageOf, Request, Size, Text, check_moment

Kind = Literal["call", "callback", "inbound", "report"]
Of = Literal["calls", "messages", "callbacks", "inbound"]
Count = Annotated[int, Meta(ge=0, le=2**31)]
Patience = Annotated[float, Meta(ge=0, le=600)]
WrittenNumber = Annotated[
    str, Meta(min_length=1, max_length=40, description="In any form; a leading 0 stands for Australia.")
]


class Where(Request):
    """Which entries: `method` is that of a call or the event of a callback, `number` anybody's who took part, `code`
    what came of it, `text` and `rule` a part of it in any case, `after` an id; times are the tenant's."""

    method: Text | None = None
    number: WrittenNumber | None = None
    code: Text | None = None
    text: Text | None = None
    rule: Text | None = None
    after: Id = 0
    since: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        for name, moment in (("since", self.since), ("until", self.until)):
            if moment is not None:
                check_moment(name, moment)


class Filter(Where):
    """Entries of all kinds, or of one."""

    kind: Kind | None = None


class TrafficFilter(Filter):
    """Which entries, and which page of them."""

    page: Number = 1
    max: Size = 100


class EventFilter(Request):
    """Which events: those after an entry, or else those to come."""

    kind: Kind | None = None
    method: Text | None = None
    after: Id | None = None


class Entry(Struct):
    """Something that happened. `code` is what came of it: the code of a call, `ok` or `failed` of a callback,
    `received` or `unreachable` of a handset's message, the state that was reported; `status` is that of HTTP. `cut`
    says that something was too long to be kept whole."""

    id: int
    at: datetime
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


class Traffic(Struct):
    """Entries; `dropped` is how many of the oldest gave way to newer ones."""

    page: PageOf
    dropped: int
    entries: list[Entry]


class Counted(Struct):
    count: int
    dropped: int


class Cleared(Struct):
    """How many entries were deleted."""

    cleared: int


class Check(Request):
    """What is expected: so many entries that fit `where` and whose parameters are `params`, word by word. If no number
    is given, at least one."""

    of: Of
    where: Where = field(default_factory=Where)
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
    def least(self) -> int:
        if self.count is not None:
            return self.count
        return self.at_least if self.at_least is not None else int(self.at_most is None)

    @property
    def most(self) -> int | None:
        return self.count if self.count is not None else self.at_most


class Wait(Check):
    """The same, and for how long to wait until it is so."""

    timeout_seconds: Patience = 5


class Verdict(Struct):
    """Whether it is as expected; if not, `difference` says what is."""

    ok: bool
    found: int
    difference: str


class Waited(Struct):
    """Whether it came to be; `entries` are those that fit, `seen` what happened instead, newest first."""

    ok: bool
    found: int
    difference: str
    entries: list[Entry]
    seen: list[Entry]


class Dropped(Struct):
    """So many entries were dropped before they could be told of."""

    count: int
