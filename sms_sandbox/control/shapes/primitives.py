"""Field types and bases of all shapes. Times are ISO 8601 in UTC, money is the account's currency."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeAlias

from msgspec import Meta, Struct

from ...domain.callbacks import is_http_url
from ...domain.clock import EPOCH, LATEST

if TYPE_CHECKING:
    DateTime: TypeAlias = datetime
else:
    # Tests that froze the time before they use a sandbox have a subclass here, which no JSON can be read as.
    DateTime = next(each for each in reversed(datetime.__mro__) if each.__name__ == "datetime")

# In Python `$` also matches before a final line break, in JSON Schema it does not.
_NAME = r"^[A-Za-z0-9._~-]{1,64}$(?!\n)"
_MSISDN = r"^\+?[0-9]{3,15}$(?!\n)"
_TEXT = r"^[^\x00]*$"
_NON_EMPTY_TEXT = r"^[^\x00]+$"

Name = Annotated[str, Meta(pattern=_NAME)]
Msisdn = Annotated[str, Meta(pattern=_MSISDN, description="International form, digits only.")]
Text = Annotated[str, Meta(max_length=2000, pattern=_TEXT, description="Anything but NUL.")]
NonEmptyText = Annotated[
    str, Meta(min_length=1, max_length=2000, pattern=_NON_EMPTY_TEXT, description="Anything but NUL.")
]
PATTERNS = {
    _NAME: "of up to 64 letters, digits, dots, hyphens, underscores and tildes",
    _MSISDN: "of 3 to 15 digits, a number in international form",
    _TEXT: "without NUL",
    _NON_EMPTY_TEXT: "without NUL",
}
"""A description of each pattern, for error messages."""

PhoneNumber = Annotated[
    str, Meta(min_length=1, max_length=40, description="In any form; a leading 0 stands for Australia.")
]
Id = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Seconds = Annotated[float, Meta(ge=0, le=366 * 86400)]
PositiveInt = Annotated[int, Meta(ge=1, le=2**31)]
PageSize = Annotated[int, Meta(ge=1, le=1000)]


def check_callback_urls(*urls: object) -> None:
    """Raise ValueError if one of them is a text without the scheme http or https."""
    for url in urls:
        if isinstance(url, str) and not is_http_url(url):
            raise ValueError(f"{url[:100]!r} is not an http or https address")


class Request(Struct, forbid_unknown_fields=True):
    """A body or a query. Unknown names are refused, because they are most likely typing errors."""


class Response(Struct):
    """The JSON of an answer. A client ignores fields it does not know, so that it can talk to a newer server."""


class PageQuery(Request):
    """The page of a list to return, and the number of rows on it."""

    page: PositiveInt = 1
    max: PageSize = 100


class PageInfo(Response):
    """Position of a page in its list: `number` of `count` pages, `total` rows in all."""

    number: int
    count: int
    total: int


class Empty(Response):
    """An empty object: the operation is done."""


def check_time(name: str, time: datetime) -> None:
    """Raise ValueError unless a tenant's clock can show the time. `name` is the field's."""
    if time.tzinfo is None:
        raise ValueError(f"`{name}` must have a time zone, as in 2030-01-31T12:00:00Z")
    if not EPOCH <= time < LATEST:
        raise ValueError(f"`{name}` must be from {EPOCH.year} to {LATEST.year - 1}")


def check_times(**times: datetime | None) -> None:
    """Check each time that is given, as `check_time` does."""
    for name, time in times.items():
        if time is not None:
            check_time(name, time)


CURRENT = "current"
"""In place of a tenant's name: the tenant of the credentials."""
