"""What comes from handsets: replies, other messages, and taps on links."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from ..domain import callbacks as rules
from ..domain.optout import is_opt_out
from ..store import accounts, contacts, links, messages, numbers, recipients, responses, tenants
from ..store.accounts import Account
from ..store.messages import Message
from ..store.recipients import Recipient
from ..store.responses import NewResponse
from ..store.tenants import Tenant
from .telling import News, tell


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


def receive(db: Connection, tenant: Tenant, now: datetime, msisdn: str, to: str | None, text: str) -> Received:
    """Let a message from a handset arrive at a virtual number: at the one that last wrote to it, if none is named.

    A reply belongs to the newest message from that number to that handset. Raises UnreachableError.
    """
    longcode = to or last_sender(db, tenant, msisdn, now)
    account, recipient = addressee(db, tenant, msisdn, longcode, now)
    message = messages.read(db, tenant.id, recipient.message) if recipient else None
    opting_out = is_opt_out(text)
    response = responses.add(
        db,
        tenant.id,
        NewResponse(
            account=account.id,
            message=message.id if message else 0,
            recipient=recipient.id if recipient else None,
            list_id=message.list_id if message else 0,
            msisdn=msisdn,
            text=text,
            longcode=longcode,
            received_at=now,
            is_optout=opting_out,
        ),
    )
    news = opting_out and opt_out(db, tenant, account.id, msisdn, message, recipient)
    if message:
        messages.count(db, tenant.id, message.id, responses=1, optouts=int(news))

    number = numbers.read(db, tenant.id, longcode)
    own = messages.callback_urls(db, tenant.id, message.id)[0] if message else None
    url = rules.first_given(own, number.forward_url if number else None, account.reply_url)
    if url:
        params = rules.reply(
            user_id=account.id,
            mobile=msisdn,
            response=text,
            message_id=message.id if message else 0,
            response_id=response,
            longcode=longcode,
            at=now,
            is_optout=opting_out,
        )
        event = "reply" if message else "inbound"
        about = message.id if message else 0
        tell(db, tenant.id, [News(account.id, account.secret, event, url, params, about, msisdn, now)])
    return Received(response, account.id, message.id if message else 0, longcode, opting_out, url)


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
) -> tuple[Account, Recipient | None]:
    """The account a message from a handset reaches, and the recipient row of the message it answers."""
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
    account = accounts.read(db, tenant.id, owner)
    assert account is not None
    answers = last is not None and last[1] == owner
    return account, recipients.read(db, tenant.id, last[0]) if last and answers else None


def opt_out(
    db: Connection, tenant: Tenant, account: int, msisdn: str, message: Message | None, recipient: Recipient | None
) -> bool:
    """Take a handset off the list of the message it answers, and send it nothing more by its number.

    Whether it is the first time that it opts out by this message, which the caller counts.
    """
    contacts.opt_out(db, tenant.id, account, msisdn)
    if message is None or recipient is None:
        return False
    if message.list_id:
        contacts.leave(db, tenant.id, message.list_id, msisdn, contacts.OPTED_OUT)
    return recipients.mark_opted_out(db, tenant.id, recipient.id)


@dataclass(frozen=True)
class Tap:
    """What opening a link did: `target` is where it leads, None for one that opted the handset out."""

    msisdn: str
    target: str | None


def tap(db: Connection, code: str, real: datetime) -> Tap | None:
    """Open a short link as its handset would; None if there is no such link."""
    link = links.find(db, code)
    if link is None:
        return None
    tenant = tenants.read(db, link.tenant)
    recipient = recipients.read(db, link.tenant, link.recipient)
    message = messages.read(db, link.tenant, recipient.message) if recipient else None
    if tenant is None or recipient is None or message is None:
        return None
    now = tenant.clock.now(real)
    if link.target is None:
        if opt_out(db, tenant, message.account, recipient.msisdn, message, recipient):
            messages.count(db, tenant.id, message.id, optouts=1)
    else:
        count_hit(db, tenant, message, recipient, now)
    return Tap(recipient.msisdn, link.target)


def count_hit(db: Connection, tenant: Tenant, message: Message, recipient: Recipient, now: datetime) -> None:
    """Count a click and tell the account's app of it."""
    hits = recipients.hit(db, tenant.id, recipient.id)
    messages.count(db, tenant.id, message.id, hits=1)
    account = accounts.read(db, tenant.id, message.account)
    assert account is not None
    url = rules.first_given(messages.callback_urls(db, tenant.id, message.id)[1], account.link_hits_url)
    if url is None:
        return
    member = contacts.read_member(db, tenant.id, message.list_id, recipient.msisdn) if message.list_id else None
    params = rules.link_hit(
        at=now,
        firstname=(member and member.first_name) or "",
        lastname=(member and member.last_name) or "",
        link_hits=hits,
        list_id=message.list_id,
        longcode=message.sender,
        message=recipient.text,
        message_id=message.id,
        mobile=recipient.msisdn,
        user_id=account.id,
    )
    news = News(account.id, account.secret, "link-hit", url, params, message.id, recipient.msisdn, now)
    tell(db, tenant.id, [news])
