"""Shapes of contact lists."""

from ...domain.callbacks import is_http_url
from .primitives import PageInfo, Request, Response


class ListChange(Request):
    """Settings to change. A callback to `automation_url` reports each contact that joins or leaves; null removes it."""

    automation_url: str | None

    def __post_init__(self) -> None:
        if self.automation_url is not None and not is_http_url(self.automation_url):
            raise ValueError(f"{self.automation_url[:100]!r} is no http or https address")


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
