"""Responses: replies to messages, other messages from handsets, and sending as a handset."""

from datetime import datetime, timedelta
from typing import Annotated, Any, NotRequired, TypedDict

from ...domain.keywords import normalize
from ...store import contacts, responses, timeline
from ...store.contacts import ContactList
from ...store.paging import FIRST_PAGE, Page, PageInfo
from ...store.responses import Response, ResponseFilter
from ...store.timeline import Plan
from ..declare import Call, method
from ..errors import ApiError, Code
from ..params import Choice, Flag, Handset, Id, MessageId, OnlyHandset, Pages, Text
from ..timestamps import End, Start
from .lists import display_name
from .sms import find_message

_MONTH = timedelta(days=30)
_YEAR = timedelta(days=365)

_Original = Annotated[bool, Flag("Include the message that the handset replied to, as it received it.")]


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
    keyword_id: Annotated[int, Id("Id of the keyword.")] | None = None,
    keyword: Annotated[str, Text("Name of the keyword. Give its `number` too.")] | None = None,
    number: Annotated[str, Handset("Virtual number of the keyword.")] | None = None,
    msisdn: OnlyHandset | None = None,
    start: Start | None = None,
    end: End | None = None,
    include_original: _Original = False,
    paging: Pages = FIRST_PAGE,
) -> Responses:
    """List the replies to a message, or the messages to a keyword.

    Without `start`, all replies to a message are listed, but only the last 30 days of a keyword.
    """
    if message_id is None and keyword_id is None and keyword is None:
        raise ApiError(Code.FIELD_EMPTY, "Required field 'message_id' is empty")
    if keyword is not None and number is None:
        raise ApiError(Code.FIELD_INVALID, "If you provide 'keyword', you must provide 'number'")
    if message_id is not None:
        find_message(call, message_id)
    elif start is None:
        start = call.now - _MONTH
    wanted = ResponseFilter(
        account=call.account.id,
        message=message_id,
        keyword_id=keyword_id,
        keyword=normalize(keyword) if keyword else None,
        number=number if keyword else None,
        msisdn=msisdn,
        start=start and max(start, call.now - _YEAR),
        end=end,
    )
    return _describe_page(call, responses.list_page(call.db, call.tenant, wanted, paging), include_original)


@method("Reports")
def get_user_sms_responses(
    call: Call,
    start: Start | None = None,
    end: End | None = None,
    keywords: Annotated[str, Choice("Include messages to keywords, show only them, or omit them.",
                                    words=("both", "only", "omit"), lenient=True)] = "both",
    number: Annotated[str, Handset("Show only messages to this virtual number.")] | None = None,
    include_original: _Original = False,
    paging: Pages = FIRST_PAGE,
) -> Responses:  # fmt: skip
    """List all replies and other messages from handsets, by default of the last 30 days."""
    since = max(start or call.now - _MONTH, call.now - _YEAR)
    wanted = ResponseFilter(account=call.account.id, number=number, start=since, end=end, keywords=keywords)
    return _describe_page(call, responses.list_page(call.db, call.tenant, wanted, paging), include_original)


def _describe_page(call: Call, page: Page[Response], with_original: bool) -> Responses:
    reply: Responses = {"page": page.info, "total": page.total}
    if page.rows:
        list_ids = {row.list_id for row in page.rows if row.list_id}
        lists = {list_id: contacts.read_list(call.db, call.tenant, list_id) for list_id in list_ids}
        reply["responses"] = [_describe_response(row, lists.get(row.list_id), with_original) for row in page.rows]
    return reply


def _describe_response(response: Response, list_: ContactList | None, with_original: bool) -> ResponseRow:
    row: ResponseRow = {
        "id": response.id,
        "message_id": response.message,
        "list_id": response.list_id,
        "received_at": response.received_at,
        "first_name": display_name(response.first_name, list_),
        "last_name": display_name(response.last_name, list_),
        "msisdn": response.msisdn,
        "response": response.text,
        "longcode": response.longcode,
    }
    if with_original:
        row["original_message"] = response.original
    return row


class Handled(TypedDict):
    result: str


@method("Reports")
def message_reply(
    call: Call,
    message: Annotated[str, Text("Text that the handset sends.", max_length=2000, trimmed=False)],
    from_: Annotated[str, Handset("Number of the handset.", sender=True)],
    to: Annotated[str, Handset("Virtual number that receives the message.")],
) -> Handled:
    """Send a message from a handset to a virtual number, for tests.

    A message to a number that no account leases is dropped without an error.
    """
    plan = Plan(call.now, timeline.INBOUND, 0, {"from": from_, "to": to, "text": message})
    timeline.schedule(call.db, call.tenant, [plan])
    return {"result": "SYSTEM: Message response handled\n"}


METHODS: tuple[Any, ...] = (get_sms_responses, get_user_sms_responses, message_reply)
