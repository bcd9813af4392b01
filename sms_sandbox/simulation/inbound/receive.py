"""What comes from handsets, replies and other messages: where it arrives, and what comes of it."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from ...domain import callbacks
from ...domain.opt_out import is_opt_out
from ...store import accounts, keywords, messages, numbers, recipients, responses
from ...store.accounts import Account
from ...store.numbers import ACTIVE, Number
from ...store.recipients import Recipient
from ...store.responses import NewResponse
from ...store.tenants import Tenant
from ..callbacks.queue import News, tell
from ..traffic_entries import note_inbound, note_lost
from . import auto_reply
from .message import Arrival
from .opt_out import opt_out


class UnreachableError(Exception):
    """A handset's message reaches no account; the text says why."""


@dataclass(frozen=True)
class Received:
    """A handset's message that reached an account; `message` is what it answers, 0 for nothing."""

    response: int
    account: int
    message: int
    longcode: str
    is_optout: bool
    callback_url: str | None


def receive(
    db: Connection, tenant: Tenant, now: datetime, msisdn: str, to: str | None, text: str, rule: str = ""
) -> Received:
    """Let a message from a handset arrive at a virtual number: at the one that last wrote to it, if none is named.

    A reply belongs to the newest message from that number to that handset; `rule` says what made the handset write, if
    a rule did. Raises UnreachableError.
    """
    try:
        here = replace(arrive(db, tenant, now, msisdn, to, text), rule=rule)
    except UnreachableError as why:
        note_lost(db, tenant.id, now, msisdn, to, text, str(why), rule)
        raise
    response = note(db, here)
    news = here.is_optout and opt_out(db, tenant, here.account, msisdn, here.message, here.recipient, now)
    if here.message:
        messages.count(db, tenant.id, here.message.id, responses=1, optouts=int(news))
    enrolled = auto_reply.enrol(db, here)
    url = call_back(db, here, response)
    note_inbound(db, here, response, url)
    auto_reply.mail_reply(db, here)
    auto_reply.answer(db, here, *enrolled)
    auto_reply.forward(db, here)
    return Received(response, here.account.id, here.message_id, here.number.number, here.is_optout, url)


def arrive(db: Connection, tenant: Tenant, now: datetime, msisdn: str, to: str | None, text: str) -> Arrival:
    """Find whom a message reaches, and what it answers or asks for. A word that opts out is nobody's keyword."""
    longcode = to or last_sender(db, tenant, msisdn, now)
    number, account, recipient = addressee(db, tenant, msisdn, longcode, now)
    opting_out = is_opt_out(text)
    return Arrival(
        tenant=tenant,
        account=account,
        number=number,
        msisdn=msisdn,
        text=text,
        at=now,
        message=messages.read(db, tenant.id, recipient.message) if recipient else None,
        recipient=recipient,
        keyword=None if opting_out else keywords.matching(db, tenant.id, account.id, longcode, text),
        is_optout=opting_out,
    )


def note(db: Connection, here: Arrival) -> int:
    """Write the message down among the account's responses; its id there."""
    new = NewResponse(
        account=here.account.id,
        message=here.message_id,
        recipient=here.recipient.id if here.recipient else None,
        list_id=here.message.list_id if here.message else 0,
        msisdn=here.msisdn,
        text=here.text,
        longcode=here.number.number,
        received_at=here.at,
        is_optout=here.is_optout,
        keyword=here.keyword.keyword if here.keyword else None,
        keyword_id=here.keyword.id if here.keyword else 0,
    )
    return responses.add(db, here.tenant.id, new)


def call_back(db: Connection, here: Arrival, response: int) -> str | None:
    """Tell the account's app, at the most special URL there is; which that was."""
    own = messages.callback_urls(db, here.tenant.id, here.message.id)[0] if here.message else None
    keyword = here.keyword.forward_url if here.keyword else None
    url = callbacks.first_url(own, keyword, here.number.forward_url, here.account.reply_url)
    if url:
        params = callbacks.reply(
            user_id=here.account.id,
            mobile=here.msisdn,
            response=here.text,
            message_id=here.message_id,
            response_id=response,
            longcode=here.number.number,
            at=here.at,
            is_optout=here.is_optout,
        )
        event = "reply" if here.message else "inbound"
        who = here.account
        news = News(who.id, who.secret, event, url, params, here.message_id, here.msisdn, here.at, here.rule)
        tell(db, here.tenant.id, [news])
    return url


def last_sender(db: Connection, tenant: Tenant, msisdn: str, now: datetime) -> str:
    """The number a handset would answer to."""
    last = recipients.last_to(db, tenant.id, msisdn, now, None)
    if last is None:
        raise UnreachableError(f"No message was sent to {msisdn} yet, so say which number it writes to.")
    sender = last[2]
    if not sender.isdigit():
        raise UnreachableError(f"The last message to {msisdn} came from {sender!r}; a handset can't answer a word.")
    return sender


def addressee(
    db: Connection, tenant: Tenant, msisdn: str, longcode: str, now: datetime
) -> tuple[Number, Account, Recipient | None]:
    """The number and the account a message from a handset reaches, and the recipient row of the message it answers."""
    number = numbers.read(db, tenant.id, longcode)
    last = recipients.last_to(db, tenant.id, msisdn, now, longcode)
    if number is None:
        raise UnreachableError(f"There is no number {longcode}.")
    if number.shared:
        if last is None:
            raise UnreachableError(f"{longcode} is shared, and nobody wrote to {msisdn} from it.")
        owner: int | None = last[1]
    else:
        owner = number.account
    if owner is None:
        raise UnreachableError(f"Nobody leases the number {longcode}.")
    if number.status != ACTIVE:
        raise UnreachableError(f"The number {longcode} is out of service, since it was not paid for.")
    account = accounts.read(db, tenant.id, owner)
    assert account is not None
    answers = last is not None and last[1] == owner
    return number, account, recipients.read(db, tenant.id, last[0]) if last and answers else None
