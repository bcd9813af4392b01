"""Kinds of parameters: each reads itself from the form and describes itself to the docs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar

from ..domain import callbacks, numbers
from ..domain.clock import EPOCH, LATEST
from ..store.paging import UNSIZED, Paging
from .errors import ApiError, Code
from .forms import Form

Schema = dict[str, Any]

LARGEST = 2**63 - 1
"""The largest integer any database of ours keeps."""

LARGEST_PAGE = 100

_UNFIT = re.compile("[\x00\ud800-\udfff]")
"""A NUL, which PostgreSQL can't store, or a byte that was not UTF-8 (it arrives as a lone surrogate)."""


def given(form: Form, name: str) -> str | None:
    """The text of a parameter; None where it is absent or empty, which mean the same here."""
    raw = form.get(name)
    if not raw:
        return None
    if _UNFIT.search(raw):
        raise ApiError(Code.FIELD_INVALID)
    return raw


@dataclass(frozen=True)
class Param:
    """A parameter of one form field, a text. `read` answers None where nothing was given. What is `secret` is kept out
    of the journal."""

    doc: str
    alias: str = field(default="", kw_only=True)
    secret: bool = field(default=False, kw_only=True)
    trimmed: bool = field(default=True, kw_only=True)
    msisdn: bool = field(default=False, kw_only=True)
    """Holds phone numbers: faults and traffic filters find the call by them."""
    sender: bool = field(default=False, kw_only=True)
    """Says who sends: faults match it as `sender`, and magic senders work in it."""
    of_one_field: ClassVar[bool] = True
    """Whether it is not given where the form has neither its name nor its alias; others read what else they like."""

    def read(self, form: Form, name: str) -> Any:
        raw = given(form, name)
        if raw is None and self.alias:
            raw = given(form, self.alias)
        if raw is None:
            return None
        if self.trimmed:
            raw = raw.strip()
        return self.parse(raw, name) if raw else None

    def stands_in(self, form: Form, name: str) -> bool:
        """Whether something was given, well written or not."""
        return bool(form.get(name) or (self.alias and form.get(self.alias)))

    def parse(self, raw: str, name: str) -> Any:  # noqa: ARG002 (kinds that name the field in their refusal need it)
        return raw

    def schema(self) -> Schema:
        return {"type": "string"}

    def fields(self, name: str) -> dict[str, Schema]:
        """The form fields this parameter reads, with what the docs say of each."""
        return {name: {**self.schema(), "description": self.doc}}


@dataclass(frozen=True)
class Text(Param):
    """A text of at most `longest` characters. One that `clears` tells a blank from not given."""

    longest: int = 255
    clears: bool = field(default=False, kw_only=True)

    def read(self, form: Form, name: str) -> Any:
        found = super().read(form, name)
        return "" if found is None and self.clears and name in form else found

    def parse(self, raw: str, name: str) -> str:  # noqa: ARG002
        if len(raw) > self.longest:
            raise ApiError(Code.FIELD_INVALID)
        return raw

    def schema(self) -> Schema:
        return {"type": "string", "maxLength": self.longest}


@dataclass(frozen=True)
class Integer(Param):
    """A whole number of 0 or more."""

    def parse(self, raw: str, name: str) -> int:
        if not (raw.isascii() and raw.isdigit()):
            raise ApiError(Code.FIELD_INVALID, f'Field "{name}" has wrong type, expected type - numeric')
        return min(int(raw), LARGEST) if len(raw) < 1000 else LARGEST

    def schema(self) -> Schema:
        return {"type": "integer", "minimum": 0}


@dataclass(frozen=True)
class Id(Integer):
    """An id; 0 is what client libraries send for none."""

    def parse(self, raw: str, name: str) -> int | None:  # type: ignore[override]  # 0 is "not given"
        return super().parse(raw, name) or None


@dataclass(frozen=True)
class Flag(Param):
    """A yes or no, in the words clients use for it."""

    def parse(self, raw: str, name: str) -> bool:  # noqa: ARG002
        word = raw.lower()
        if word in ("true", "1", "yes"):
            return True
        if word in ("false", "0", "no"):
            return False
        raise ApiError(Code.FIELD_INVALID)

    def schema(self) -> Schema:
        return {"type": "boolean"}


@dataclass(frozen=True)
class Choice(Param):
    """One of a few words, in any case. With `lenient` an unknown one counts as not given."""

    words: tuple[str, ...] = ()
    lenient: bool = False

    def parse(self, raw: str, name: str) -> str | None:  # noqa: ARG002
        word = raw.lower()
        if word in self.words:
            return word
        if self.lenient:
            return None
        raise ApiError(Code.FIELD_INVALID)

    def schema(self) -> Schema:
        return {"type": "string"} if self.lenient else {"type": "string", "enum": list(self.words)}


@dataclass(frozen=True)
class Words(Param):
    """A list with commas; blanks around items and empty items do not count."""

    most: int = 500

    def parse(self, raw: str, name: str) -> Sequence[str] | None:  # noqa: ARG002
        words = [word for each in raw.split(",") if (word := each.strip())]
        if len(words) > self.most:
            raise ApiError(Code.FIELD_INVALID)
        return words or None


