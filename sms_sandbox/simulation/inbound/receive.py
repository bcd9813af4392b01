"""Messages from handsets: the account they reach, and everything that follows."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from ...domain import callbacks
from ...domain.opt_out import is_opt_out
from ...store import accounts, keywords, messages, numbers, recipients, responses
from ...store.accounts import Account
from ...store.numbers import ACTIVE, Number
from ...store.recipients import Recipient
from ...store.responses import NewResponse
from ...store.tenants import Tenant
from ..callbacks.queue import CallbackEvent, queue_callbacks
from ..traffic_entries import record_inbound, record_lost_inbound
from . import auto_reply
from .message import InboundMessage
from .opt_out import opt_out


class UnreachableError(Exception):
    """A handset's message that reaches no account; the text says why."""


class Received(Struct, frozen=True):
    """A handset's message that reached an account. `message` is the one it replies to, or 0."""

    response: int
    account: int
    message: int
    longcode: str
    is_optout: bool
    callback_url: str | None


def receive(
    db: Connection, tenant: Tenant, now: datetime, msisdn: str, to: str | None, text: str, rule: str = ""
) -> Received:
    """Receive a message from a handset at a virtual number.

    Without `to`, that is the number that last wrote to the handset. A reply belongs to the newest message from that
    number to that handset. `rule` names the carrier rule that made the handset send it. Raises UnreachableError.
    """
    try:
        inbound = replace(_resolve(db, tenant, now, msisdn, to, text), rule=rule)
    except UnreachableError as error:
        record_lost_inbound(db, tenant.id, now, msisdn, to, text, str(error), rule)
        raise
    response = _add_response(db, inbound)
    account, message = inbound.account, inbound.message
    is_new_optout = inbound.is_optout and opt_out(db, tenant, account, msisdn, message, inbound.recipient, now)
    if message:
        messages.add_counts(db, tenant.id, message.id, responses=1, optouts=int(is_new_optout))
    membership = auto_reply.join_list(db, inbound)
    url = _queue_callback(db, inbound, response)
    record_inbound(db, inbound, response, url)
    auto_reply.email_reply(db, inbound)
    auto_reply.send_reply(db, inbound, *membership)
    auto_reply.forward(db, inbound)
    return Received(response, account.id, inbound.message_id, inbound.number.number, inbound.is_optout, url)


def _resolve(db: Connection, tenant: Tenant, now: datetime, msisdn: str, to: str | None, text: str) -> InboundMessage:
    """Find the account, the message replied to, and the keyword. An opt-out word is never a keyword."""
    longcode = to or _last_sender(db, tenant, msisdn, now)
    number, account, recipient = _addressee(db, tenant, msisdn, longcode, now)
    is_optout = is_opt_out(text)
    return InboundMessage(
        tenant=tenant,
        account=account,
        number=number,
        msisdn=msisdn,
        text=text,
        at=now,
        message=messages.read(db, tenant.id, recipient.message) if recipient else None,
        recipient=recipient,
        keyword=None if is_optout else keywords.find_matching(db, tenant.id, account.id, longcode, text),
        is_optout=is_optout,
    )


def _add_response(db: Connection, inbound: InboundMessage) -> int:
    """Add the message to the account's responses, and return the id of the response."""
    new = NewResponse(
        account=inbound.account.id,
        message=inbound.message_id,
        recipient=inbound.recipient.id if inbound.recipient else None,
        list_id=inbound.message.list_id if inbound.message else 0,
        msisdn=inbound.msisdn,
        text=inbound.text,
        longcode=inbound.number.number,
        received_at=inbound.at,
        is_optout=inbound.is_optout,
        keyword=inbound.keyword.keyword if inbound.keyword else None,
        keyword_id=inbound.keyword.id if inbound.keyword else 0,
    )
    return responses.add(db, inbound.tenant.id, new)


def _queue_callback(db: Connection, inbound: InboundMessage, response: int) -> str | None:
    """Queue the callback to the most specific URL, and return that URL."""
    account, message = inbound.account, inbound.message
    message_url = messages.find_callback_urls(db, inbound.tenant.id, message.id)[0] if message else None
    keyword_url = inbound.keyword.forward_url if inbound.keyword else None
    url = callbacks.first_url(message_url, keyword_url, inbound.number.forward_url, account.reply_url)
    if url:
        params = callbacks.reply(
            user_id=account.id,
            mobile=inbound.msisdn,
            response=inbound.text,
            message_id=inbound.message_id,
            response_id=response,
            longcode=inbound.number.number,
            at=inbound.at,
            is_optout=inbound.is_optout,
        )
        event = CallbackEvent(
            account.id, account.secret, "reply" if message else "inbound", url, params, inbound.message_id,
            inbound.msisdn, inbound.at, inbound.rule,
        )  # fmt: skip
        queue_callbacks(db, inbound.tenant.id, [event])
    return url


def _last_sender(db: Connection, tenant: Tenant, msisdn: str, now: datetime) -> str:
    """Return the number that a handset would reply to. Raises UnreachableError."""
    last = recipients.find_last_to(db, tenant.id, msisdn, now, None)
    if last is None:
        raise UnreachableError(f"No message was sent to {msisdn} yet, so say which number it writes to.")
    sender = last[2]
    if not sender.isdigit():
        raise UnreachableError(f"The last message to {msisdn} came from {sender!r}; a handset cannot reply to a word.")
    return sender


def _addressee(
    db: Connection, tenant: Tenant, msisdn: str, longcode: str, now: datetime
) -> tuple[Number, Account, Recipient | None]:
    """Return the number, the account, and the recipient of the message replied to."""
    number = numbers.read(db, tenant.id, longcode)
    last = recipients.find_last_to(db, tenant.id, msisdn, now, longcode)
    if number is None:
        raise UnreachableError(f"There is no number {longcode}.")
    if number.shared:
        if last is None:
            raise UnreachableError(f"{longcode} is shared, and no message was sent to {msisdn} from it.")
        owner: int | None = last[1]
    else:
        owner = number.account
    if owner is None:
        raise UnreachableError(f"No account leases the number {longcode}.")
    if number.status != ACTIVE:
        raise UnreachableError(f"The number {longcode} is out of service, because it was not paid for.")
    account = accounts.read(db, tenant.id, owner)
    assert account is not None
    is_reply = last is not None and last[1] == owner
    return number, account, recipients.read(db, tenant.id, last[0]) if last and is_reply else None
