"""Parameters that hold a time in UTC."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from ..domain.clock import EPOCH, LATEST
from .errors import ApiError, Code
from .params import MAX_VALUE_SHOWN, Param, Schema


class Timestamp(Param, frozen=True):
    """A time in UTC: `YYYY-MM-DD HH:MM:SS`, or a date alone, which means its midnight.

    The ISO form with a T is read too, and an offset from UTC, with a colon or without, as languages print it. The plus
    of an offset may have become a blank, because some clients do not escape it.
    """

    expects_future: bool = False  # a time in the past is probably a mistake

    def parse(self, raw: str, name: str) -> datetime:  # noqa: ARG002
        written = _TIMESTAMP.fullmatch(raw)
        if written is None:
            raise ApiError(Code.FIELD_INVALID)
        day, time, offset = written.groups()
        try:
            moment = datetime.fromisoformat(f"{day}T{time or '00:00'}{_iso_offset(offset)}").astimezone(UTC)
        except (ValueError, OverflowError):
            raise ApiError(Code.FIELD_INVALID) from None
        return self.check_range(moment)

    @property
    def has_hints(self) -> bool:
        return True

    def hint(self, raw: str, name: str) -> str | None:
        written = _TIMESTAMP.fullmatch(raw)
        if written is None or written[3] in (None, "Z"):
            return None
        return f"`{name}` {raw[:MAX_VALUE_SHOWN]} has an offset. The documented form is YYYY-MM-DD HH:MM:SS in UTC."

    def check_range(self, moment: datetime) -> datetime:
        """Return the moment if a tenant's clock can show it. Raises ApiError if not."""
        if not EPOCH <= moment < LATEST:
            raise ApiError(Code.FIELD_INVALID)
        return moment

    def schema(self) -> Schema:
        return {"type": "string", "examples": ["2020-06-21 04:47:25"]}


def _iso_offset(offset: str | None) -> str:
    """Return an offset as ISO writes it: `+1000` for ` 1000` (an unescaped plus), and `Z` for ` UTC`."""
    digits = (offset or "").removesuffix("UTC").removesuffix("GMT").strip()
    return f"+{digits}" if digits[:1].isdigit() else digits or "Z"


class LastMoment(Timestamp, frozen=True):
    """The end of a period. It is written in whole seconds, and the period includes all of the last second."""

    def parse(self, raw: str, name: str) -> datetime:
        return super().parse(raw, name).replace(microsecond=999_999)

    def check_range(self, moment: datetime) -> datetime:
        # Clients write an open end as the last day of the calendar, which no clock reaches.
        return super().check_range(min(moment, LATEST - timedelta(seconds=1)))


# Fractions have six digits in Python, seven in C#, nine in Java and Go.
_DATE, _TIME = r"\d{4}-\d\d-\d\d", r"\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?"
_OFFSET = r" ?(?:Z|UTC|GMT)|(?: ?[+-]| {1,2})\d\d(?::?[0-5]\d)?(?: UTC)?"
_TIMESTAMP = re.compile(rf"({_DATE})(?:[ T]({_TIME})({_OFFSET})?)?", re.ASCII)

Start = Annotated[datetime, Timestamp("Start of the period: YYYY-MM-DD HH:MM:SS in UTC. A date alone means midnight.")]
End = Annotated[datetime, LastMoment("Last second of the period, in the same format.")]
