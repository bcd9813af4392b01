"""Parameters shared by numbers and keywords: what to do with the messages they receive."""

from collections.abc import Sequence
from typing import Annotated, Any

from ...domain import numbers
from ...domain.text import MAX_PARTS
from ...services.message_text import NO_RECORD, Template
from ..errors import ApiError, Code
from ..forms import Form
from ..params import Email, Id, Param, Schema, Text, Url, Words


class _Emails(Words, frozen=True):
    """A list of e-mail addresses, separated by commas."""

    def parse(self, raw: str, name: str) -> Sequence[str] | None:
        addresses = super().parse(raw, name)
        return addresses and [Email(self.doc).parse(address, name) for address in addresses]


class _Handsets(Words, frozen=True):
    """A list of numbers in international form, separated by commas."""

    def parse(self, raw: str, name: str) -> Sequence[str] | None:
        written = super().parse(raw, name)
        msisdns = [msisdn for number in written or () if (msisdn := numbers.to_msisdn(number))]
        if written and len(msisdns) < len(written):
            raise ApiError(Code.FIELD_INVALID)
        return msisdns or None


class _AutoReply(Text, frozen=True):
    """The text of an automatic reply. Its length is that for a handset without contact data."""

    max_length: int = 2000

    def parse(self, raw: str, name: str) -> str:
        if Template.parse(super().parse(raw, name)).count_parts(NO_RECORD) > MAX_PARTS:
            raise ApiError(Code.FIELD_INVALID)
        return raw


class _Clearing(Param, frozen=True):
    """Another kind of parameter whose blank value is read as `cleared`, not as None."""

    kind: Param
    cleared: Any = ""

    def read(self, form: Form, name: str) -> Any:
        value = self.kind.read(form, name)
        return self.cleared if value is None and name in form else value

    def schema(self) -> Schema:
        return self.kind.schema()


_REFERENCE = Text("Note for the account's own use.", max_length=100)
_LIST_ID = Id("Id of a list that senders are added to.")
_WELCOME = _AutoReply("Automatic reply to every message; with a list, only to handsets that are new on it.")
_MEMBERS = _AutoReply("Automatic reply to handsets that are on the list already.")
FORWARD_URL = Url("URL to call with each message, instead of the account's own.")
_FORWARD_EMAIL = _Emails("Addresses to mail each message to, separated by commas.", max_items=100)
_FORWARD_SMS = _Handsets("International numbers to send each message to, separated by commas.", max_items=100)

Reference = Annotated[str, _REFERENCE]
ListOf = Annotated[int, _LIST_ID]
Welcome = Annotated[str, _WELCOME]
Members = Annotated[str, _MEMBERS]
ForwardUrl = Annotated[str, FORWARD_URL]
ForwardEmail = Annotated[Sequence[str], _FORWARD_EMAIL]
ForwardSms = Annotated[Sequence[str], _FORWARD_SMS]

ClearingList = Annotated[int, _Clearing(f"{_LIST_ID.doc} 0 or blank: none.", _LIST_ID, 0)]
ClearingWelcome = Annotated[str, _Clearing(_WELCOME.doc, _WELCOME)]
ClearingMembers = Annotated[str, _Clearing(_MEMBERS.doc, _MEMBERS)]
ClearingUrl = Annotated[str, _Clearing(FORWARD_URL.doc, FORWARD_URL)]
ClearingEmail = Annotated[Sequence[str], _Clearing(_FORWARD_EMAIL.doc, _FORWARD_EMAIL, ())]
ClearingSms = Annotated[Sequence[str], _Clearing(_FORWARD_SMS.doc, _FORWARD_SMS, ())]


def to_columns(**given: Any) -> dict[str, Any]:
    """Return the database columns of the parameters that were given, lists as texts with commas."""
    return {
        name: value if isinstance(value, (str, int)) else ",".join(value)
        for name, value in given.items()
        if value is not None
    }
