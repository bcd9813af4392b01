"""Operations on e-mails and sender IDs."""

from typing import cast

from ..domain import senders
from ..domain.senders import Kind
from ..simulation.inbound import email
from ..store import outbox, sender_ids
from .conversion import page_info, paging_of, shape_of
from .declare import Call, operation
from .errors import ControlError
from .messages import read_message
from .shapes import outbox as shapes
from .shapes.messages import Message


@operation("GET", "/mails")
def list_mails(call: Call, query: shapes.MailFilter) -> shapes.Mails:
    """List the outbox, newest first: mails that the account would send. The sandbox sends none of them."""
    page = outbox.list_page(call.db, call.tenant.id, paging_of(query), query.to)
    return shapes.Mails(page_info(page), [_mail(row) for row in page.rows])


@operation("POST", "/mails", status=201, is_recorded=False)
def send_mail(call: Call, body: shapes.NewMail) -> Message:
    """Send an SMS by e-mail and return the message. The account must have authorised the sender by add-email."""
    try:
        message = email.send_as_sms(call.db, call.account, body.from_, body.to, body.text, call.now)
    except email.EmailRefusedError as why:
        raise ControlError("conflict", str(why)) from why
    return cast(Message, read_message.run(call, message))


@operation("PUT", "/sender-ids/{word}")
def register_sender_id(call: Call, word: str) -> shapes.SenderIds:
    """Register an alphanumeric sender ID. The account may then send from it even if senders are checked strictly."""
    if not is_sender_id(word):
        raise ControlError("invalid", f"{word[:80]!r} can't be a sender ID.")
    sender_ids.add(call.db, call.tenant.id, call.account.id, word)
    return _registered(call)


@operation("DELETE", "/sender-ids/{word}")
def unregister_sender_id(call: Call, word: str) -> shapes.SenderIds:
    """Remove a registered sender ID."""
    if not is_sender_id(word) or not sender_ids.remove(call.db, call.tenant.id, call.account.id, word):
        raise ControlError("not_found", f"{word[:80]!r} is not registered.")
    return _registered(call)


def is_sender_id(word: str) -> bool:
    """True if an account can register the word as a sender ID."""
    sender = senders.parse_sender(word)
    return sender is not None and sender.kind is Kind.WORD and not senders.is_reserved(word)


def _registered(call: Call) -> shapes.SenderIds:
    return shapes.SenderIds(sender_ids.list_words(call.db, call.tenant.id, call.account.id))


def _mail(row: outbox.Mail) -> shapes.Mail:
    return shape_of(
        shapes.Mail, row, account_id=row.account, why=row.kind, from_=row.sender, to=row.recipient, text=row.body
    )


OPERATIONS = (list_mails, send_mail, register_sender_id, unregister_sender_id)
