"""Hints for developers: what is most likely a mistake in a call, judged by the method's declaration."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import timedelta
from difflib import get_close_matches
from ipaddress import ip_address
from itertools import islice
from urllib.parse import quote, urlsplit

from ..domain import credentials, egress, host_names, numbers, senders
from ..domain.clock import from_micros
from ..domain.redaction import redact
from ..journal.entries import MAX_NUMBERS
from ..store.accounts import Account
from .answered_call import AnsweredCall, ApiContext
from .custom_fields import FieldValues
from .declare import Method, wire_name
from .errors import ApiError, Code
from .forms import Form, FormWithHints
from .params import Url
from .timestamps import Timestamp

_MAX_HINTS = 10
"""Hints given for one call."""

_SYNONYMS = {
    "text": "message", "body": "message", "content": "message", "sms": "message", "recipient": "to",
    "recipients": "to", "phone": "to", "destination": "to", "sender": "from", "sender_id": "from", "source": "from",
    "country": "countrycode", "callback": "dlr_callback", "callback_url": "dlr_callback", "limit": "max",
    "per_page": "max", "schedule": "send_at",
}  # fmt: skip
"""Names that other services give to a parameter, and its name here."""

_MAX_NAME_SHOWN = 80
"""Longest name or host that a hint repeats, in characters."""

_CLOCK_TOLERANCE = timedelta(minutes=1)
"""Time that `send_at` may lie in the past without a hint. The app's clock may be a little slow."""

_Check = Callable[[AnsweredCall, Method, Form, ApiContext], Iterator[str]]


def hints_for(call: AnsweredCall, context: ApiContext) -> Sequence[str]:
    """Return hints on likely mistakes in a call.

    A mistake may put the account's secret anywhere, so it is redacted in every hint.
    """
    account = call.answer.account
    secret = (account and account.secret) or ""
    return [redact(hint, secret) for hint in islice(_all_hints(call, context), _MAX_HINTS)]


def _all_hints(call: AnsweredCall, context: ApiContext) -> Iterator[str]:
    if call.method is None:
        meant = nearest(call.name, context.methods)
        yield f"There is no method {call.name[:_MAX_NAME_SHOWN]!r}." + (f" Did you mean {meant}?" if meant else "")
        return
    yield from _check_credentials(call)
    if call.form is None:
        yield f"The body cannot be read as {call.content_type[:_MAX_NAME_SHOWN]}, which its Content-Type says it is."
        return
    if isinstance(call.form, FormWithHints):
        yield from call.form.hints
    for check in _CHECKS:
        yield from check(call, call.method, call.form, context)


def nearest(name: str, known: Collection[str]) -> str | None:
    """Return the known name that is most likely meant; None if no name is close."""
    plain = name.strip().lower()[:40]
    for variant in (plain, plain.replace("-", "_"), plain.replace("_", "-"), _SYNONYMS.get(plain, "")):
        if variant in known:
            return variant
    close = get_close_matches(plain, known, 1, 0.75)
    return close[0] if close else None


def _check_credentials(call: AnsweredCall) -> Iterator[str]:
    code = call.answer.code
    if code is Code.AUTH_FAILED_NO_DATA:
        yield "Send the API key and secret as user name and password of HTTP Basic authentication."
    elif code is Code.AUTH_FAILED and call.answer.account is not None:
        yield "The API key is known, but the secret is not the one that belongs to it."
    elif code is Code.AUTH_FAILED:
        key, _ = credentials.parse_basic(call.authorization) or ("", "")
        yield f"No account in this sandbox has the key {_shorten_key(key)}."
    elif _has_other_letters(call.answer.account) and not credentials.is_utf_8(call.authorization):
        yield "The credentials are not UTF-8, and are read as Windows-1252. Send UTF-8."


def _has_other_letters(account: Account | None) -> bool:
    """Return True if a key or a secret has letters beyond ASCII, whose encoding matters."""
    return account is not None and not (account.key.isascii() and (account.secret or "").isascii())


def _shorten_key(key: str) -> str:
    """Return the start of a key. The key is unknown here, but may belong to a real account."""
    return f"{key[:4]}…"


def _check_names(call: AnsweredCall, method: Method, form: Form, _: ApiContext) -> Iterator[str]:
    for name in form:
        if _reads(method, name):
            continue
        if name.lstrip().startswith(("{", "[")):
            yield "The body looks like JSON, but the API reads forms. Send each parameter as curl -d name=value does."
            continue
        meant = nearest(name, method.fields)
        unknown = f"{method.name} has no parameter `{name[:_MAX_NAME_SHOWN]}`"
        if meant and not (call.answer.code is Code.SUCCESS and meant in form):
            yield f"{unknown}. Did you mean `{meant}`?"
        else:
            yield f"{unknown}, so it is ignored."


def _reads(method: Method, name: str) -> bool:
    """Return True if the method reads the form field of this name."""
    if name in method.fields:
        return True
    return name.startswith("field_") and any(isinstance(param, FieldValues) for param in method.params.values())


