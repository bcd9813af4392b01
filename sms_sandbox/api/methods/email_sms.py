"""E-mail to SMS: add-email, delete-email."""

from typing import Annotated, Any, TypedDict

from ...domain.text import MAX_PARTS
from ...store import email_senders
from ...store.email_senders import EmailSender
from ..declare import Call, method
from ..errors import ApiError, Code
from ..params import Email, Handset, Integer
from .numbers import find_active_number


class Address(Email, frozen=True):
    """An e-mail address, or `*@` and a domain. It is read in lower case, because case has no meaning."""

    def parse(self, raw: str, name: str) -> str:
        return super().parse(super().parse(raw, name).lower(), name)  # some letters are longer in lower case


_AddressParam = Annotated[str, Address("An e-mail address, or `*@` and a domain for all addresses of the domain.")]


class Done(TypedDict):
    success: bool


@method("E-mail to SMS")
def add_email(
    call: Call,
    email: _AddressParam,
    max_sms: Annotated[int, Integer("Maximum parts of an SMS sent by mail, 1 to 4.")] = 1,
    number: Annotated[str, Handset("Number of the account that the SMS are sent from.")] | None = None,
) -> Done:
    """Allow an e-mail address to send SMS by mail.

    If the address is allowed already, these settings replace the old ones.
    """
    if max_sms > MAX_PARTS:
        raise ApiError(Code.FIELD_INVALID)
    if number is not None:
        find_active_number(call, number)
    # Clients send 0 for a parameter that is not given.
    email_senders.put(call.db, call.tenant, call.account.id, EmailSender(email, max_sms or 1, number))
    return {"success": True}


@method("E-mail to SMS", errors=[Code.NOT_FOUND])
def delete_email(call: Call, email: _AddressParam) -> Done:
    """Withdraw the permission of an address to send SMS by mail.

    `*@` and a domain means all addresses of the domain.
    """
    if not email_senders.remove(call.db, call.tenant, call.account.id, email):
        raise ApiError(Code.NOT_FOUND)
    return {"success": True}


METHODS: tuple[Any, ...] = (add_email, delete_email)
