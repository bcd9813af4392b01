"""Callbacks: their URL, parameters, signature and retries."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hmac import digest  # by name, because receivers run in processes whose tests patch modules
from json import dumps
from typing import TypeAlias
from urllib.parse import quote_plus, unquote_to_bytes, urlsplit

Params: TypeAlias = Sequence[tuple[str, str]]
"""Parameters of a callback in the order they are sent; names may repeat."""

USER_AGENT = "sms-sandbox"
"""The User-Agent of callbacks. A sandbox refuses requests with it, because they lead back to it."""

_RETRY_WAITS: tuple[timedelta, ...] = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(hours=1),
    timedelta(hours=24),
)
"""The wait after each failed attempt."""

_RATE = "10"
"""The `rate` of every callback. The vendor does not say what it means."""

_UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_NAME = re.compile(r"([^\[]+)((?:\[[^\]]*\])*)(.*)", re.DOTALL)
_KEY = re.compile(r"\[([^\]]*)\]")
_INDEX = re.compile(r"0|[1-9][0-9]{0,17}")
# PHP's max_input_nesting_level.
_MAX_NESTING = 64

_Tree: TypeAlias = "dict[str, str | _Tree]"


def next_wait(attempts: int) -> timedelta | None:
    """Return the wait after this many failed attempts, or None after the last one."""
    assert attempts > 0
    return _RETRY_WAITS[attempts - 1] if attempts <= len(_RETRY_WAITS) else None


def is_success(status: int) -> bool:
    """True if an HTTP status means that the callback arrived. A redirect does not count, because none is followed."""
    return 200 <= status < 300


def first_url(*urls: str | None) -> str | None:
    """Return the first URL that is neither None nor empty. Pass the most specific one first."""
    return next((url for url in urls if url), None)


def is_http_url(url: str) -> bool:
    """True for an absolute http or https URL of at most 2048 characters without spaces. Never raises."""
    if len(url) > 2048 or _UNPRINTABLE.search(url):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def destination(url: str) -> str:
    """Return `scheme://host:port` in lower case, the same for all URLs of one server.

    The URL must be one that `is_http_url` accepts.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://[{host}]:{port}" if ":" in host else f"{parts.scheme}://{host}:{port}"


def with_parameters(url: str, params: Params) -> str:
    """Append parameters to the query of a URL, encoded as PHP's `http_build_query` does.

    The URL's own query stays unchanged. A fragment is removed, because it is never sent.
    """
    base = url.partition("#")[0]
    query = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in params)
    if not query:
        return base
    if "?" not in base:
        return f"{base}?{query}"
    return base + query if base.endswith(("?", "&")) else f"{base}&{query}"


def _encoded(text: str) -> str:
    # PHP escapes the tilde, which Python leaves alone.
    return quote_plus(text, errors="replace").replace("~", "%7E")


def signature(url: str, secret: str) -> str:
    """Return the `x-transmitsms-signature` of a callback: HMAC-SHA256 in lower-case hex, keyed with the API secret.

    The signed text is `json_encode` of the whole query as PHP parses it, so that a receiver who follows the vendor's
    sample gets the same: spaces and dots of a name become underscores, `a[b]=c` nests, and of a repeated name the last
    value counts, in the place of the first. For a query that is not UTF-8, `json_encode` fails and the empty text is
    signed.
    """
    try:
        message = _php_json(_php_query(url.partition("#")[0].partition("?")[2]))
    except UnicodeDecodeError:
        message = ""
    return digest(secret.encode(), message.encode(), "sha256").hex()


def _php_query(query: str) -> _Tree:
    tree: _Tree = {}
    for pair in query.encode("utf-8", "replace").split(b"&"):
        name, _, value = (unquote_to_bytes(half.replace(b"+", b" ")).decode() for half in pair.partition(b"="))
        _insert(tree, name.partition("\0")[0].lstrip(" "), value)
    return tree


