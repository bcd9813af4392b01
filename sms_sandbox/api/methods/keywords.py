"""Keywords: add-keyword, edit-keyword, get-keywords."""

from dataclasses import replace
from datetime import date
from typing import Annotated, Any, NotRequired, TypedDict

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
from .lists import find_list, find_named
from .numbers import in_service

WORD = Annotated[str, Text("The first word, or words, of the messages it is for.", max_length=MAX_KEYWORD_LENGTH)]
NUMBER = Annotated[str, Handset("The number of yours that receives them.")]


class KeywordTold(TypedDict):
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
    keywords: NotRequired[list[KeywordTold]]


@method("Keywords", errors=[Code.KEY_EXISTS, Code.NOT_FOUND, Code.NO_ACCESS, Code.LEDGER_ERROR])
def add_keyword(
    call: Call,
    keyword: WORD,
    number: NUMBER,
    reference: o.Reference = "",
    list_id: o.ListOf = 0,
    welcome_message: o.Welcome = "",
    members_message: o.Members = "",
    activate: Annotated[bool, Flag("Open it at once.")] = True,
    forward_url: o.ForwardUrl = "",
    forward_email: o.ForwardEmail = (),
    forward_sms: o.ForwardSms = (),
) -> KeywordTold:
    """Put a keyword on a number: messages that begin with it are handled as it says, not as the number does.

    It is paid for by the month. With an answer but no list it gets a list of its own.
    """
    if is_reserved(keyword):
        raise ApiError(Code.FIELD_INVALID)
    word, on = normalize(keyword), in_service(call, number)
    if list_id:
        find_list(call, list_id)
    if keywords.read(call.db, call.tenant, on.number, word) is not None:
        raise ApiError(Code.KEY_EXISTS)
    made = keywords.new_id(call.db, call.tenant)
    new = Keyword(
        id=made,
        account=call.account.id,
        keyword=word,
        number=on.number,
        status=OPEN if activate else CLOSED,
        billing_date=monthly_billing.begin(call.db, call.tenant, timeline.KEYWORD_RENEWAL, made, call.now),
        **o.kept(
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
    new = replace(new, list_id=list_for(call, new))
    if not keywords.add(call.db, call.tenant, new):
        raise ApiError(Code.KEY_EXISTS)
    return told(new)


@method("Keywords", errors=[Code.NOT_FOUND, Code.NO_ACCESS, Code.LEDGER_ERROR])
def edit_keyword(
    call: Call,
    keyword: WORD,
    number: NUMBER,
    reference: o.Reference | None = None,
    list_id: o.ListOf | None = None,
    welcome_message: o.Welcome | None = None,
    members_message: o.Members | None = None,
    status: Annotated[str, Choice("`open` or `closed`.", words=("open", "closed", "paused"), lenient=True)]
    | None = None,
    activate: Annotated[bool, Flag("The same: whether it is open.")] | None = None,
    forward_url: o.ForwardUrl | None = None,
    forward_email: o.ForwardEmail | None = None,
    forward_sms: o.ForwardSms | None = None,
) -> KeywordTold:
    """Change what a keyword does. What is left out or blank stays as it is.

    One that was closed for want of money opens again when the month from now on is paid.
    """
    on = in_service(call, number)
    found = keywords.read(call.db, call.tenant, on.number, normalize(keyword))
    if found is None or found.account != call.account.id:
        raise ApiError(Code.NOT_FOUND)
    if list_id:
        find_list(call, list_id)
    changed = replace(
        found,
        **o.kept(
            reference=reference,
            list_id=list_id,
            welcome_message=welcome_message,
            members_message=members_message,
            status=status_of(status, activate),
            forward_url=forward_url,
            forward_email=forward_email,
            forward_sms=forward_sms,
        ),
    )
    changed = replace(changed, list_id=list_for(call, changed))
    if changed.status == OPEN and timeline.due_of(call.db, call.tenant, timeline.KEYWORD_RENEWAL, found.id) is None:
        if not monthly_billing.charge_keyword(call.db, call.account, changed, call.now):
            raise ApiError(Code.LEDGER_ERROR)
        until = monthly_billing.begin(call.db, call.tenant, timeline.KEYWORD_RENEWAL, found.id, call.now)
        changed = replace(changed, billing_date=until)
    keywords.put(call.db, call.tenant, changed)
    return told(changed)


@method("Keywords")
def get_keywords(
    call: Call,
    number: Annotated[str, Handset("Only of this number.")] | None = None,
    paging: Pages = FIRST_PAGE,
) -> Keywords:
    """The account's keywords by name."""
    found = keywords.page(call.db, call.tenant, call.account.id, number, paging)
    reply: Keywords = {"page": found.info, "keywords_total": found.total}
    if found.rows:
        reply["keywords"] = [told(each) for each in found.rows]
    return reply


def list_for(call: Call, keyword: Keyword) -> int:
    """The list a keyword puts senders on: made for it where it has an answer, but no list."""
    if keyword.list_id or not (keyword.welcome_message or keyword.members_message):
        return keyword.list_id
    name = f"auto list for keyword {keyword.keyword}"
    known = find_named(call, name)
    if known is not None:
        return known
    return contacts.add_list(call.db, call.tenant, call.account.id, name, {}, None).id


def status_of(word: str | None, activate: bool | None) -> str | None:
    """What a keyword's status shall be, if anything is said of it; `paused` is an old word for closed."""
    if word is not None:
        return OPEN if word == OPEN else CLOSED
    return None if activate is None else OPEN if activate else CLOSED


def told(each: Keyword) -> KeywordTold:
    return {
        "keyword": each.keyword,
        "reference": each.reference,
        "number": each.number,
        "list_id": each.list_id,
        "welcome_message": each.welcome_message,
        "member_message": each.members_message,
        "forward_url": each.forward_url,
        "forward_sms": each.forward_sms,
        "forward_email": each.forward_email,
        "status": each.status,
        "billing_date": each.billing_date.date(),
    }


METHODS: tuple[Any, ...] = (add_keyword, edit_keyword, get_keywords)
