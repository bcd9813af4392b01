"""Lists: what of them is set in the provider's web interface; its API has set-list-callback for it too."""

from dataclasses import replace

from msgspec import Struct

from ..domain.callbacks import is_http_url
from ..store import contacts
from ..store.contacts import ContactList
from .declare import Call, operation
from .errors import ControlError
from .shapes.primitives import Id, PageOf, Request, Slice, page_of


class ListChange(Request):
    """Settings of a list. `automation_url` hears of every contact that joins or leaves; null takes it away."""

    automation_url: str | None

    def __post_init__(self) -> None:
        if self.automation_url is not None and not is_http_url(self.automation_url):
            raise ValueError(f"{self.automation_url[:100]!r} is no http or https address")


class ListState(Struct):
    """A list. The total counts everybody who ever was on it."""

    id: int
    name: str
    members_active: int
    members_total: int
    automation_url: str | None


class Lists(Struct):
    page: PageOf
    lists: list[ListState]


@operation("GET", "/lists")
def list_lists(call: Call, query: Slice) -> Lists:
    """The lists of the account the credentials belong to, oldest first."""
    found = contacts.lists(call.db, call.tenant.id, call.account.id, query.paging)
    return Lists(page_of(found), [state_of(each) for each in found.rows])


@operation("PATCH", "/lists/{list}")
def change_list(call: Call, list: Id, body: ListChange) -> ListState:
    """Say who hears of contacts that join a list or leave it."""
    found = contacts.read_list(call.db, call.tenant.id, list)
    if found is None or found.account != call.account.id:
        raise ControlError("not_found", f"The account has no list {list}.")
    url = body.automation_url or ""
    contacts.set_automation(call.db, call.tenant.id, list, url)
    return state_of(replace(found, automation_url=url))


def state_of(each: ContactList) -> ListState:
    return ListState(each.id, each.name, each.members_active, each.members_total, each.automation_url or None)


OPERATIONS = (list_lists, change_list)
