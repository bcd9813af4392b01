"""Keywords: add-keyword, edit-keyword, get-keywords."""

from datetime import date
from typing import Annotated, Any, NotRequired, TypedDict

from msgspec.structs import replace

from ...domain.keywords import MAX_KEYWORD_LENGTH, is_reserved, normalize
from ...services import monthly_billing
from ...store import contacts, keywords, timeline
from ...store.keywords import CLOSED, OPEN, Keyword
from ...store.paging import FIRST_PAGE, PageInfo
from ..declare import Call, method
from ..errors import ApiError, Code
from ..params import Choice, Flag, Handset, Pages, Text
from ..schema import ADDRESS
from . import options as o
from .lists import find_list, find_list_id
from .numbers import find_active_number

_Word = Annotated[str, Text("First word, or words, of the messages to handle.", max_length=MAX_KEYWORD_LENGTH)]
_Number = Annotated[str, Handset("Number of the account that receives the messages.")]


class KeywordRow(TypedDict):
    keyword: str
    reference: str
    number: str
    list_id: int
    welcome_message: str
    member_message: str
    forward_url: Annotated[str, ADDRESS]
    forward_sms: str
    forward_email: str
    status: str
    billing_date: date


class Keywords(TypedDict):
    page: PageInfo
    keywords_total: int
    keywords: NotRequired[list[KeywordRow]]


@method("Keywords", errors=[Code.KEY_EXISTS, Code.NOT_FOUND, Code.NO_ACCESS, Code.LEDGER_ERROR])
def add_keyword(
    call: Call,
    keyword: _Word,
    number: _Number,
    reference: o.Reference = "",
    list_id: o.ListOf = 0,
    welcome_message: o.Welcome = "",
    members_message: o.Members = "",
    activate: Annotated[bool, Flag("Open the keyword immediately.")] = True,
    forward_url: o.ForwardUrl = "",
    forward_email: o.ForwardEmail = (),
    forward_sms: o.ForwardSms = (),
) -> KeywordRow:
    """Add a keyword to a number.

    Messages that begin with the keyword are handled by its settings, not by the number's. It is charged monthly. A
    keyword with an automatic reply but without a list gets its own list.
    """
    if is_reserved(keyword):
        raise ApiError(Code.FIELD_INVALID)
    word, active = normalize(keyword), find_active_number(call, number)
    if list_id:
        find_list(call, list_id)
    if keywords.read(call.db, call.tenant, active.number, word) is not None:
        raise ApiError(Code.KEY_EXISTS)
    keyword_id = keywords.new_id(call.db, call.tenant)
    new = Keyword(
        id=keyword_id,
        account=call.account.id,
        keyword=word,
        number=active.number,
        status=OPEN if activate else CLOSED,
        billing_date=monthly_billing.schedule_first(
            call.db, call.tenant, timeline.KEYWORD_RENEWAL, keyword_id, call.now
        ),
        **o.to_columns(
            reference=reference,
            list_id=list_id,
            welcome_message=welcome_message,
            members_message=members_message,
            forward_url=forward_url,
            forward_email=forward_email,
            forward_sms=forward_sms,
        ),
    )
    if not monthly_billing.charge_keyword(call.db, call.account, new, call.now):
        raise ApiError(Code.LEDGER_ERROR)
    new = replace(new, list_id=_ensure_list(call, new))
    if not keywords.add(call.db, call.tenant, new):
        raise ApiError(Code.KEY_EXISTS)
    return _describe_keyword(new)


@method("Keywords", errors=[Code.NOT_FOUND, Code.NO_ACCESS, Code.LEDGER_ERROR])
def edit_keyword(
    call: Call,
    keyword: _Word,
    number: _Number,
    reference: o.Reference | None = None,
    list_id: o.ListOf | None = None,
    welcome_message: o.Welcome | None = None,
    members_message: o.Members | None = None,
    status: Annotated[str, Choice("New status.", words=("open", "closed", "paused"), lenient=True)] | None = None,
    activate: Annotated[bool, Flag("Open or close the keyword; an alternative to `status`.")] | None = None,
    forward_url: o.ForwardUrl | None = None,
    forward_email: o.ForwardEmail | None = None,
    forward_sms: o.ForwardSms | None = None,
) -> KeywordRow:
    """Change a keyword.

    Parameters that are missing or blank leave their setting unchanged. A keyword that was closed for lack of money
    opens again if a month from now can be charged.
    """
    active = find_active_number(call, number)
    old = keywords.read(call.db, call.tenant, active.number, normalize(keyword))
    if old is None or old.account != call.account.id:
        raise ApiError(Code.NOT_FOUND)
    if list_id:
        find_list(call, list_id)
    new = replace(
        old,
        **o.to_columns(
            reference=reference,
            list_id=list_id,
            welcome_message=welcome_message,
            members_message=members_message,
            status=_read_status(status, activate),
            forward_url=forward_url,
            forward_email=forward_email,
            forward_sms=forward_sms,
        ),
    )
    new = replace(new, list_id=_ensure_list(call, new))
    if new.status == OPEN and timeline.find_due(call.db, call.tenant, timeline.KEYWORD_RENEWAL, old.id) is None:
        if not monthly_billing.charge_keyword(call.db, call.account, new, call.now):
            raise ApiError(Code.LEDGER_ERROR)
        until = monthly_billing.schedule_first(call.db, call.tenant, timeline.KEYWORD_RENEWAL, old.id, call.now)
        new = replace(new, billing_date=until)
    keywords.replace(call.db, call.tenant, new)
    return _describe_keyword(new)


@method("Keywords")
def get_keywords(
    call: Call,
    number: Annotated[str, Handset("Show only keywords of this number.")] | None = None,
    paging: Pages = FIRST_PAGE,
) -> Keywords:
    """List the account's keywords by name."""
    page = keywords.list_page(call.db, call.tenant, call.account.id, number, paging)
    reply: Keywords = {"page": page.info, "keywords_total": page.total}
    if page.rows:
        reply["keywords"] = [_describe_keyword(keyword) for keyword in page.rows]
    return reply


def _ensure_list(call: Call, keyword: Keyword) -> int:
    """Return the id of the list that the keyword adds senders to; 0 for none.

    A keyword with an automatic reply but without a list gets a new list.
    """
    if keyword.list_id or not (keyword.welcome_message or keyword.members_message):
        return keyword.list_id
    name = f"auto list for keyword {keyword.keyword}"
    list_id = find_list_id(call, name)
    if list_id is not None:
        return list_id
    return contacts.add_list(call.db, call.tenant, call.account.id, name, {}, None).id


def _read_status(word: str | None, activate: bool | None) -> str | None:
    """Return the status that the parameters ask for, if any. `paused` is an old word for closed."""
    if word is not None:
        return OPEN if word == OPEN else CLOSED
    return None if activate is None else OPEN if activate else CLOSED


def _describe_keyword(keyword: Keyword) -> KeywordRow:
    return {
        "keyword": keyword.keyword,
        "reference": keyword.reference,
        "number": keyword.number,
        "list_id": keyword.list_id,
        "welcome_message": keyword.welcome_message,
        "member_message": keyword.members_message,
        "forward_url": keyword.forward_url,
        "forward_sms": keyword.forward_sms,
        "forward_email": keyword.forward_email,
        "status": keyword.status,
        "billing_date": keyword.billing_date.date(),
    }


METHODS: tuple[Any, ...] = (add_keyword, edit_keyword, get_keywords)
