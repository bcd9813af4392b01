"""Shapes of tenants."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from ...domain.profiles import ProfileName
from .clock import Clock
from .primitives import DateTime, Name, PageInfo, Request, Response, Seconds, Text, check_callback_urls, check_time

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
"""A kind of data that a reset can empty alone."""


class TenantSettings(Request, kw_only=True):
    """Settings of a new tenant and of its account. Those left out are the server's default.

    With `frozen_at` its clock is frozen at that time. The URLs are the default callback URLs of its account.
    """

    throttle: Rate | None = None
    balance: Money | None = None
    profile: ProfileName | None = None
    strict_senders: bool | None = None
    delivery_seconds: Seconds | None = None
    frozen_at: DateTime | None = None
    dlr_url: str | None = None
    reply_url: str | None = None
    link_hits_url: str | None = None

    def __post_init__(self) -> None:
        check_callback_urls(self.dlr_url, self.reply_url, self.link_hits_url)
        if self.frozen_at is not None:
            check_time("frozen_at", self.frozen_at)


class NewTenant(TenantSettings):
    """A tenant to create. Name, seed, key and secret are generated if left out; the rest is the server's default.

    With `frozen_at` its clock is frozen at that time. The URLs are the default callback URLs of its account.
    """

    name: Name | None = None
    seed: Text | None = None
    key: Key | None = None
    secret: Secret | None = None


class TenantChange(Request):
    """Settings of a tenant to change; those left out stay."""

    profile: ProfileName | UnsetType = UNSET
    strict_senders: bool | UnsetType = UNSET
    delivery_seconds: Seconds | UnsetType = UNSET


class Reset(Request):
    """The kinds of data to empty; everything if `kinds` is left out."""

    kinds: Annotated[list[Kind], Meta(min_length=1)] | None = None


class Tenant(Response):
    """A tenant and its settings. `key` is that of its first account."""

    name: str
    seed: str
    created: DateTime
    clock: Clock
    profile: str
    strict_senders: bool
    delivery_seconds: float
    key: str


class CreatedTenant(Tenant):
    """A new tenant, with the secret of its first account."""

    secret: str


class ListedTenant(Tenant):
    """A tenant in the operator's list.

    `made_by` names the key or the operator, and the address; `start` is the server itself. `last_used` is in real time,
    and may be some seconds late. `messages` and `rows` say how much it holds, and `approximate_bytes` is an estimate of
    what the rows take in the database.
    """

    made_by: str
    last_used: DateTime
    messages: int
    rows: int
    approximate_bytes: int


class Tenants(Response):
    """A page of tenants, oldest first."""

    page: PageInfo
    tenants: list[ListedTenant]
