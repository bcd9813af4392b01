"""A call as an entry of the journal: without its secrets."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

from ..domain import numbers
from ..domain.clock import from_micros
from ..domain.redaction import HIDDEN, LEAST, hidden, hidden_in_url, names_a_secret
from ..journal.entries import CALL, LONGEST_REPLY, LONGEST_VALUE, MOST_NUMBERS, NewEntry, encode, made, shortened
from .answered_call import Seen, Surroundings
from .declare import Method
from .errors import Code
from .forms import URLENCODED, Form
from .hints import WATCHED, hints_for, nearest
from .params import LARGEST
from .render import inside_json, to_json

NUMBERS = ("to", "msisdn", "mobile", "number", "from")
"""Form fields that hold numbers of handsets and accounts."""

LONGEST_NUMBER = 20

LONGEST_NAME = 100

_URL = re.compile(r"\s*[a-z][a-z0-9+.-]*://", re.IGNORECASE)


class Shape(NamedTuple):
    """What the names of a call's fields tell: whether they are all known and nothing to look at twice, and which hold
    numbers."""

    ordinary: bool
    numbers: tuple[str, ...]


@lru_cache(4096)
def shape_of(method: Method, names: tuple[str, ...]) -> Shape:
    plain = not method.secret_replies and not method.address_replies
    return Shape(plain and WATCHED.isdisjoint(names), tuple(name for name in NUMBERS if name in names))


def entry_of(seen: Seen, around: Surroundings) -> NewEntry:
    """What the journal keeps of a call."""
    return ordinary(seen) or anything(seen, around)


def ordinary(seen: Seen) -> NewEntry | None:
    """The entry of a call such as most are, in a fourth of the time: one that was carried out, without anything in it
    that is secret, needs a hint, or is long. None of any other."""
    method, form, answer = seen.method, seen.form, seen.answer
    account, spelled = answer.account, seen.spelled
    if method is None or form is None or account is None or spelled is None or answer.code is not Code.SUCCESS:
        return None
    if not method.open_fields.issuperset(form):  # of which there are so many shapes as somebody cares to send
        return None
    shape = shape_of(method, tuple(form))
    if not shape.ordinary or answer.injected or seen.content_type not in ("", URLENCODED):
        return None
    numbers = ""
    for name in shape.numbers:
        raw = form[name]
        if not (raw.isascii() and raw.isdigit() and len(raw) <= LONGEST_NUMBER) or raw[0] == "0":
            return None
        numbers += f" {raw}"
    request, reply, secret = encode(form), spelled.decode(), account.secret or ""
    if len(request) > LONGEST_VALUE or len(reply) > LONGEST_REPLY:
        return None
    if len(secret) >= LEAST and (inside_json(secret) in reply or any(secret in value for value in form.values())):
        return None
    message = answer.reply.get("message_id") or ("message_id" in form and message_of(form, answer.reply))
    return NewEntry(
        account.tenant, account.clock.micros(seen.at), CALL, account.id, seen.name, f"{numbers} " if numbers else "",
        "SUCCESS", 200, "", seen.took, message or 0, seen.verb, seen.path, form.get("message", ""), request, reply, "",
        "", 0,
    )  # fmt: skip


def anything(seen: Seen, around: Surroundings) -> NewEntry:
    """The entry of a call whatever it is."""
    account, form, answer = seen.answer.account, seen.form or {}, seen.answer
    secret = (account.secret or "") if account else ""
    request = without_secrets(form, seen.method or meant(seen.name, around.methods), secret)
    return made(
        tenant=account.tenant if account else None,
        at=account.clock.now(from_micros(seen.at)) if account else None,
        kind=CALL,
        account=account.id if account else 0,
        method=hidden(seen.name, secret),
        numbers=list(islice(numbers_in(request), MOST_NUMBERS)),
        code=answer.code.name,
        status=answer.status or None,
        rule=answer.rule or "",
        took=seen.took,
        message=message_of(request, answer.reply),
        verb=seen.verb,
        url=hidden(seen.path, secret),
        text=request.get("message", ""),
        request=request,
        reply=reply_of(seen, secret),
        hints=hints_for(seen, around),
    )


def meant(name: str, methods: Mapping[str, Method]) -> Method | None:
    """The method that a misspelt one most likely stands for."""
    found = nearest(name, methods)
    return methods[found] if found else None


def without_secrets(form: Form, method: Method | None, secret: str) -> Form:
    """The fields of a form; of what is secret, the name alone."""
    found = {}
    for name, value in form.items():
        if name.lstrip().startswith(("{", "[")):  # a whole body in the place of a name, whatever is in it
            found[name.lstrip()[0] + HIDDEN] = HIDDEN
            continue
        short = shortened(hidden(name, secret), LONGEST_NAME)
        if is_secret(name, method):
            found[short] = HIDDEN
        else:
            found[short] = (hidden_in_url if is_url(name, value, method) else hidden)(value, secret)
    return found


def is_secret(name: str, method: Method | None) -> bool:
    """Whether a field's value is secret: by the declaration, by its name, or as nobody can tell what it is."""
    if method is None or name not in method.fields:
        unknown_to = method is not None and not method.fields
        return unknown_to or names_a_secret(name) or bool(method and nearest(name, method.fields) in method.secrets)
    return name in method.secrets


def is_url(name: str, value: str, method: Method | None) -> bool:
    """Whether a field holds a URL: by the declaration, or where there is none, by its looks."""
    if method is None or name not in method.fields:
        return _URL.match(value) is not None
    return name in method.addresses


def reply_of(seen: Seen, secret: str) -> str:
    """The reply as JSON, whichever way it went out."""
    method = seen.method
    if method and (method.secret_replies or method.address_replies):
        text = to_json(masked(seen.answer.reply, method, secret)).decode()
    else:
        text = (seen.spelled or to_json(seen.answer.reply)).decode()
    return hidden(text, inside_json(secret))


def masked(value: Any, method: Method, secret: str, key: str = "") -> Any:
    """Plain data, what stands at the `key` in a method's reply, with something else in the place of what is secret."""
    if isinstance(value, dict):
        return {each: masked(inner, method, secret, each) for each, inner in value.items()}
    if isinstance(value, list):
        return [masked(each, method, secret, key) for each in value]
    if key in method.secret_replies:
        return value and HIDDEN
    return hidden_in_url(value, secret) if key in method.address_replies else value


def message_of(form: Form, reply: Mapping[str, Any]) -> int:
    """The message a call is about; 0 where it is about none."""
    told = str(reply.get("message_id") or form.get("message_id", "")).strip()
    return int(told) if told.isascii() and told.isdigit() and len(told) < 19 and int(told) <= LARGEST else 0


def numbers_in(form: Form) -> Iterator[str]:
    """The numbers of a call, in international form as far as it tells, and also as they were written; of more than are
    kept, the first."""
    country = form.get("countrycode")
    for name in NUMBERS:
        for each in form[name].split(",", MOST_NUMBERS)[:MOST_NUMBERS] if name in form else ():
            digits = numbers.bare(each.strip())
            if digits is None or len(digits) > LONGEST_NUMBER:
                continue
            if country or digits.startswith("0"):
                yield international(each.strip(), digits, country)
            yield digits


def international(raw: str, digits: str, country: str | None) -> str:
    """A number as the country named dials it, or else as Australia does."""
    found = numbers.to_msisdn(raw, numbers.region_of(country)) if country else None
    return found or (f"61{digits[1:]}" if digits.startswith("0") else digits)
