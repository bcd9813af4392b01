"""E-mail to SMS: add-email, delete-email."""

from typing import Annotated, Any, TypedDict

from ...domain.text import MAX_PARTS
from ...store import email_senders
from ...store.email_senders import EmailSender
from ..declare import Call, method
from ..errors import ApiError, Code
from ..params import Email, Handset, Integer
from .numbers import in_service


class Address(Email):
    """An e-mail address, or `*@` and a domain; in small letters, since case means nothing."""

    def parse(self, raw: str, name: str) -> str:
        return super().parse(super().parse(raw, name).lower(), name)  # a letter may be longer as a small one


ADDRESS = Annotated[str, Address("An address, or `*@` and a domain for all of its addresses.")]


class Done(TypedDict):
    success: bool


@method("E-mail to SMS")
def add_email(
    call: Call,
    email: ADDRESS,
    max_sms: Annotated[int, Integer("The most parts a mail is sent as, 1 to 4.")] = 1,
    number: Annotated[str, Handset("A number of yours, which the SMS come from.")] | None = None,
) -> Done:
    """Let an address send SMS by mail. For one that may already, what is said here holds from now on."""
    if max_sms > MAX_PARTS:
        raise ApiError(Code.FIELD_INVALID)
    if number is not None:
        in_service(call, number)
    # Clients send a 0 for what they leave out.
    email_senders.put(call.db, call.tenant, call.account.id, EmailSender(email, max_sms or 1, number))
    return {"success": True}


@method("E-mail to SMS", errors=[Code.NOT_FOUND])
def delete_email(call: Call, email: ADDRESS) -> Done:
    """Let an address send no more SMS; `*@` and a domain stands for every address of that domain."""
    if not email_senders.remove(call.db, call.tenant, call.account.id, email):
        raise ApiError(Code.NOT_FOUND)
    return {"success": True}


METHODS: tuple[Any, ...] = (add_email, delete_email)
