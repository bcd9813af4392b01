"""The calls the service makes to its customers: where, with what, signed how, and how often."""

import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from urllib.parse import quote_plus, unquote_to_bytes, urlsplit

Params: TypeAlias = Sequence[tuple[str, str]]
"""Parameters of a call in the order they are sent; names may repeat."""

_RETRY_WAITS: tuple[timedelta, ...] = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(hours=1),
    timedelta(hours=24),
)
"""How long after each failed try the next one is made."""

_RATE = "10"
"""The `rate` of every callback. The vendor does not say what it means."""

_UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_NAME = re.compile(r"([^\[]+)((?:\[[^\]]*\])*)(.*)", re.DOTALL)
_KEY = re.compile(r"\[([^\]]*)\]")
_INDEX = re.compile(r"0|[1-9][0-9]{0,17}")
# PHP's max_input_nesting_level.
_DEEPEST = 64

_Tree: TypeAlias = "dict[str, str | _Tree]"


def next_wait(tries_made: int) -> timedelta | None:
    """The wait after the last of `tries_made` (at least 1) failed tries; None when the call is to be given up."""
    assert tries_made > 0
    return _RETRY_WAITS[tries_made - 1] if tries_made <= len(_RETRY_WAITS) else None


def is_success(status: int) -> bool:
    """Whether an HTTP status means that the call arrived. A redirect does not: it is not followed."""
    return 200 <= status < 300


def first_url(*urls: str | None) -> str | None:
    """The first URL that is neither None nor empty: the one to call, if they come from the most special on."""
    return next((url for url in urls if url), None)


def is_http_url(url: str) -> bool:
    """Whether this is an absolute http or https URL of at most 2048 characters, without blanks. Never raises."""
    if len(url) > 2048 or _UNPRINTABLE.search(url):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def destination(url: str) -> str:
    """`scheme://host:port` in lower case, the same for all URLs that lead to one server.

    The URL must be one that `is_http_url` accepts.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://[{host}]:{port}" if ":" in host else f"{parts.scheme}://{host}:{port}"


def with_parameters(url: str, params: Params) -> str:
    """The URL with `params` added behind its own query, encoded as PHP's `http_build_query` does.

    What the URL brings along stays untouched, except for a fragment, which is never sent.
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
    """The `x-transmitsms-signature` of a call to `url`: HMAC-SHA256 in lower-case hex, keyed with the API secret.

    Signed is `json_encode` of the whole query as PHP parses it, so that a receiver who follows the vendor's sample gets
    the same: blanks and dots of a name become underscores, `a[b]=c` nests, of a repeated name the last value counts, in
    the first one's place. A query that is not UTF-8 signs the empty text, as `json_encode` then fails.
    """
    try:
        message = _php_json(_php_query(url.partition("#")[0].partition("?")[2]))
    except UnicodeDecodeError:
        message = ""
    return hmac.digest(secret.encode(), message.encode(), "sha256").hex()


def _php_query(query: str) -> _Tree:
    found: _Tree = {}
    for pair in query.encode("utf-8", "replace").split(b"&"):
        name, _, value = (unquote_to_bytes(half.replace(b"+", b" ")).decode() for half in pair.partition(b"="))
        _plant(found, name.partition("\0")[0].lstrip(" "), value)
    return found


def _plant(tree: _Tree, name: str, value: str) -> None:
    parsed = _NAME.fullmatch(name)
    if parsed is None:
        return
    head, brackets, rest = parsed.groups()
    keys = _KEY.findall(brackets)
    if not keys:
        # A bracket that is never closed belongs to the name; behind closed ones the rest is ignored.
        head += rest.replace("[", "_")
    head = head.replace(" ", "_").replace(".", "_")
    if len(keys) > _DEEPEST:
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
        return '"' + "\x7f".join(json.dumps(run)[1:-1] for run in value.split("\x7f")).replace("/", r"\/") + '"'
    if list(value) == [str(index) for index in range(len(value))]:
        return "[" + ",".join(map(_php_json, value.values())) + "]"
    return "{" + ",".join(f"{_php_json(key)}:{_php_json(item)}" for key, item in value.items()) + "}"


def delivery_report(*, message_id: int, mobile: str, at: datetime, status: str, user_id: int) -> Params:
    """What a delivery report says: one recipient's new status. `at` is aware, `mobile` the international digits."""
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
    """What a handset wrote to the number `longcode`. `message_id` is the answered message, 0 if there is none."""
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
    """A recipient opened the tracked link, for the `link_hits`-th time. `longcode` is the sender of the message, which
    may be a word; `list_id` is 0 and the names are empty where the message did not go to a list.
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
    """A contact joined a list (`add`) or left it (`delete`). Parameters go by the bytes of their names, so that those
    with a capital come first; the custom fields are there under their own names."""
    named = {
        **fields,
        "datetime_entry": _stamp(at),
        "firstname": firstname,
        "lastname": lastname,
        "list_id": str(list_id),
        "mobile": mobile,
        "type": action,
    }
    return sorted(named.items(), key=lambda item: item[0].encode("utf-8", "replace"))


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