@dataclass(frozen=True)
class Url(Param):
    """An absolute http or https address."""

    called: bool = field(default=True, kw_only=True)
    """The sandbox itself requests the URL, so its host must be allowed."""

    def parse(self, raw: str, name: str) -> str:  # noqa: ARG002
        if not callbacks.is_http_url(raw):
            raise ApiError(Code.FIELD_INVALID)
        return raw

    def schema(self) -> Schema:
        return {"type": "string", "format": "uri", "maxLength": 2048}


@dataclass(frozen=True)
class Email(Param):
    """An e-mail address."""

    def parse(self, raw: str, name: str) -> str:  # noqa: ARG002
        if len(raw) > 254 or not _EMAIL.fullmatch(raw):
            raise ApiError(Code.FIELD_INVALID)
        return raw

    def schema(self) -> Schema:
        return {"type": "string", "format": "email", "maxLength": 254}


_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+")


@dataclass(frozen=True)
class Timestamp(Param):
    """A moment in UTC: `YYYY-MM-DD HH:MM:SS`, a date alone (its midnight), or the ISO form with T and Z."""

    expects_future: bool = field(default=False, kw_only=True)
    """A moment in the past is probably a mistake."""

    def parse(self, raw: str, name: str) -> datetime:  # noqa: ARG002
        if not _MOMENT.fullmatch(raw):
            raise ApiError(Code.FIELD_INVALID)
        try:
            written = datetime.fromisoformat(raw)
            moment = written.replace(tzinfo=UTC) if written.tzinfo is None else written.astimezone(UTC)
        except (ValueError, OverflowError):
            raise ApiError(Code.FIELD_INVALID) from None
        return self.bounded(moment)

    def bounded(self, moment: datetime) -> datetime:
        """The moment, if a clock can show it."""
        if not EPOCH <= moment < LATEST:
            raise ApiError(Code.FIELD_INVALID)
        return moment

    def schema(self) -> Schema:
        return {"type": "string", "examples": ["2020-06-21 04:47:25"]}


@dataclass(frozen=True)
class LastMoment(Timestamp):
    """The end of a span of time. The wire knows whole seconds only, so all of the second belongs to the span."""

    def parse(self, raw: str, name: str) -> datetime:
        return super().parse(raw, name).replace(microsecond=999_999)

    def bounded(self, moment: datetime) -> datetime:
        # Clients write an open end as the last day there is, which no clock reaches.
        return super().bounded(min(moment, LATEST - timedelta(seconds=1)))


_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)


@dataclass(frozen=True)
class Country(Param):
    """A country by its two letters or its English name; read as the two letters."""

    def parse(self, raw: str, name: str) -> str:  # noqa: ARG002
        region = numbers.find_region(raw)
        if region is None:
            raise ApiError(Code.FIELD_INVALID)
        return region


@dataclass(frozen=True)
class Handset(Param):
    """A phone number in international form, with whatever people write between its digits."""

    msisdn: bool = field(default=True, kw_only=True)

    def parse(self, raw: str, name: str) -> str:
        digits = numbers.parse_digits(raw)
        if digits is None:
            raise ApiError(Code.FIELD_INVALID, f'Field "{name}" has wrong type, expected type - numeric')
        if len(digits) > 15:
            raise ApiError(Code.FIELD_INVALID)
        return digits

    def schema(self) -> Schema:
        return {"type": "string", "examples": ["61491570156"]}


@dataclass(frozen=True)
class PageAndMax(Param):
    """Which page, and how many rows on it: `page` and `max` together. Nonsense means the default."""

    doc: str = ""
    of_one_field: ClassVar[bool] = False

    def read(self, form: Form, name: str) -> Paging:  # noqa: ARG002
        number, size = self._count(form.get("page")), self._count(form.get("max"))
        return Paging(number or 1, min(size, LARGEST_PAGE) or UNSIZED)

    @staticmethod
    def _count(raw: str | None) -> int:
        raw = (raw or "").strip()
        return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 16 else 0

    def fields(self, name: str) -> dict[str, Schema]:  # noqa: ARG002
        size = {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE}
        return {
            "page": {"type": "integer", "minimum": 1, "default": 1, "description": "Which page, from 1."},
            "max": {**size, "description": "Rows on a page; the account's page size if not given."},
        }


# Parameters that many methods share are named once, here.
ListId = Annotated[int, Id("The list's id.")]
MessageId = Annotated[int, Id("The message's id.")]
CountryCode = Annotated[str, Country("Country that local numbers belong to: two letters, or its English name.")]
Callback = Annotated[str, Url("Where to call, instead of the account's own URL.")]
When = Annotated[datetime, Timestamp("YYYY-MM-DD HH:MM:SS, in UTC; a date alone is its midnight.")]
SendAt = Annotated[
    datetime, Timestamp("YYYY-MM-DD HH:MM:SS, in UTC; a date alone is its midnight.", expects_future=True)
]
End = Annotated[datetime, LastMoment("The last second of it, written as the start is.")]
FromHandset = Annotated[str, Handset("Only of this handset.")]
Pages = Annotated[Paging, PageAndMax()]
Style = Annotated[str, Choice("`array` lists custom fields as names and values.", words=("array",), lenient=True)]
