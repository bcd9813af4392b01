"""The automatic actions of numbers and keywords: join a list, reply, forward."""

import logging
from collections.abc import Sequence

from sqlalchemy import Connection

from ...domain import text
from ...domain.text import MAX_PARTS
from ...services import list_membership, send_message
from ...services.message_text import NO_RECORD, Template, values_of
from ...services.send_message import Handset
from ...store import contacts, messages, numbers, opt_outs, outbox
from ...store.contacts import ContactList, Member
from ...store.messages import NewMessage
from . import email
from .message import InboundMessage

log = logging.getLogger(__name__)

_KEYWORD = "keyword"
"""Type of a message that a number or a keyword sent."""


def join_list(db: Connection, inbound: InboundMessage) -> tuple[ContactList | None, Member | None, bool]:
    """Add the handset to the list of the options. Return the list, the member, and True if it joined now.

    A handset that was deleted from the list or opted out of it does not join again, nor does one that opts out now.
    """
    tenant, msisdn = inbound.tenant.id, inbound.msisdn
    list_id = inbound.options.list_id
    contact_list = contacts.read_list(db, tenant, list_id) if list_id else None
    if contact_list is None:
        return None, None, False
    if not inbound.is_optout and not list_membership.is_barred(db, tenant, inbound.account, msisdn):
        joined = list_membership.join(db, tenant, contact_list, msisdn, (None, None), {}, inbound.at)
        if joined is not None:
            return contact_list, joined, True
    return contact_list, contacts.read_member(db, tenant, contact_list.id, msisdn), False


def send_reply(
    db: Connection, inbound: InboundMessage, contact_list: ContactList | None, member: Member | None, joined: bool
) -> None:
    """Send the automatic reply.

    With a list there is one reply for handsets that joined now and another for members; without one, all get the same.
    Handsets that opted out get none. Nor does a virtual number, because two of them could reply to each other forever.
    """
    if inbound.is_optout or _is_virtual_number(db, inbound):
        return
    if contact_list is None:
        reply, values = inbound.options.welcome_message, NO_RECORD
    elif member is None or member.status != contacts.ACTIVE:
        return
    else:
        reply = inbound.options.welcome_message if joined else inbound.options.members_message
        values = values_of(member, contact_list)
    if reply:
        _send(db, inbound, Template.parse(reply), [(inbound.msisdn, values)], contact_list)


def forward(db: Connection, inbound: InboundMessage) -> None:
    """Forward the message, even an opt-out: by e-mail, and by SMS with the handset's number in front."""
    kind = outbox.KEYWORD if inbound.keyword else outbox.NUMBER
    email.forward(db, inbound, kind, _split_list(inbound.options.forward_email))
    to: Sequence[Handset] = [(msisdn, NO_RECORD) for msisdn in _split_list(inbound.options.forward_sms)]
    if to and not _is_virtual_number(db, inbound):
        forwarded = text.cut_to_parts(f"{inbound.msisdn}: {inbound.text}", MAX_PARTS)
        _send(db, inbound, Template.literal(forwarded), to)


def email_reply(db: Connection, inbound: InboundMessage) -> None:
    """Send the reply by e-mail, if the message it replies to asked for that."""
    address = messages.find_reply_email(db, inbound.tenant.id, inbound.message.id) if inbound.message else None
    if address:
        email.forward(db, inbound, outbox.REPLY, [address])


def _split_list(items: str) -> list[str]:
    """Split a list with commas, as options store it."""
    return items.split(",") if items else []


def _is_virtual_number(db: Connection, inbound: InboundMessage) -> bool:
    """Return True if the message came from a virtual number, not from a handset."""
    return numbers.read(db, inbound.tenant.id, inbound.msisdn) is not None


def _send(
    db: Connection, inbound: InboundMessage, template: Template, to: Sequence[Handset],
    contact_list: ContactList | None = None,
) -> None:  # fmt: skip
    """Send a message from the number, to those handsets that did not opt out."""
    opted_out = opt_outs.find(db, inbound.tenant.id, inbound.account.id, {msisdn for msisdn, _ in to})
    to = [handset for handset in to if handset[0] not in opted_out]
    if not to:
        return
    message = NewMessage(
        account=inbound.account.id,
        text=template.text,
        sender=inbound.number.number,
        send_at=inbound.at,
        created=inbound.at,
        list_id=contact_list.id if contact_list else 0,
        list_name=contact_list.name if contact_list else "",
        type=_KEYWORD,
    )
    parts = send_message.count_parts(db, inbound.tenant.id, template, to).total
    if send_message.send(db, inbound.account, message, template, to, parts) is None:
        log.warning(
            "Account %d has not enough credit for the automatic replies of %s.",
            inbound.account.id, inbound.number.number,
        )  # fmt: skip
