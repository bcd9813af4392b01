"""Mail, both ways, and the words an account may send from."""

from typing import Literal, cast

from ..domain import senders
from ..domain.senders import Kind
from ..simulation.inbound import email
from ..store import outbox, sender_ids
from .declare import Call, operation
from .errors import ControlError
from .messages import read_message
from .shapes import outbox as s
from .shapes.messages import Message
from .shapes.primitives import page_of


@operation("GET", "/mails")
def list_mails(call: Call, query: s.MailFilter) -> s.Mails:
    """The outbox, newest first: replies and inbound messages that would be mailed. Nothing leaves the sandbox."""
    found = outbox.page(call.db, call.tenant.id, query.paging, query.to)
    return s.Mails(page_of(found), [mail_of(each) for each in found.rows])


@operation("POST", "/mails", status=201)
def send_mail(call: Call, body: s.NewMail) -> Message:
    """Hand in a mail, which becomes an SMS if the account authorised its sender by add-email; the message it became."""
    try:
        message = email.hand_in(call.db, call.account, body.from_, body.to, body.text, call.now)
    except email.UnmailableError as why:
        raise ControlError("conflict", str(why)) from why
    return cast(Message, read_message.run(call, message))


@operation("PUT", "/sender-ids/{word}")
def register_sender_id(call: Call, word: str) -> s.SenderIds:
    """Register a word, so that the account may send from it even where senders are checked strictly."""
    if not is_sender_id(word):
        raise ControlError("invalid", f"{word[:80]!r} can't be a sender ID.")
    sender_ids.add(call.db, call.tenant.id, call.account.id, word)
    return registered(call)


@operation("DELETE", "/sender-ids/{word}")
def unregister_sender_id(call: Call, word: str) -> s.SenderIds:
    """Let a word be registered no more."""
    if not is_sender_id(word) or not sender_ids.remove(call.db, call.tenant.id, call.account.id, word):
        raise ControlError("not_found", f"{word[:80]!r} is not registered.")
    return registered(call)


def is_sender_id(word: str) -> bool:
    sender = senders.parse_sender(word)
    return sender is not None and sender.kind is Kind.WORD and not senders.is_reserved(word)


def registered(call: Call) -> s.SenderIds:
    return s.SenderIds(sender_ids.words(call.db, call.tenant.id, call.account.id))


def mail_of(each: outbox.Mail) -> s.Mail:
    why = cast(Literal["reply", "number", "keyword"], each.kind)
    return s.Mail(each.id, each.account, why, each.sender, each.recipient, each.subject, each.body, each.created)


OPERATIONS = (list_mails, send_mail, register_sender_id, unregister_sender_id)
