"""What the shapes of the control API are made of. Times are ISO 8601 in UTC, money is the account's currency."""

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

from ...domain.clock import EPOCH, LATEST
from ...store.paging import Page, Paging

# Behind `$` Python lets a line break stand, which JSON Schema does not.
_NAME = r"^[A-Za-z0-9._~-]{1,64}$(?!\n)"
_HANDSET = r"^\+?[0-9]{3,15}$(?!\n)"
_TEXT = r"^[^\x00]*$"
_WORDS = r"^[^\x00]+$"

Name = Annotated[str, Meta(pattern=_NAME)]
Handset = Annotated[str, Meta(pattern=_HANDSET, description="International form, digits only.")]
Text = Annotated[str, Meta(max_length=2000, pattern=_TEXT, description="Anything but NUL.")]
Words = Annotated[str, Meta(min_length=1, max_length=2000, pattern=_WORDS, description="Anything but NUL.")]
PATTERNS = {
    _NAME: "of up to 64 letters, digits, dots, hyphens, underscores and tildes",
    _HANDSET: "of 3 to 15 digits, a number in international form",
    _TEXT: "without NUL",
    _WORDS: "without NUL",
}
"""What each pattern says in words, for who fails it."""

Id = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Seconds = Annotated[float, Meta(ge=0, le=366 * 86400)]
Number = Annotated[int, Meta(ge=1, le=2**31)]
Size = Annotated[int, Meta(ge=1, le=1000)]


class Request(Struct, forbid_unknown_fields=True):
    """A body or query; a name it does not know is refused, since it is most likely a slip."""


def check_moment(name: str, moment: datetime) -> None:
    """Raise ValueError unless a clock can show the moment."""
    if moment.tzinfo is None:
        raise ValueError(f"`{name}` must have a time zone, as in 2030-01-31T12:00:00Z")
    if not EPOCH <= moment < LATEST:
        raise ValueError(f"`{name}` must be from {EPOCH.year} to {LATEST.year - 1}")


class Slice(Request):
    """Which page of a list, and how many rows on it."""

    page: Number = 1
    max: Size = 100

    @property
    def paging(self) -> Paging:
        return Paging(self.page, self.max)


class Empty(Struct):
    """Nothing to say but that it is done."""


class PageOf(Struct):
    """Where in a list a page lies."""

    number: int
    count: int
    total: int


def page_of(found: Page[Any]) -> PageOf:
    """Where a page of the store lies."""
    return PageOf(found.info["number"], found.info["count"], found.total)


class Info(Struct):
    """The server: its version and addresses."""

    name: str
    version: str
    https: str
    http: str
    ca: str
    ca_bundle: str
