"""Short links in messages that a handset opens."""

from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection

from ...domain import callbacks
from ...store import accounts, contacts, links, messages, recipients, tenants
from ...store.accounts import Account
from ...store.messages import Message
from ...store.recipients import Recipient
from ...store.tenants import Tenant
from ..callbacks.queue import CallbackEvent, queue_callbacks
from .opt_out import opt_out


class LinkTap(Struct, frozen=True):
    """An opened link. `target` is its URL, or None for a link that opted the handset out."""

    msisdn: str
    target: str | None


def open_link(db: Connection, code: str, real: datetime) -> LinkTap | None:
    """Open a short link as its handset would. None if no sent message has this link."""
    link = links.find(db, code)
    if link is None:
        return None
    tenant = tenants.read(db, link.tenant)
    recipient = recipients.read(db, link.tenant, link.recipient)
    message = messages.read(db, link.tenant, recipient.message) if recipient else None
    if tenant is None or recipient is None or message is None or message.status != messages.SENT:
        return None
    now = tenant.clock.now(real)
    account = accounts.read(db, tenant.id, message.account)
    assert account is not None
    if link.target is None:
        if opt_out(db, tenant, account, recipient.msisdn, message, recipient, now):
            messages.add_counts(db, tenant.id, message.id, optouts=1)
    else:
        _count_hit(db, tenant, account, message, recipient, now)
    return LinkTap(recipient.msisdn, link.target)


def _count_hit(
    db: Connection, tenant: Tenant, account: Account, message: Message, recipient: Recipient, now: datetime
) -> None:
    """Count a hit of a tracked link, and queue its callback."""
    hits = recipients.add_hit(db, tenant.id, recipient.id)
    links.record_hit(db, tenant.id, message.id, recipient.id, now)
    messages.add_counts(db, tenant.id, message.id, hits=1)
    url = callbacks.first_url(messages.find_callback_urls(db, tenant.id, message.id)[1], account.link_hits_url)
    if url is None:
        return
    member = contacts.read_member(db, tenant.id, message.list_id, recipient.msisdn) if message.list_id else None
    params = callbacks.link_hit(
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
    event = CallbackEvent(account.id, account.secret, "link-hit", url, params, message.id, recipient.msisdn, now)
    queue_callbacks(db, tenant.id, [event])
