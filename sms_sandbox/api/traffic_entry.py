"""A call as a traffic entry, with its secrets redacted."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

from ..domain import numbers
from ..domain.clock import from_micros
from ..domain.redaction import HIDDEN, MIN_SECRET_LENGTH, is_secret_name, redact, redact_url
from ..journal.entries import (
    CALL,
    MAX_NUMBERS,
    MAX_REPLY_CHARS,
    MAX_VALUE_CHARS,
    NewEntry,
    build_entry,
    encode_json,
    shorten,
)
from .answered_call import AnsweredCall, ApiContext
from .declare import Method
from .errors import Code
from .forms import URLENCODED, Form, FormWithHints
from .hints import hints_for, nearest
from .params import MAX_INTEGER
from .render import escape_json, to_json

_MAX_NUMBER_LENGTH = 20

_MAX_FIELD_NAME_LENGTH = 100

_URL = re.compile(r"\s*[a-z][a-z0-9+.-]*://", re.IGNORECASE)


class _FormShape(NamedTuple):
    """Facts about a form that follow from the names of its fields."""

    plain: bool
    """No field needs a hint, and nothing in the response is redacted."""
    number_fields: tuple[str, ...]


@lru_cache(4096)
def _shape_of(method: Method, names: tuple[str, ...]) -> _FormShape:
    plain = not method.secret_replies and not method.address_replies and method.hinted_fields.isdisjoint(names)
    return _FormShape(plain, tuple(name for name in _number_fields(method) if name in names))


def _number_fields(method: Method) -> tuple[str, ...]:
    """Return the names of form fields that hold phone numbers, the sender last."""
    return (*method.number_fields, method.sender_field) if method.sender_field else method.number_fields


def make_entry(call: AnsweredCall, context: ApiContext) -> NewEntry:
    """Return the traffic entry of a call."""
    return make_plain_entry(call) or make_full_entry(call, context)


def make_plain_entry(call: AnsweredCall) -> NewEntry | None:
    """Return the entry of a successful call that needs no redaction, hint or cut.

    It is None for any other call. Most calls are like that, and this takes a quarter of the time of `make_full_entry`.
    """
    method, form, answer = call.method, call.form, call.answer
    account, json = answer.account, call.json
    if method is None or form is None or account is None or json is None or answer.code is not Code.SUCCESS:
        return None
    if isinstance(form, FormWithHints):
        return None
    # Known fields only: a client could send any number of other names, and fill the cache with them.
    if not method.open_fields.issuperset(form):
        return None
    shape = _shape_of(method, tuple(form))
    if not shape.plain or answer.injected or call.content_type not in ("", URLENCODED):
        return None
    spaced = ""
    for name in shape.number_fields:
        raw = form[name]
        if not (raw.isascii() and raw.isdigit() and len(raw) <= _MAX_NUMBER_LENGTH) or raw[0] == "0":
            return None
        spaced += f" {raw}"
    request, reply, secret = encode_json(form), json.decode(), account.secret or ""
    if len(request) > MAX_VALUE_CHARS or len(reply) > MAX_REPLY_CHARS:
        return None
    if len(secret) >= MIN_SECRET_LENGTH and (
        escape_json(secret) in reply or any(secret in value for value in form.values())
    ):
        return None
    message = answer.reply.get("message_id") or ("message_id" in form and _message_of(form, answer.reply))
    return NewEntry(
        account.tenant, account.clock.micros(call.at), CALL, account.id, call.name, f"{spaced} " if spaced else "",
        "SUCCESS", 200, "", call.took, message or 0, call.verb, call.path, form.get("message", ""), request, reply, "",
        "", 0,
    )  # fmt: skip


def make_full_entry(call: AnsweredCall, context: ApiContext) -> NewEntry:
    """Return the entry of any call: redacted, shortened and with hints."""
    account, form, answer = call.answer.account, call.form or {}, call.answer
    secret = (account.secret or "") if account else ""
    method = call.method or _nearest_method(call.name, context.methods)
    request = _redact_form(form, method, secret)
    return build_entry(
        tenant=account.tenant if account else None,
        at=account.clock.now(from_micros(call.at)) if account else None,
        kind=CALL,
        account=account.id if account else 0,
        method=redact(call.name, secret),
        numbers=list(islice(_numbers_in(request, method), MAX_NUMBERS)) if method else [],
        code=answer.code.name,
        status=answer.status or None,
        rule=answer.rule or "",
        took=call.took,
        message=_message_of(request, answer.reply),
        verb=call.verb,
        url=redact(call.path, secret),
        text=request.get("message", ""),
        request=request,
        reply=_redacted_reply(call, secret),
        hints=hints_for(call, context),
    )


def make_bare_entry(call: AnsweredCall) -> NewEntry:
    """Return an entry of a call that holds its outcome only."""
    account, answer = call.answer.account, call.answer
    return build_entry(
        tenant=account.tenant if account else None,
        at=account.clock.now(from_micros(call.at)) if account else None,
        kind=CALL,
        account=account.id if account else 0,
        method=call.method.name if call.method else "",
        code=answer.code.name,
        status=answer.status or None,
        rule=answer.rule or "",
        took=call.took,
        verb=call.verb,
    )


def _nearest_method(name: str, methods: Mapping[str, Method]) -> Method | None:
    """Return the method that a misspelt name most likely means."""
    known = nearest(name, methods)
    return methods[known] if known else None


def _redact_form(form: Form, method: Method | None, secret: str) -> Form:
    """Return the fields of a form; secret fields keep only their name."""
    redacted = {}
    for name, value in form.items():
        if name.lstrip().startswith(("{", "[")):  # a whole JSON body, which a form parser takes for a name
            redacted[name.lstrip()[0] + HIDDEN] = HIDDEN
            continue
        short = shorten(redact(name, secret), _MAX_FIELD_NAME_LENGTH)
        if _is_secret(name, method):
            redacted[short] = HIDDEN
        else:
            redacted[short] = (redact_url if _is_url(name, value, method) else redact)(value, secret)
    return redacted


def _is_secret(name: str, method: Method | None) -> bool:
    """Return True if a field's value is secret, by its declaration or its name.

    All fields count as secret if the method declares none, because it is not known what they hold.
    """
    if method is None or name not in method.fields:
        declares_none = method is not None and not method.fields
        return declares_none or is_secret_name(name) or bool(method and nearest(name, method.fields) in method.secrets)
    return name in method.secrets


def _is_url(name: str, value: str, method: Method | None) -> bool:
    """Return True if a field holds a URL: by its declaration, or if it is not declared, by its value."""
    if method is None or name not in method.fields:
        return _URL.match(value) is not None
    return name in method.addresses


def _redacted_reply(call: AnsweredCall, secret: str) -> str:
    """Return the response as JSON, even if it was sent as XML."""
    method = call.method
    if method and (method.secret_replies or method.address_replies):
        text = to_json(_redact_values(call.answer.reply, method, secret)).decode()
    else:
        text = (call.json or to_json(call.answer.reply)).decode()
    return redact(text, escape_json(secret))


def _redact_values(value: Any, method: Method, secret: str, key: str = "") -> Any:
    """Return the value of a `key` in a method's response, with secrets redacted."""
    if isinstance(value, dict):
        return {name: _redact_values(inner, method, secret, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_redact_values(item, method, secret, key) for item in value]
    if key in method.secret_replies:
        return value and HIDDEN
    return redact_url(value, secret) if key in method.address_replies else value


def _message_of(form: Form, reply: Mapping[str, Any]) -> int:
    """Return the id of the message that a call is about; 0 if there is none."""
    written = str(reply.get("message_id") or form.get("message_id", "")).strip()
    is_id = written.isascii() and written.isdigit() and len(written) < 19
    return int(written) if is_id and int(written) <= MAX_INTEGER else 0


def _numbers_in(form: Form, method: Method) -> Iterator[str]:
    """Yield the numbers of a call in international form, and also as they were written."""
    country = form.get("countrycode")
    for name in _number_fields(method):
        for raw in form[name].split(",", MAX_NUMBERS)[:MAX_NUMBERS] if name in form else ():
            digits = numbers.parse_digits(raw.strip())
            if digits is None or len(digits) > _MAX_NUMBER_LENGTH:
                continue
            if country or digits.startswith("0"):
                yield _international(raw.strip(), digits, country)
            yield digits


def _international(raw: str, digits: str, country: str | None) -> str:
    """Return a number as it is dialled in a country; without a country, a leading 0 means Australia."""
    msisdn = numbers.to_msisdn(raw, numbers.find_region(country)) if country else None
    return msisdn or numbers.assume_australia(digits)
