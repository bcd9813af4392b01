"""Check of the data of events in a document."""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..domain.callbacks import is_http_url
from ..domain.carrier import FINAL_STATUSES, PENDING
from ..store import timeline
from ..store.row_check import MAX_INTEGER, DocumentError
from ..store.tenant_rows import Tables
from ..store.text import storable

_PLANNED = ("timeline", "failed_events")
"""Tables of events."""

_STATUSES = {PENDING, *FINAL_STATUSES}
_ONE_OF_THEM = f"one of {', '.join(sorted(_STATUSES))}"


class _Key(NamedTuple):
    """A key of an event's data: when its value fits, in words, and if it must be there."""

    fits: Callable[[Any], bool]
    words: str
    required: bool = True


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_INTEGER


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and storable(value) == value


def _is_text_or_null(value: Any) -> bool:
    return value is None or _is_text(value)


def _is_fault(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and _is_count(value[0]) and _is_text_or_null(value[1])


def _are_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(_is_text(each) for pair in value.items() for each in pair)


_COUNT = _Key(_is_count, "a number from 0")
_OPTIONAL_COUNT = _COUNT._replace(required=False)
_TEXT = _Key(_is_text, "a text")
_OPTIONAL_TEXT = _TEXT._replace(required=False)
_TEXT_OR_NULL = _Key(_is_text_or_null, "a text or null")
_URL = _Key(lambda value: isinstance(value, str) and is_http_url(value), "a URL of http or https")
_DAY = _Key(lambda value: _is_count(value) and value <= 31, "a day of the month")

_DATA: Mapping[str, Mapping[str, _Key]] = {
    timeline.ENLIST: {"after": _TEXT, "parts": _COUNT},
    timeline.SEND: {"size": _OPTIONAL_COUNT, "after": _OPTIONAL_COUNT},
    timeline.REPORT: {
        "status": _Key(lambda value: isinstance(value, str) and value in _STATUSES, _ONE_OF_THEM),
        "how": _OPTIONAL_TEXT,
        "rule": _OPTIONAL_TEXT,
    },
    timeline.INBOUND: {"from": _TEXT, "to": _TEXT_OR_NULL, "text": _TEXT, "rule": _OPTIONAL_TEXT},
    timeline.CALLBACK: {
        "once": _Key(lambda value: isinstance(value, bool), "true or false", required=False),
        "fault": _Key(_is_fault, "the id of a fault and its effect", required=False),
    },
    timeline.IMPORT: {},
    timeline.LIST_ACTION: {
        "account": _COUNT, "msisdn": _TEXT, "firstname": _TEXT_OR_NULL, "lastname": _TEXT_OR_NULL, "action": _TEXT,
        "fields": _Key(_are_texts, "an object of texts"), "url": _URL,
    },
    timeline.FORGET_MEMBERS: {},
    timeline.NUMBER_RENEWAL: {"day": _DAY},
    timeline.KEYWORD_RENEWAL: {"day": _DAY},
}  # fmt: skip
"""The data of each kind of event."""


def check_events(rows: Tables) -> None:
    """Raise DocumentError if an event is of an unknown kind, or has wrong data."""
    for table in _PLANNED:
        for index, row in enumerate(rows[table]):
            place = f"tables.{table}[{index}]"
            keys = _DATA.get(str(row["kind"]))
            if keys is None:
                raise DocumentError(f"{place}.kind", f"there is no event of the kind {row['kind']!r}")
            _check_data(f"{place}.data", keys, json.loads(str(row["data"]) or "{}"))


def _check_data(place: str, keys: Mapping[str, _Key], data: Mapping[str, Any]) -> None:
    if unknown := sorted(data.keys() - keys):
        raise DocumentError(f"{place}.{unknown[0]}", "an event of this kind has no such value")
    for name, key in keys.items():
        if name not in data:
            if key.required:
                raise DocumentError(f"{place}.{name}", "the value is missing")
        elif not key.fits(data[name]):
            raise DocumentError(f"{place}.{name}", f"must be {key.words}")
