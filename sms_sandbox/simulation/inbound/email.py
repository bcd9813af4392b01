"""Mail: what the account would send goes to the outbox, and what an authorised address sends becomes an SMS."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from ...domain import numbers as phone
from ...domain import text
from ...services import send_message
from ...services.send_message import NO_RECORD, Outgoing
from ...store import email_senders, numbers, opt_outs, outbox
from ...store.accounts import Account
from ...store.email_senders import EmailSender
from ...store.outbox import NewMail
from .message import Arrival

DOMAIN = "transmitsms.com"
"""Where mails come from, and where they are sent to become SMS."""

EMAIL_SMS = "email_sms"
"""Type of a message that was a mail."""


class UnmailableError(Exception):
    """A mail does not become an SMS; the text says why."""


def forward(db: Connection, here: Arrival, kind: str, to: Sequence[str]) -> None:
    """Put what a handset wrote into the outbox."""
    found = [
        NewMail(
            account=here.account.id,
            kind=kind,
            sender=f"{here.msisdn}@{DOMAIN}",
            recipient=each,
            subject=f"SMS from {here.msisdn} to {here.number.number}",
            body=here.text,
            created=here.at,
        )
        for each in to
    ]
    outbox.add(db, here.tenant.id, found)


def hand_in(db: Connection, account: Account, sender: str, recipient: str, words: str, now: datetime) -> int:
    """Send a mail on as an SMS, cut to the parts its sender may use, and answer the message's id.

    The recipient's local part is the handset's number. Replies are mailed to the sender. Raises UnmailableError.
    """
    permit = email_senders.permit(db, account.tenant, account.id, sender)
    if permit is None:
        raise UnmailableError(f"{sender} may not send SMS for this account; add-email lets it.")
    msisdn = phone.to_msisdn(recipient.rpartition("@")[0])
    if msisdn is None:
        raise UnmailableError(f"What stands before the @ of {recipient} is no number of a handset.")
    if opt_outs.find(db, account.tenant, account.id, [msisdn]):
        raise UnmailableError(f"{msisdn} opted out of this account's messages.")
    what = Outgoing(
        type=EMAIL_SMS,
        sender=sender_of(db, account, permit),
        text=text.cut_to_parts(words, permit.max_sms),
        to=[(msisdn, NO_RECORD)],
        literal=True,
        replies_to_email=sender,
    )
    message = send_message.dispatch(db, account, what, now)
    if message is None:
        raise UnmailableError("The account has not the money for the message.")
    return message


def sender_of(db: Connection, account: Account, permit: EmailSender) -> str:
    """The number that was set for the address, or else the one that any message goes out from."""
    if permit.number is None:
        number = numbers.sender_for(db, account.tenant, account.id, shared=False)
        if number is None:
            raise UnmailableError("There is no number to send from.")
        return number
    if not numbers.may_send(db, account.tenant, account.id, permit.number):
        raise UnmailableError(f"The number {permit.number}, which {permit.email} sends from, is out of service.")
    return permit.number
