"""Shapes of contact lists."""

from .primitives import PageInfo, Request, Response, check_callback_urls


class ListChange(Request):
    """Settings to change. A callback to `automation_url` reports each contact that joins or leaves; null removes it."""

    automation_url: str | None

    def __post_init__(self) -> None:
        check_callback_urls(self.automation_url)


class ContactList(Response):
    """A list. `members_total` also counts the contacts that have left it."""

    id: int
    name: str
    members_active: int
    members_total: int
    automation_url: str | None


class ContactLists(Response):
    """A page of lists, oldest first."""

    page: PageInfo
    lists: list[ContactList]
