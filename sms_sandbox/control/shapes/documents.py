"""Shapes of a tenant exported as one document."""

from datetime import UTC
from typing import Annotated, Any

from msgspec import Meta, Raw, Struct

from ...domain.profiles import ProfileName
from .primitives import DateTime, Name, Request, Seconds, Text, check_time
from .tenants import Key, Secret

MAX_DOCUMENT_BYTES = 64 << 20
"""Largest document, and largest request that carries one, in bytes."""


class ExportOptions(Request):
    """Options of an export. Only a document with secrets can be imported or replayed."""

    with_secrets: bool = False


class DocumentClock(Request):
    """The time that the tenant's clock showed, and whether the clock was running."""

    now: DateTime
    running: bool

    def __post_init__(self) -> None:
        check_time("now", self.now)
        self.now = self.now.astimezone(UTC)


class DocumentTenant(Request):
    """The settings of the exported tenant."""

    name: Name
    seed: Text
    created: DateTime
    clock: DocumentClock
    profile: ProfileName
    strict_senders: bool
    delivery_seconds: Seconds

    def __post_init__(self) -> None:
        check_time("created", self.created)
        self.created = self.created.astimezone(UTC)


class Document(Request):
    """A tenant with all its rows, as the store keeps them.

    Times in rows are microseconds since 1970, money is thousandths of a cent. A document without secrets is for people
    and diffs: it can't be imported or replayed.
    """

    format: str
    version: int
    tenant: DocumentTenant
    tables: dict[str, list[dict[str, Any]]]
    has_secrets: bool = True


class DocumentHeader(Struct):
    """The fields that tell which kind of document one is."""

    format: str
    version: int
    has_secrets: bool = True


RawDocument = Annotated[Raw, Meta(extra_json_schema={"$ref": "#/components/schemas/Document"})]
"""A document that is decoded in steps. So an error can name the part that is wrong."""


class Import(Request):
    """A document to make a tenant of. Give a new `name` and `key` if the exported tenant still exists here."""

    document: RawDocument
    name: Name | None = None
    key: Key | None = None
    secret: Secret | None = None


class Replay(Request):
    """A document whose calls are to be made again."""

    document: RawDocument