def _check_declared(_: AnsweredCall, method: Method, form: Form, __: ApiContext) -> Iterator[str]:
    for name, check in method.hints.items():
        if name in form and (hint := check(form)):
            yield hint


def _check_values(_: AnsweredCall, method: Method, form: Form, __: ApiContext) -> Iterator[str]:
    for name, param in method.params.items():
        wire = wire_name(name) if form.get(wire_name(name)) else param.alias
        raw = form.get(wire, "").strip() if wire else ""
        if raw and (hint := param.hint(raw, wire)):
            yield hint


def _check_local_numbers(_: AnsweredCall, method: Method, form: Form, __: ApiContext) -> Iterator[str]:
    has_country = bool(form.get("countrycode"))
    for name in method.number_fields:
        for raw in form.get(name, "").split(",", MAX_NUMBERS)[:MAX_NUMBERS]:
            digits = numbers.parse_digits(raw.strip()) or ""
            if digits and (not raw.isascii() or raw.strip().endswith(".0")):
                yield f"`{name}` {ascii(raw.strip())[:40]} holds characters that are ignored. Send digits only."
                break
            if digits.startswith("0") and not has_country:
                advice = "Give `countrycode`, or write" if "countrycode" in method.fields else "Write"
                yield f"`{name}` {raw.strip()[:24]} looks like a local number. {advice} it in international form."
                break


def _check_urls(_: AnsweredCall, method: Method, form: Form, context: ApiContext) -> Iterator[str]:
    for name, param in method.params.items():
        wire = wire_name(name)
        url = form.get(wire) or form.get(param.alias or wire)
        if not url or not isinstance(param, Url) or not param.called:
            continue
        try:
            host = urlsplit(url.strip()).hostname or ""
        except ValueError:
            continue
        if problem := _refusal(host, context.callback_hosts):
            yield f"`{wire}`: {problem}"


def _refusal(host: str, allowed: Collection[str]) -> str | None:
    """Return why the sandbox does not call a host, judged by its name alone; None if it may."""
    try:
        return egress.refusal_reason(str(ip_address(host)), host, allowed)
    except ValueError:
        pass
    if not host_names.may_be_public(host) or host_names.refusal_of_name(host, allowed) is None:
        return None
    host = host[:_MAX_NAME_SHOWN]
    return (
        f"{host} is not called if it has a public address. To allow it, start the server with --callback-host {host}."
    )


def _check_sender(call: AnsweredCall, method: Method, form: Form, __: ApiContext) -> Iterator[str]:
    field = method.sender_field
    if field is None or call.answer.code is not Code.BAD_CALLER_ID or call.answer.rule:
        return
    wanted = form.get(field, "").strip()
    sender = senders.parse_sender(wanted)
    if not wanted:
        yield f"The account has no number to send from. Lease one, or give `{field}`."
    elif sender is None:
        yield f"`{field}` must be a number, or a word of up to 11 characters without spaces."
    elif sender.must_be_registered:
        path = quote(sender.text)
        yield f"`{field}` has a space. If the real account has it approved, PUT /_sandbox/v1/sender-ids/{path} first."
    elif sender.kind is senders.Kind.NUMBER:
        yield f"`{field}` {sender.text} is not one of the account's numbers. Lease it, or use another sender."
    elif not senders.is_reserved(sender.text):
        yield f"`{field}` {sender.text} is not registered, and this tenant accepts only registered sender IDs."


def _check_secrets_in_url(call: AnsweredCall, method: Method, form: Form, _: ApiContext) -> Iterator[str]:
    if call.verb in ("GET", "HEAD"):
        for name in sorted(method.secrets & form.keys()):
            yield f"`{name}` was sent in the URL, which servers and proxies log. Send it in the body of a POST."


def _check_body_type(call: AnsweredCall, _: Method, __: Form, ___: ApiContext) -> Iterator[str]:
    kind = call.content_type.partition(";")[0].strip().lower()
    if kind == "application/json" or kind.endswith(("+json", "/xml", "/plain")):
        yield f"A body of type {kind[:_MAX_NAME_SHOWN]} is not read. Send the parameters as a form."


def _check_past(call: AnsweredCall, method: Method, form: Form, _: ApiContext) -> Iterator[str]:
    account = call.answer.account
    if account is None:
        return
    for name, param in method.params.items():
        raw = form.get(name, "").strip()
        if not raw or not isinstance(param, Timestamp) or not param.expects_future:
            continue
        try:
            moment = param.parse(raw, name)
        except ApiError:
            continue
        now = account.clock.now(from_micros(call.at))
        if moment < now - _CLOCK_TOLERANCE:
            yield f"`{name}` is in the past: the tenant's clock shows {now:%Y-%m-%d %H:%M:%S}. Times are in UTC."


_CHECKS: tuple[_Check, ...] = (
    _check_names, _check_declared, _check_values, _check_local_numbers, _check_urls, _check_sender,
    _check_secrets_in_url, _check_body_type, _check_past,
)  # fmt: skip