def _insert(tree: _Tree, name: str, value: str) -> None:
    parsed = _NAME.fullmatch(name)
    if parsed is None:
        return
    head, brackets, rest = parsed.groups()
    keys = _KEY.findall(brackets)
    if not keys:
        # A bracket that is never closed belongs to the name. After closed brackets the rest is ignored.
        head += rest.replace("[", "_")
    head = head.replace(" ", "_").replace(".", "_")
    if len(keys) > _MAX_NESTING:
        tree.pop(head, None)
        return
    for key in keys:
        branch = tree.get(head)
        if not isinstance(branch, dict):
            branch = tree[head] = {}
        tree = branch
        head = key if key.strip() else str(max((int(k) for k in tree if _INDEX.fullmatch(k)), default=-1) + 1)
    tree[head] = value


def _php_json(value: "str | _Tree") -> str:
    if isinstance(value, str):
        # Python escapes DEL, PHP does not.
        return '"' + "\x7f".join(dumps(run)[1:-1] for run in value.split("\x7f")).replace("/", r"\/") + '"'
    if list(value) == [str(index) for index in range(len(value))]:
        return "[" + ",".join(map(_php_json, value.values())) + "]"
    return "{" + ",".join(f"{_php_json(key)}:{_php_json(item)}" for key, item in value.items()) + "}"


def delivery_report(*, message_id: int, mobile: str, at: datetime, status: str, user_id: int) -> Params:
    """Return the parameters of a delivery report: the new status of one recipient.

    `at` is time zone aware, `mobile` has the digits in international form.
    """
    return [
        ("message_id", str(message_id)),
        ("mobile", mobile),
        ("datetime", _stamp(at)),
        ("status", status),
        ("user_id", str(user_id)),
        ("rate", _RATE),
    ]


def reply(
    *,
    user_id: int,
    mobile: str,
    response: str,
    message_id: int,
    response_id: int,
    longcode: str,
    at: datetime,
    is_optout: bool,
) -> Params:
    """Return the parameters of a reply that a handset sent to the number `longcode`.

    `message_id` is the message it replies to, or 0.
    """
    return [
        ("user_id", str(user_id)),
        ("rate", _RATE),
        ("mobile", mobile),
        ("response", response),
        ("message_id", str(message_id)),
        ("response_id", str(response_id)),
        ("longcode", longcode),
        ("datetime_entry", _stamp(at)),
        ("is_optout", "yes" if is_optout else "no"),
    ]


def link_hit(
    *,
    at: datetime,
    firstname: str,
    lastname: str,
    link_hits: int,
    list_id: int,
    longcode: str,
    message: str,
    message_id: int,
    mobile: str,
    user_id: int,
) -> Params:
    """Return the parameters of a link hit: a recipient opened the tracked link for the `link_hits`-th time.

    `longcode` is the sender of the message, which may be a word. If the message was not sent to a list, `list_id` is 0
    and the names are empty.
    """
    return [
        ("datetime", _stamp(at)),
        ("firstname", firstname),
        ("lastname", lastname),
        ("link_hits", str(link_hits)),
        ("list_id", str(list_id)),
        ("longcode", longcode),
        ("message", message),
        ("message_id", str(message_id)),
        ("mobile", mobile),
        ("rate", _RATE),
        ("user_id", str(user_id)),
    ]


def list_action(
    *, at: datetime, list_id: int, mobile: str, firstname: str, lastname: str, action: str, fields: Mapping[str, str]
) -> Params:
    """Return the parameters for a contact that joined a list (`add`) or left it (`delete`).

    They are sorted by the bytes of their names, so capitals come first. Custom fields have their own names.
    """
    params = {
        **fields,
        "datetime_entry": _stamp(at),
        "firstname": firstname,
        "lastname": lastname,
        "list_id": str(list_id),
        "mobile": mobile,
        "type": action,
    }
    return sorted(params.items(), key=lambda item: item[0].encode("utf-8", "replace"))


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
