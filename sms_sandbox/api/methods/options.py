"""What a number or a keyword is told to do with what it receives, as its parameters say it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from ...domain import numbers
from ...domain.text import MAX_PARTS, segments
from ...services.send_message import NO_RECORD, preview
from ..errors import ApiError, Code
from ..forms import Form
from ..params import Email, Id, Param, Schema, Text, Url, Words


@dataclass(frozen=True)
class Emails(Words):
    """A list of e-mail addresses with commas between."""

    def parse(self, raw: str, name: str) -> Sequence[str] | None:
        found = super().parse(raw, name)
        return found and [Email(self.doc).parse(each, name) for each in found]


@dataclass(frozen=True)
class Handsets(Words):
    """A list of international numbers with commas between."""

    def parse(self, raw: str, name: str) -> Sequence[str] | None:
        found = super().parse(raw, name)
        msisdns = [msisdn for each in found or () if (msisdn := numbers.to_msisdn(each))]
        if found and len(msisdns) < len(found):
            raise ApiError(Code.FIELD_INVALID)
        return msisdns or None


@dataclass(frozen=True)
class AnswerText(Text):
    """A text that is sent by itself; merge fields and links are of the length they will have for a stranger."""

    max_length: int = 2000

    def parse(self, raw: str, name: str) -> str:
        if segments(preview(super().parse(raw, name), NO_RECORD, None)).parts > MAX_PARTS:
            raise ApiError(Code.FIELD_INVALID)
        return raw


@dataclass(frozen=True)
class Clearing(Param):
    """Another kind of parameter, told apart from one not given where it is blank: then it is `cleared`."""

    of: Param
    cleared: Any = ""

    def read(self, form: Form, name: str) -> Any:
        found = self.of.read(form, name)
        return self.cleared if found is None and name in form else found

    def schema(self) -> Schema:
        return self.of.schema()


REFERENCE = Text("A note of yours.", max_length=100)
LIST_ID = Id("A list that senders are put on.")
WELCOME = AnswerText("Answer to every message; with a list, to those who are new on it.")
MEMBERS = AnswerText("Answer to those who are on the list already.")
FORWARD_URL = Url("Where to call with each message, instead of the account's own URL.")
FORWARD_EMAIL = Emails("Addresses each message is mailed to, commas between.", max_items=100)
FORWARD_SMS = Handsets("International numbers each message is sent on to, commas between.", max_items=100)

Reference = Annotated[str, REFERENCE]
ListOf = Annotated[int, LIST_ID]
Welcome = Annotated[str, WELCOME]
Members = Annotated[str, MEMBERS]
ForwardUrl = Annotated[str, FORWARD_URL]
ForwardEmail = Annotated[Sequence[str], FORWARD_EMAIL]
ForwardSms = Annotated[Sequence[str], FORWARD_SMS]

ClearingList = Annotated[int, Clearing(f"{LIST_ID.doc} 0 or blank: none.", LIST_ID, 0)]
ClearingWelcome = Annotated[str, Clearing(WELCOME.doc, WELCOME)]
ClearingMembers = Annotated[str, Clearing(MEMBERS.doc, MEMBERS)]
ClearingUrl = Annotated[str, Clearing(FORWARD_URL.doc, FORWARD_URL)]
ClearingEmail = Annotated[Sequence[str], Clearing(FORWARD_EMAIL.doc, FORWARD_EMAIL, ())]
ClearingSms = Annotated[Sequence[str], Clearing(FORWARD_SMS.doc, FORWARD_SMS, ())]


def kept(**given: Any) -> dict[str, Any]:
    """The columns of those that were given: lists as texts with commas."""
    return {
        name: value if isinstance(value, (str, int)) else ",".join(value)
        for name, value in given.items()
        if value is not None
    }
