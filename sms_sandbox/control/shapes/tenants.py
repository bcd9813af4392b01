"""What the operations on tenants and clocks take and answer."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from ...domain.profiles import ProfileName
from .primitives import Name, PageOf, Request, Seconds, Text, check_moment

Key = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[^:\x00-\x1f\x7f]+$(?!\n)")]
Secret = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$(?!\n)")]
Rate = Annotated[int, Meta(ge=0, le=1_000_000, description="Calls a second; 0 is no limit.")]
Money = Annotated[float, Meta(ge=-1_000_000_000, le=1_000_000_000)]

Kind = Literal[
    "messages",
    "contacts",
    "numbers",
    "keywords",
    "rules",
    "faults",
    "clock",
    "mails",
    "traffic",
    "clients",
]


# Tenants


class NewTenant(Request):
    """A world to make; whatever is left out is made up or the server's default."""

    name: Name | None = None
    seed: Text | None = None
    key: Key | None = None
    secret: Secret | None = None
    throttle: Rate | None = None
    balance: Money | None = None
    profile: ProfileName | None = None
    strict_senders: bool | None = None
    delivery_seconds: Seconds | None = None
    frozen_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.frozen_at is not None:
            check_moment("frozen_at", self.frozen_at)


class TenantChange(Request):
    """Settings of a tenant; those left out stay."""

    profile: ProfileName | UnsetType = UNSET
    strict_senders: bool | UnsetType = UNSET
    delivery_seconds: Seconds | UnsetType = UNSET


class Reset(Request):
    """What to empty; all there is, where nothing is said."""

    kinds: Annotated[list[Kind], Meta(min_length=1)] | None = None


class ClockState(Struct):
    """A tenant's clock: what it shows, and whether it goes on by itself."""

    now: datetime
    running: bool


class TenantState(Struct):
    """A tenant and its settings."""

    name: str
    seed: str
    created: datetime
    clock: ClockState
    profile: str
    strict_senders: bool
    delivery_seconds: float
    key: str


class TenantMade(TenantState):
    """A tenant just made, with what its caller needs to use it."""

    secret: str


class Tenants(Struct):
    page: PageOf
    tenants: list[TenantState]


# Clock


class Advance(Request):
    """How far to go: `to` a moment, or by a span of time; the parts of a span add up."""

    to: datetime | None = None
    days: Annotated[float, Meta(ge=0, le=36600)] = 0
    hours: Annotated[float, Meta(ge=0, le=1_000_000)] = 0
    minutes: Annotated[float, Meta(ge=0, le=100_000_000)] = 0
    seconds: Annotated[float, Meta(ge=0, le=4_000_000_000)] = 0

    def __post_init__(self) -> None:
        if self.to is not None and self.span:
            raise ValueError("Give either `to` or a span of time, not both")
        if self.to is not None:
            check_moment("to", self.to)
        elif not self.span:
            raise ValueError("Say how far: `to` a moment, or days, hours, minutes or seconds")

    @property
    def span(self) -> timedelta:
        return timedelta(days=self.days, hours=self.hours, minutes=self.minutes, seconds=self.seconds)


class Event(Struct):
    """Something that happened on the way; `id` is that of a message, recipient or callback, as `kind` says."""

    at: datetime
    kind: str
    id: int


class Advanced(Struct):
    """What an advance did. `happened` is cut after a thousand events, and `truncated` says so."""

    start: datetime
    end: datetime
    running: bool
    counts: dict[str, int]
    happened: list[Event]
    truncated: bool
