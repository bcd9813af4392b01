"""Kinds of parameters. Each reads itself from the form and describes itself for the docs."""

import re
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from msgspec import Struct

from ..domain import callbacks, numbers
from ..store.paging import UNSIZED, Paging
from .errors import ApiError, Code
from .forms import Form

Schema = dict[str, Any]

MAX_INTEGER = 2**63 - 1
"""Largest integer that SQLite and PostgreSQL can store."""

_MAX_PAGE_SIZE = 100

MAX_VALUE_SHOWN = 40
"""Longest part of a value that a hint repeats, in characters."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""A NUL or a lone surrogate, which PostgreSQL can't store. No form has the latter, but a caller in Python may."""


def _read_field(form: Form, name: str) -> str | None:
    """Return the text of a form field; None if it is missing or empty, which means the same here."""
    raw = form.get(name)
    if not raw:
        return None
    if _UNSTORABLE.search(raw):
        raise ApiError(Code.FIELD_INVALID)
    return raw


class _Documented(Struct, frozen=True):
    doc: str


class Param(_Documented, frozen=True, kw_only=True):
    """A text parameter in one form field. `read` returns None if the field was not given.

    Traffic entries redact the value of a `secret`. A `msisdn` holds phone numbers, by which faults and traffic filters
    find the call. A `sender` says who sends: faults match it, and magic senders work in it.
    """

    alias: str = ""
    secret: bool = False
    trimmed: bool = True
    msisdn: bool = False
    sender: bool = False
    reads_one_field: ClassVar[bool] = True
    """It reads no other field than that of its name or alias."""

    def read(self, form: Form, name: str) -> Any:
        raw = _read_field(form, name)
        if raw is None and self.alias:
            raw = _read_field(form, self.alias)
        if raw is None:
            return None
        if self.trimmed:
            raw = raw.strip()
        return self.parse(raw, name) if raw else None

    def is_given(self, form: Form, name: str) -> bool:
        """Return True if the form has a value, valid or not."""
        return bool(form.get(name) or (self.alias and form.get(self.alias)))

    def parse(self, raw: str, name: str) -> Any:  # noqa: ARG002 (kinds that name the field in their error need it)
        return raw

    @property
    def has_hints(self) -> bool:
        """True if some value of the parameter is worth a hint."""
        return False

    def hint(self, raw: str, name: str) -> str | None:  # noqa: ARG002
        """Return advice on a value that may be read wrongly; None if there is none."""
        return None

    def schema(self) -> Schema:
        return {"type": "string"}

    def fields(self, name: str) -> dict[str, Schema]:
        """Return the schema of each form field that this parameter reads, with its description."""
        return {name: {**self.schema(), "description": self.doc}}


class Text(Param, frozen=True):
    """A text of at most `max_length` characters. With `blank_clears`, a blank is read as "", not as None."""

    max_length: int = 255
    blank_clears: bool = False

    def read(self, form: Form, name: str) -> Any:
        value = super().read(form, name)
        return "" if value is None and self.blank_clears and name in form else value

    def parse(self, raw: str, name: str) -> str:  # noqa: ARG002
        if len(raw) > self.max_length:
            raise ApiError(Code.FIELD_INVALID)
        return raw

    def schema(self) -> Schema:
        return {"type": "string", "maxLength": self.max_length}


class Integer(Param, frozen=True):
    """A whole number of 0 or more."""

    def parse(self, raw: str, name: str) -> int:
        if not (raw.isascii() and raw.isdigit()):
            raise ApiError(Code.FIELD_INVALID, f'Field "{name}" has wrong type, expected type - numeric')
        return min(int(raw), MAX_INTEGER) if len(raw) < 1000 else MAX_INTEGER

    def schema(self) -> Schema:
        return {"type": "integer", "minimum": 0}


class Id(Integer, frozen=True):
    """An id. 0 counts as not given, because client libraries send it for no id."""

    def parse(self, raw: str, name: str) -> int | None:  # type: ignore[override]  # 0 is "not given"
        return super().parse(raw, name) or None


class Flag(Param, frozen=True):
    """A boolean, in the words that clients use."""

    def parse(self, raw: str, name: str) -> bool:  # noqa: ARG002
        word = raw.lower()
        if word in ("true", "1", "yes"):
            return True
        if word in ("false", "0", "no"):
            return False
        raise ApiError(Code.FIELD_INVALID)

    def schema(self) -> Schema:
        return {"type": "boolean"}


