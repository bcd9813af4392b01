"""Opt-outs of handsets, by a reply or by a link."""

from datetime import datetime

from sqlalchemy import Connection

from ...services import list_membership
from ...store import contacts, opt_outs, recipients
from ...store.accounts import Account
from ...store.messages import Message
from ...store.recipients import Recipient
from ...store.tenants import Tenant


def opt_out(
    db: Connection, tenant: Tenant, account: Account, msisdn: str, message: Message | None,
    recipient: Recipient | None, now: datetime,
) -> bool:  # fmt: skip
    """Opt a handset out of the account's messages and the message's list.

    True if this message's recipient opts out for the first time, which the caller counts.
    """
    opt_outs.add(db, tenant.id, account.id, msisdn)
    contact_list = contacts.read_list(db, tenant.id, message.list_id) if message and message.list_id else None
    list_membership.opt_out(db, tenant.id, account, msisdn, [contact_list] if contact_list else [], now)
    return recipient is not None and recipients.mark_opted_out(db, tenant.id, recipient.id)
