"""A handset that wants nothing more, whether it wrote so or opened a link that says so."""

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
    """Take a handset off the list of the message it answers, and send it nothing more by its number.

    Whether it is the first time that it opts out by this message, which the caller counts.
    """
    opt_outs.add(db, tenant.id, account.id, msisdn)
    on = contacts.read_list(db, tenant.id, message.list_id) if message and message.list_id else None
    list_membership.opt_out(db, tenant.id, account, msisdn, [on] if on else [], now)
    return recipient is not None and recipients.mark_opted_out(db, tenant.id, recipient.id)
