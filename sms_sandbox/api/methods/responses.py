"""Responses: the replies to messages, what else handsets sent to the account, and sending as a handset."""

from datetime import datetime, timedelta
from typing import Annotated, Any, NotRequired, TypedDict

from ...domain.keywords import normalize
from ...store import contacts, responses, timeline
from ...store.contacts import ContactList
from ...store.paging import FIRST_PAGE, Page, PageInfo
from ...store.responses import Response, Wanted
from ...store.timeline import Plan
from ..declare import Call, method
from ..errors import ApiError, Code
from ..params import Choice, End, Flag, Handset, Id, MessageId, OnlyHandset, Pages, Start, Text
from .lists import name_on
from .sms import find_message

A_MONTH = timedelta(days=30)
A_YEAR = timedelta(days=365)

Original = Annotated[bool, Flag("Also tell the text that is answered, as the handset got it.")]


class ResponseRow(TypedDict):
    id: int
    message_id: int
    list_id: int
    received_at: datetime
    first_name: str | None
    last_name: str | None
    msisdn: str
    response: str
    longcode: str
    original_message: NotRequired[str | None]


class Responses(TypedDict):
    page: PageInfo
    total: int
    responses: NotRequired[list[ResponseRow]]


@method("Reports", errors=[Code.FIELD_EMPTY, Code.NOT_FOUND, Code.NO_ACCESS])
def get_sms_responses(
    call: Call,
    message_id: MessageId | None = None,
    keyword_id: Annotated[int, Id("The keyword's id.")] | None = None,
    keyword: Annotated[str, Text("The keyword; with it, its number.")] | None = None,
    number: Annotated[str, Handset("The virtual number the keyword belongs to.")] | None = None,
    msisdn: OnlyHandset | None = None,
    start: Start | None = None,
    end: End | None = None,
    include_original: Original = False,
    paging: Pages = FIRST_PAGE,
) -> Responses:
    """The replies to a message, or to a keyword: by default of the last 30 days, to a message of any age."""
    if message_id is None and keyword_id is None and keyword is None:
        raise ApiError(Code.FIELD_EMPTY, "Required field 'message_id' is empty")
    if keyword is not None and number is None:
        raise ApiError(Code.FIELD_INVALID, "If you provide 'keyword', you must provide 'number'")
    if message_id is not None:
        find_message(call, message_id)
    elif start is None:
        start = call.now - A_MONTH
    wanted = Wanted(
        account=call.account.id,
        message=message_id,
        keyword_id=keyword_id,
        keyword=normalize(keyword) if keyword else None,
        number=number if keyword else None,
        msisdn=msisdn,
        start=start and max(start, call.now - A_YEAR),
        end=end,
    )
    return page_of(call, responses.page(call.db, call.tenant, wanted, paging), include_original)


@method("Reports")
def get_user_sms_responses(
    call: Call,
    start: Start | None = None,
    end: End | None = None,
    keywords: Annotated[str, Choice("Responses to keywords: with the others, alone, or not.",
                                    words=("both", "only", "omit"))] = "both",
    number: Annotated[str, Handset("Only what this virtual number received.")] | None = None,
    include_original: Original = False,
    paging: Pages = FIRST_PAGE,
) -> Responses:  # fmt: skip
    """All the account's replies and inbound messages, by default of the last 30 days."""
    since = max(start or call.now - A_MONTH, call.now - A_YEAR)
    wanted = Wanted(account=call.account.id, number=number, start=since, end=end, keywords=keywords)
    return page_of(call, responses.page(call.db, call.tenant, wanted, paging), include_original)


def page_of(call: Call, found: Page[Response], with_original: bool) -> Responses:
    reply: Responses = {"page": found.info, "total": found.total}
    if found.rows:
        lists = {each.list_id for each in found.rows if each.list_id}
        known = {list_id: contacts.read_list(call.db, call.tenant, list_id) for list_id in lists}
        reply["responses"] = [response_row(each, known.get(each.list_id), with_original) for each in found.rows]
    return reply


def response_row(each: Response, on: ContactList | None, with_original: bool) -> ResponseRow:
    row: ResponseRow = {
        "id": each.id,
        "message_id": each.message,
        "list_id": each.list_id,
        "received_at": each.received_at,
        "first_name": name_on(each.first_name, on),
        "last_name": name_on(each.last_name, on),
        "msisdn": each.msisdn,
        "response": each.text,
        "longcode": each.longcode,
    }
    if with_original:
        row["original_message"] = each.original
    return row


class Handled(TypedDict):
    result: str


@method("Reports")
def message_reply(
    call: Call,
    message: Annotated[str, Text("What the handset writes.", max_length=2000, trimmed=False)],
    from_: Annotated[str, Handset("The handset that writes.", sender=True)],
    to: Annotated[str, Handset("The virtual number it writes to.")],
) -> Handled:
    """Let a handset write to a number, for a test. What reaches no account is lost without a word."""
    plan = Plan(call.now, timeline.INBOUND, 0, {"from": from_, "to": to, "text": message})
    timeline.schedule(call.db, call.tenant, [plan])
    return {"result": "SYSTEM: Message response handled\n"}


METHODS: tuple[Any, ...] = (get_sms_responses, get_user_sms_responses, message_reply)
