"""Operations on contact lists: settings of the provider's web interface. The API has set-list-callback for one too."""

from msgspec.structs import replace

from ..store import contacts
from ..store.contacts import ContactList
from .conversion import page_info, paging_of, shape_of
from .declare import Call, operation
from .errors import ControlError
from .shapes import lists as shapes
from .shapes.primitives import Id, PageQuery


@operation("GET", "/lists")
def list_lists(call: Call, query: PageQuery) -> shapes.ContactLists:
    """List the contact lists of the account, oldest first."""
    page = contacts.list_lists(call.db, call.tenant.id, call.account.id, paging_of(query))
    return shapes.ContactLists(page_info(page), [_shape(list_) for list_ in page.rows])


@operation("PATCH", "/lists/{list}")
def change_list(call: Call, list: Id, body: shapes.ListChange) -> shapes.ContactList:
    """Set the URL that is called when a contact joins or leaves the list."""
    list_ = contacts.read_list(call.db, call.tenant.id, list)
    if list_ is None or list_.account != call.account.id:
        raise ControlError("not_found", f"The account has no list {list}.")
    url = body.automation_url or ""
    contacts.set_automation(call.db, call.tenant.id, list, url)
    return _shape(replace(list_, automation_url=url))


def _shape(list_: ContactList) -> shapes.ContactList:
    return shape_of(shapes.ContactList, list_, automation_url=list_.automation_url or None)


OPERATIONS = (list_lists, change_list)
