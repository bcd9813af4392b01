"""A tenant as one document: its shape, and how one is read."""

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct

from ...domain.profiles import ProfileName
from ...services.tenant_document import FORMAT, VERSION
from ..declare import in_words
from ..errors import ControlError
from .primitives import Name, Request, Seconds, Text, check_moment
from .tenants import Key, Secret

LARGEST = 64 << 20
"""Bytes of a document, and of the request that carries it."""


class KeptClock(Request):
    """What a tenant's clock showed, and whether it went on by itself."""

    now: datetime
    running: bool

    def __post_init__(self) -> None:
        check_moment("now", self.now)
        self.now = self.now.astimezone(UTC)


class KeptTenant(Request):
    """A tenant's settings."""

    name: Name
    seed: Text
    created: datetime
    clock: KeptClock
    profile: ProfileName
    strict_senders: bool
    delivery_seconds: Seconds

    def __post_init__(self) -> None:
        check_moment("created", self.created)
        self.created = self.created.astimezone(UTC)


class Document(Request):
    """A tenant with all it has. Rows are as the store keeps them: times are microseconds since 1970, money thousandths
    of a cent."""

    format: str
    version: int
    tenant: KeptTenant
    tables: dict[str, list[dict[str, Any]]]


class Heading(Struct):
    """What says which kind of document one is."""

    format: str
    version: int


Sent = Annotated[Raw, Meta(extra_json_schema={"$ref": "#/components/schemas/Document"})]
"""A document that is looked at bit by bit, so that what is wrong with it can be said."""


class Import(Request):
    """A tenant to make of a document; with a `name` and a `key` of its own beside the one it was exported from."""

    document: Sent
    name: Name | None = None
    key: Key | None = None
    secret: Secret | None = None


class Replay(Request):
    """A document whose calls are to be made again."""

    document: Sent


def read_document(raw: Raw) -> Document:
    """A document by its JSON. Raises ControlError where it is none that is understood here."""
    try:
        heading = msgspec.json.decode(raw, type=Heading)
        if heading.format != FORMAT:
            raise ControlError("invalid", f"document.format is {heading.format[:80]!r}, not {FORMAT!r}.")
        if heading.version != VERSION:
            raise ControlError("invalid", f"document.version is {heading.version}; {VERSION} is what is read here.")
        return msgspec.json.decode(raw, type=Document)
    except RecursionError as why:
        raise ControlError("invalid", "The document is nested too deep.") from why
    except msgspec.ValidationError as why:
        raise ControlError("invalid", f"{in_words(str(why)).replace('`$', '`document')}.") from why
