"""The text of a message as each handset gets it: merge fields filled in, with links of its own."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from ..domain import merge
from ..domain.text import segments
from ..store.contacts import ContactList, Member

Values = Mapping[str, str]
"""Values of merge fields, by their names in lower case."""

NO_RECORD: Values = {"firstname": "", "lastname": ""}
"""The values for a handset that is on no list."""


class _LinkMarker(NamedTuple):
    """A marker that becomes a link, and where the link leads. A `target` of None is the link that opts out."""

    marker: str
    host: str
    target: str | None


_UNSUBSCRIBE = _LinkMarker(merge.UNSUBSCRIBE, merge.UNSUBSCRIBE_HOST, None)


class Template(NamedTuple):
    """A text with merge fields and markers of links. Without `has_fields` every handset gets it as it is."""

    text: str
    has_fields: bool
    markers: Sequence[_LinkMarker] = ()

    @classmethod
    def parse(cls, text: str, tracked_url: str | None = None) -> "Template":
        """Read a text, whose tracked link leads to a URL."""
        if not merge.has_fields(text):
            return cls(text, has_fields=False)
        tracked = [_LinkMarker(merge.TRACKED, merge.TRACKED_HOST, tracked_url)] if tracked_url else []
        return cls(text, True, [*tracked, _UNSUBSCRIBE])

    @classmethod
    def literal(cls, text: str) -> "Template":
        """Take a text without merge fields. Its brackets are plain text."""
        return cls(text, has_fields=False)

    def fill(self, values: Values, code_of: Callable[[str], str]) -> tuple[str, list[tuple[str, str | None]]]:
        """Return the text for one handset, with the code and target of each link.

        `code_of` returns the code of the handset's link at a host.
        """
        text = merge.fill_fields(self.text, values)
        links: list[tuple[str, str | None]] = []
        for marker, host, target in self.markers:
            if marker in text:
                code = code_of(host)
                text = merge.place_link(text, marker, merge.link_text(host, code))
                links.append((code, target))
        return text, links

    def preview(self, values: Values) -> str:
        """Return a text as long as the one a handset will get. Its links lead nowhere."""
        return self.fill(values, _no_code)[0] if self.has_fields else self.text

    def count_parts(self, values: Values) -> int:
        """Return in how many parts a handset gets the text."""
        return segments(self.preview(values)).parts


def _no_code(_host: str) -> str:
    return "x" * 8


def values_of(member: Member, list_: ContactList) -> Values:
    """Return the values for a member of a list: its names, and its custom fields by their names."""
    named = {name.lower(): value for name, value in list_.named(member.fields).items()}
    return {**named, "firstname": member.first_name or "", "lastname": member.last_name or ""}
