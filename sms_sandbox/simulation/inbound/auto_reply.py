"""What a number or a keyword does with what handsets write to it: list, answer, forward."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from ...domain import text
from ...domain.text import MAX_PARTS
from ...services import list_membership, send_message
from ...services.send_message import NO_RECORD, Handset, Outgoing
from ...store import contacts, messages, numbers, opt_outs, outbox
from ...store.contacts import ContactList, Member
from . import email
from .message import Arrival

log = logging.getLogger(__name__)

KEYWORD = "keyword"
"""Type of a message that a number or a keyword made."""


def enrol(db: Connection, here: Arrival) -> tuple[ContactList | None, Member | None, bool]:
    """Put the handset on the list that the options name: the list, the member, and whether that is news.

    Who is no longer on it, whether by its own wish or another's, does not come back by writing; nor does anybody join
    by the word that opts out.
    """
    on = contacts.read_list(db, here.tenant.id, here.options.list_id) if here.options.list_id else None
    if on is None:
        return None, None, False
    if not here.is_optout and not list_membership.is_barred(db, here.tenant.id, here.account, here.msisdn):
        joined = list_membership.join(db, here.tenant.id, on, here.msisdn, (None, None), {}, here.at)
        if joined is not None:
            return on, joined, True
    return on, contacts.read_member(db, here.tenant.id, on.id, here.msisdn), False


def answer(db: Connection, here: Arrival, on: ContactList | None, member: Member | None, joined: bool) -> None:
    """Answer the handset: with a list its members differently from who has just joined, without one everybody alike.

    Nothing is said to who opted out, nor to a number of this world: two that answer each other would never end.
    """
    if here.is_optout or is_ours(db, here):
        return
    if on is None:
        words, values = here.options.welcome_message, NO_RECORD
    elif member is None or member.status != contacts.ACTIVE:
        return
    else:
        words = here.options.welcome_message if joined else here.options.members_message
        values = send_message.values_of(member, on)
    if words:
        _send(db, here, Outgoing(KEYWORD, here.number.number, words, [(here.msisdn, values)], on=on))


def forward(db: Connection, here: Arrival) -> None:
    """Pass on what the handset wrote, opting out or not: by mail, and by SMS with the handset's number before it."""
    kind = outbox.KEYWORD if here.keyword else outbox.NUMBER
    email.forward(db, here, kind, listed(here.options.forward_email))
    to: Sequence[Handset] = [(each, NO_RECORD) for each in listed(here.options.forward_sms)]
    if to and not is_ours(db, here):
        words = text.cut_to_parts(f"{here.msisdn}: {here.text}", MAX_PARTS)
        _send(db, here, Outgoing(KEYWORD, here.number.number, words, to, literal=True))


def mail_reply(db: Connection, here: Arrival) -> None:
    """Mail a reply to where the message it answers wants its replies."""
    wanted = messages.reply_email(db, here.tenant.id, here.message.id) if here.message else None
    if wanted:
        email.forward(db, here, outbox.REPLY, [wanted])


def listed(kept: str) -> list[str]:
    """The items of a list with commas, as options keep them."""
    return kept.split(",") if kept else []


def is_ours(db: Connection, here: Arrival) -> bool:
    """Whether a virtual number wrote, not a handset."""
    return numbers.read(db, here.tenant.id, here.msisdn) is not None


def _send(db: Connection, here: Arrival, what: Outgoing) -> None:
    gone = opt_outs.find(db, here.tenant.id, here.account.id, {msisdn for msisdn, _ in what.to})
    to = [each for each in what.to if each[0] not in gone]
    if not to:
        return
    sent = send_message.dispatch(db, here.account, replace(what, to=to), here.at)
    if sent is None:
        log.warning("Account %d has no money for what %s answers.", here.account.id, here.number.number)
