"""Hints for whoever wrote the app: what about a call is most likely a mistake, told from the method's declaration."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import timedelta
from difflib import get_close_matches
from ipaddress import ip_address
from itertools import islice
from urllib.parse import urlsplit

from ..domain import credentials, egress, numbers, senders
from ..domain.clock import from_micros
from ..domain.redaction import hidden
from ..journal.entries import MOST_NUMBERS
from .answered_call import Seen, Surroundings
from .custom_fields import FieldValues
from .declare import Method, wire_name
from .errors import ApiError, Code
from .forms import Form
from .params import Timestamp, Url

MOST = 10
"""Hints given of one call."""

OFTEN_CALLED = {
    "text": "message", "body": "message", "content": "message", "sms": "message", "recipient": "to",
    "recipients": "to", "phone": "to", "destination": "to", "sender": "from", "sender_id": "from", "source": "from",
    "country": "countrycode", "callback": "dlr_callback", "callback_url": "dlr_callback", "limit": "max",
    "per_page": "max", "schedule": "send_at",
}  # fmt: skip
"""What other services call a parameter, and what it is called here."""

WATCHED = frozenset(
    {"list_id", "send_at", "dlr_callback", "reply_callback", "link_hits_callback", "url", "forward_url", "file_url"}
)
"""Parameters that some check looks at, besides numbers; a call without them and without unknown ones needs no hint."""

LOCAL_NUMBERS = ("to", "msisdn", "mobile")

PRIVATE_NAMES = (".localhost", ".local", ".internal", ".test", ".lan", ".home.arpa")
"""Ends of names that lead to no public address."""

A_PUBLIC_ADDRESS = "8.8.8.8"


Check = Callable[[Seen, Method, Form, Surroundings], Iterator[str]]


def hints_for(seen: Seen, around: Surroundings) -> Sequence[str]:
    """What is most likely a mistake about a call. A slip may put the account's secret anywhere; hints don't show it."""
    account = seen.answer.account
    secret = (account and account.secret) or ""
    return [hidden(each, secret) for each in islice(all_hints(seen, around), MOST)]


def all_hints(seen: Seen, around: Surroundings) -> Iterator[str]:
    if seen.method is None:
        meant = nearest(seen.name, around.methods)
        yield f"There is no method {seen.name[:80]!r}" + (f": did you mean {meant}?" if meant else ".")
        return
    yield from about_credentials(seen)
    if seen.form is None:
        yield f"The body is not what its content type says: {seen.content_type[:80]}."
        return
    for check in CHECKS:
        yield from check(seen, seen.method, seen.form, around)


def nearest(name: str, known: Collection[str]) -> str | None:
    """The known name that one most likely stands for."""
    plain = name.strip().lower()[:40]
    for spelt in (plain, plain.replace("-", "_"), plain.replace("_", "-"), OFTEN_CALLED.get(plain, "")):
        if spelt in known:
            return spelt
    close = get_close_matches(plain, known, 1, 0.75)
    return close[0] if close else None


def about_credentials(seen: Seen) -> Iterator[str]:
    code = seen.answer.code
    if code is Code.AUTH_FAILED_NO_DATA:
        yield "Send key and secret as user and password of HTTP Basic authentication."
    elif code is Code.AUTH_FAILED and seen.answer.account is not None:
        yield "The key is known, but the secret is not the one that belongs to it."
    elif code is Code.AUTH_FAILED:
        key, _ = credentials.basic(seen.authorization) or ("", "")
        yield f"No account here has the key {shown(key)}."


def shown(key: str) -> str:
    """A key that nobody here has, and which may be that of a real account: its beginning."""
    return f"{key[:4]}…"


def unknown_parameters(seen: Seen, method: Method, form: Form, _: Surroundings) -> Iterator[str]:
    for name in form:
        if takes(method, name):
            continue
        if name.lstrip().startswith(("{", "[")):
            yield "The body looks like JSON; the API reads forms, as curl -d name=value sends them."
            continue
        meant = nearest(name, method.fields)
        short = name[:80]
        if meant and not (seen.answer.code is Code.SUCCESS and meant in form):
            yield f"`{short}` is no parameter of {method.name}: did you mean `{meant}`?"
        else:
            yield f"`{short}` is no parameter of {method.name}, so it does nothing."


def takes(method: Method, name: str) -> bool:
    """Whether a method reads the form field of that name."""
    if name in method.fields:
        return True
    return name.startswith("field_") and any(isinstance(param, FieldValues) for param in method.params.values())


def two_targets(_: Seen, method: Method, form: Form, __: Surroundings) -> Iterator[str]:
    if method.name == "send-sms" and form.get("to") and form.get("list_id", "0").strip() not in ("", "0"):
        yield "Both `to` and `list_id` are given: the list gets the message, the numbers do not."


def local_numbers(_: Seen, method: Method, form: Form, __: Surroundings) -> Iterator[str]:
    if form.get("countrycode"):
        return
    for name in LOCAL_NUMBERS:
        for raw in form.get(name, "").split(",", MOST_NUMBERS)[:MOST_NUMBERS] if name in method.fields else ():
            digits = numbers.bare(raw.strip()) or ""
            if digits.startswith("0"):
                way = "give `countrycode`, or write" if "countrycode" in method.fields else "write"
                yield f"`{name}` {raw.strip()[:24]} looks like a local number: {way} it in international form."
                break


def callbacks_refused(_: Seen, method: Method, form: Form, around: Surroundings) -> Iterator[str]:
    for name, param in method.params.items():
        wire = wire_name(name)
        url = form.get(wire) or form.get(param.alias or wire)
        if not url or not isinstance(param, Url) or wire == "tracked_link_url":
            continue
        try:
            host = urlsplit(url.strip()).hostname or ""
        except ValueError:
            continue
        if why := refusal(host, around.callback_hosts):
            yield f"`{wire}`: {why}"


def refusal(host: str, allowed: Collection[str]) -> str | None:
    """Why a host is not called, as far as its name alone tells."""
    try:
        return egress.refusal(str(ip_address(host)), host, allowed)
    except ValueError:
        pass
    if "." not in host or host.lower().rstrip(".").endswith(PRIVATE_NAMES):
        return None
    if egress.refusal(A_PUBLIC_ADDRESS, host, allowed) is None:
        return None
    return f"{host[:80]} is not called if its address is a public one, unless --callback-host names it."


def sender_refused(seen: Seen, _: Method, form: Form, __: Surroundings) -> Iterator[str]:
    if seen.answer.code is not Code.BAD_CALLER_ID or seen.answer.rule:
        return
    wanted = form.get("from", "").strip()
    sender = senders.read(wanted)
    if not wanted:
        yield "The account has no number to send from: lease one, or give `from`."
    elif sender is None:
        yield "`from` is a number, or a word of up to 11 characters without blanks."
    elif sender.kind is senders.Kind.NUMBER:
        yield f"`from` {sender.text} is none of the account's numbers; get-numbers lists them."
    elif not senders.is_reserved(sender.text):
        yield f"`from` {sender.text} is not registered, and senders are checked strictly here."


def secrets_in_query(seen: Seen, method: Method, form: Form, __: Surroundings) -> Iterator[str]:
    if seen.verb in ("GET", "HEAD"):
        for name in sorted(method.secrets & form.keys()):
            yield f"`{name}` came in the address, which logs keep; send it in the body of a POST."


def body_not_read(seen: Seen, _: Method, __: Form, ___: Surroundings) -> Iterator[str]:
    kind = seen.content_type.partition(";")[0].strip().lower()
    if kind == "application/json" or kind.endswith(("+json", "/xml", "/plain")):
        yield f"A body of type {kind[:80]} is not read; send the parameters as a form."


def in_the_past(seen: Seen, method: Method, form: Form, _: Surroundings) -> Iterator[str]:
    raw, account, param = form.get("send_at", "").strip(), seen.answer.account, method.params.get("send_at")
    if not raw or account is None or not isinstance(param, Timestamp):
        return
    try:
        wanted = param.parse(raw, "send_at")
    except ApiError:
        return
    now = account.clock.now(from_micros(seen.at))
    if wanted < now - timedelta(minutes=1):
        yield f"`send_at` lies in the past, as the clock shows {now:%Y-%m-%d %H:%M:%S}; times are UTC."


CHECKS: tuple[Check, ...] = (
    unknown_parameters, two_targets, local_numbers, callbacks_refused, sender_refused, secrets_in_query, body_not_read,
    in_the_past,
)  # fmt: skip
