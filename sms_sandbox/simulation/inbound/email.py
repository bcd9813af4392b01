"""E-mails: messages forwarded to the outbox, and e-mails of authorised addresses sent as SMS."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from ...domain import text
from ...domain.numbers import to_msisdn
from ...services import send_message
from ...services.message_text import NO_RECORD, Template
from ...store import email_senders, numbers, opt_outs, outbox
from ...store.accounts import Account
from ...store.email_senders import EmailSender
from ...store.messages import NewMessage
from ...store.outbox import NewMail
from .message import InboundMessage

_DOMAIN = "transmitsms.com"
"""Domain of the sender of forwarded messages, and of addresses whose e-mails become SMS."""

_EMAIL_SMS = "email_sms"
"""Type of a message that was sent by e-mail."""


class EmailRefusedError(Exception):
    """An e-mail that cannot be sent as an SMS; the text says why."""


def forward(db: Connection, inbound: InboundMessage, kind: str, to: Sequence[str]) -> None:
    """Put a handset's message into the outbox, for each of these addresses."""
    emails = [
        NewMail(
            account=inbound.account.id,
            kind=kind,
            sender=f"{inbound.msisdn}@{_DOMAIN}",
            recipient=address,
            subject=f"SMS from {inbound.msisdn} to {inbound.number.number}",
            body=inbound.text,
            created=inbound.at,
        )
        for address in to
    ]
    outbox.add(db, inbound.tenant.id, emails)


def send_as_sms(db: Connection, account: Account, sender: str, recipient: str, body: str, now: datetime) -> int:
    """Send an e-mail as an SMS, and return the message's id.

    The recipient's local part is the handset's number. The text is cut to the number of parts that its sender may use.
    Replies are sent to the sender by e-mail. Raises EmailRefusedError.
    """
    permit = email_senders.find(db, account.tenant, account.id, sender)
    if permit is None:
        raise EmailRefusedError(f"{sender} may not send SMS for this account; add-email allows it.")
    msisdn = to_msisdn(recipient.rpartition("@")[0])
    if msisdn is None:
        raise EmailRefusedError(f"The part before the @ of {recipient} must be a phone number in international form.")
    if opt_outs.find(db, account.tenant, account.id, [msisdn]):
        raise EmailRefusedError(f"{msisdn} opted out of this account's messages.")
    template, to = Template.literal(text.cut_to_parts(body, permit.max_sms)), [(msisdn, NO_RECORD)]
    message = NewMessage(
        account=account.id,
        text=template.text,
        sender=_sender_of(db, account, permit),
        send_at=now,
        created=now,
        replies_to_email=sender,
        type=_EMAIL_SMS,
    )
    parts = send_message.count_parts(db, account.tenant, template, to).total
    sent = send_message.send(db, account, message, template, to, parts)
    if sent is None:
        raise EmailRefusedError("The account has not enough credit for the message.")
    return sent.id


def _sender_of(db: Connection, account: Account, permit: EmailSender) -> str:
    """Return the number that is set for the address, or else the account's default sender."""
    if permit.number is None:
        number = numbers.find_sender(db, account.tenant, account.id, shared=False)
        if number is None:
            raise EmailRefusedError("There is no number to send from.")
        return number
    if not numbers.may_send(db, account.tenant, account.id, permit.number):
        raise EmailRefusedError(f"The number {permit.number}, which {permit.email} sends from, is out of service.")
    return permit.number