class Choice(Param, frozen=True):
    """One of a few words, case-insensitive. With `lenient`, an unknown word counts as not given."""

    words: tuple[str, ...] = ()
    lenient: bool = False

    def parse(self, raw: str, name: str) -> str | None:  # noqa: ARG002
        word = raw.lower()
        if word in self.words:
            return word
        if self.lenient:
            return None
        raise ApiError(Code.FIELD_INVALID)

    @property
    def has_hints(self) -> bool:
        return self.lenient

    def hint(self, raw: str, name: str) -> str | None:
        if not self.lenient or raw.lower() in self.words:
            return None
        return f"`{name}` {raw[:MAX_VALUE_SHOWN]!r} counts as not given. Known values: {', '.join(self.words)}."

    def schema(self) -> Schema:
        return {"type": "string", **({"examples": list(self.words)} if self.lenient else {"enum": list(self.words)})}

    def fields(self, name: str) -> dict[str, Schema]:
        schemas = super().fields(name)
        if self.lenient:
            known = ", ".join(f"`{word}`" for word in self.words)
            schemas[name]["description"] += f" Values: {known}; any other counts as not given."
        return schemas


class Words(Param, frozen=True):
    """A list separated by commas. Blanks around items and empty items are ignored."""

    max_items: int = 500

    def parse(self, raw: str, name: str) -> Sequence[str] | None:  # noqa: ARG002
        words = [word for item in raw.split(",") if (word := item.strip())]
        if len(words) > self.max_items:
            raise ApiError(Code.FIELD_INVALID)
        return words or None


class Url(Param, frozen=True):
    """An absolute http or https URL. If it is to be `called` by the sandbox, its host must be allowed."""

    called: bool = True

    def parse(self, raw: str, name: str) -> str:  # noqa: ARG002
        if not callbacks.is_http_url(raw):
            raise ApiError(Code.FIELD_INVALID)
        return raw

    def schema(self) -> Schema:
        return {"type": "string", "format": "uri", "maxLength": 2048}


class Email(Param, frozen=True):
    """An e-mail address."""

    def parse(self, raw: str, name: str) -> str:  # noqa: ARG002
        if len(raw) > 254 or not _EMAIL.fullmatch(raw):
            raise ApiError(Code.FIELD_INVALID)
        return raw

    def schema(self) -> Schema:
        return {"type": "string", "format": "email", "maxLength": 254}


_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+")


class Country(Param, frozen=True):
    """A country by its two-letter code or its English name, read as the code."""

    def parse(self, raw: str, name: str) -> str:  # noqa: ARG002
        region = numbers.find_region(raw)
        if region is None:
            raise ApiError(Code.FIELD_INVALID)
        return region


class Handset(Param, frozen=True, kw_only=True):
    """A phone number in international form. Punctuation between digits is ignored."""

    msisdn: bool = True

    def parse(self, raw: str, name: str) -> str:
        digits = numbers.parse_digits(raw)
        if digits is None:
            raise ApiError(Code.FIELD_INVALID, f'Field "{name}" has wrong type, expected type - numeric')
        if len(digits) > 15:
            raise ApiError(Code.FIELD_INVALID)
        return digits

    def schema(self) -> Schema:
        return {"type": "string", "examples": ["61491570156"]}


class PageAndMax(Param, frozen=True):
    """The number and size of a page, in the fields `page` and `max`. An invalid value means the default."""

    doc: str = ""
    reads_one_field: ClassVar[bool] = False

    def read(self, form: Form, name: str) -> Paging:  # noqa: ARG002
        number, size = self._count(form.get("page")), self._count(form.get("max"))
        return Paging(number or 1, min(size, _MAX_PAGE_SIZE) or UNSIZED)

    @staticmethod
    def _count(raw: str | None) -> int:
        raw = (raw or "").strip()
        return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 16 else 0

    def fields(self, name: str) -> dict[str, Schema]:  # noqa: ARG002
        size = {"type": "integer", "minimum": 1, "maximum": _MAX_PAGE_SIZE}
        return {
            "page": {"type": "integer", "minimum": 1, "default": 1, "description": "Number of the page, from 1."},
            "max": {**size, "description": "Rows on a page. By default the account's page size."},
        }


# Parameters that several methods share.
ListId = Annotated[int, Id("Id of the list.")]
MessageId = Annotated[int, Id("Id of the message.")]
CountryCode = Annotated[str, Country("Country of local numbers: its two-letter code or English name.")]
OnlyHandset = Annotated[str, Handset("Show only this handset.")]
Pages = Annotated[Paging, PageAndMax()]
