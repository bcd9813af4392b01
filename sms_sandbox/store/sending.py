"""Writing down whom a message goes to, each with a text of its own where the template asks for one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from ..domain import merge
from . import links, recipients
from .contacts import ContactList, Member
from .links import Link
from .recipients import NewRecipient

Handset = tuple[str, Mapping[str, str]]
"""A number, and what merge fields are filled with for it."""

CHUNK = 500
"""Recipients written or handed over in one go, so that no transaction holds up other calls for long."""

NO_RECORD = {"firstname": "", "lastname": ""}
"""What fills the merge fields where no list knows the handset."""


@dataclass(frozen=True)
class Batch:
    """A message, and what writing its recipients down needs to know of it."""

    tenant: int
    seed: str
    account: int
    message: int
    template: str
    tracked_url: str | None
    sent_at: datetime


def enlist(db: Connection, batch: Batch, handsets: Sequence[Handset]) -> None:
    """Write down recipients, with their texts and links."""
    first = recipients.reserve(db, batch.tenant, len(handsets))
    if not merge.has_fields(batch.template):
        to = [NewRecipient(msisdn) for msisdn, _ in handsets]
    else:
        to, found = [], []
        for recipient, (msisdn, values) in enumerate(handsets, first):
            text = merge.fill(batch.template, values)
            for marker, host, target in markers(batch.tracked_url):
                if marker in text:
                    code = merge.link_code(batch.seed, recipient, host)
                    text = merge.place_link(text, marker, merge.link_text(host, code))
                    found.append(Link(code, batch.tenant, recipient, target))
            to.append(NewRecipient(msisdn, text))
        links.add(db, found)
    recipients.add(db, batch.tenant, batch.account, batch.message, batch.sent_at, first, to)


def markers(tracked_url: str | None) -> list[tuple[str, str, str | None]]:
    """The links a text may ask for: marker, host, and where it leads (None: to an opt-out)."""
    unsubscribe: tuple[str, str, str | None] = (merge.UNSUBSCRIBE, merge.UNSUBSCRIBE_HOST, None)
    return [(merge.TRACKED, merge.TRACKED_HOST, tracked_url), unsubscribe] if tracked_url else [unsubscribe]


def preview(template: str, values: Mapping[str, str], tracked_url: str | None) -> str:
    """A text of the length the handset's will have; its links lead nowhere yet."""
    text = merge.fill(template, values)
    for marker, host, _ in markers(tracked_url):
        text = merge.place_link(text, marker, merge.link_text(host, "x" * 8))
    return text


def values_of(member: Member, on: ContactList) -> dict[str, str]:
    """What fills the merge fields for a member of a list: the names, and custom fields by their names."""
    named = {name.lower(): member.fields.get(slot, "") for slot, name in on.fields.items()}
    return {**named, "firstname": member.first_name or "", "lastname": member.last_name or ""}
