"""The ways to be wrong that take more than a line."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from sms_sandbox.api.openapi import fields_of
from sms_sandbox.api.render import Verbatim
from sms_sandbox.api.routes import methods
from tests.contract.spoiling import (
    Tree,
    answers,
    asked,
    code_of,
    is_moment,
    objects,
    of,
    other_accounts,
    refusals,
    successes,
    tree_of,
    with_tree,
)  # fmt: skip
from tests.contract.wrong import Answer, Callback, Exchange, Relay, Request, Spoil, faithfully
from tests.serving import basic

Send = Callable[[Callback], int]

SUCCESS = {"code": "SUCCESS", "description": "OK"}

# Keys and values


def without_key(*keys: str) -> Spoil:
    """Leave keys out, wherever they are."""

    def change(tree: Tree) -> Tree:
        for each in objects(tree):
            for key in keys:
                each.pop(key, None)
        return tree

    return successes(change)


def without_nulls(tree: Tree) -> Tree:
    for each in objects(tree):
        for key in [key for key, value in each.items() if value is None]:
            del each[key]
    return tree


def without_arrays(tree: Tree) -> Tree:
    for each in objects(tree):
        for key in [key for key, value in each.items() if value == []]:
            each[key] = None
    return tree


def error_first(tree: Tree) -> Tree:
    return {"error": tree.pop("error"), **tree}


def backwards(tree: Tree) -> Tree:
    """The keys of every object in the opposite order, the error block's place kept."""
    match tree:
        case dict():
            turned = {key: backwards(tree[key]) for key in reversed(tree)}
            return {**{key: value for key, value in turned.items() if key != "error"}, "error": tree["error"]} if (
                "error" in tree) else turned  # fmt: skip
        case list():
            return [backwards(each) for each in tree]
    return tree


def unescaped(body: bytes) -> bytes:
    """Characters beyond ASCII as they are, but for halves of pairs."""
    written = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), body.decode())
    return written.encode("utf-16", "surrogatepass").decode("utf-16").encode()


def quoted(value: Any) -> Any:
    return Verbatim(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def as_word(value: Any) -> Any:
    return {True: "yes", False: "no", "true": "yes", "false": "no"}.get(value, value) if value in (
        True, False, "true", "false") else value  # fmt: skip


def iso(_: str, value: Any) -> Any:
    return f"{value.replace(' ', 'T')}Z" if is_moment(value) else value


def in_local_time(_: str, value: Any) -> Any:
    return str(datetime.fromisoformat(value) + timedelta(hours=10)) if is_moment(value) else value


def four_decimals(value: Any) -> Any:
    return Verbatim(f"{Decimal(str(value)):.4f}") if value not in ("", None) else value


def doubled(value: Any) -> Any:
    return value * 2 if isinstance(value, int | float) else str(Decimal(value) * 2)


def one_more(value: Any) -> Any:
    return int(value) + 1


# Pages

BY_TOTAL = {
    "lists_total": "lists", "members_total": "members", "numbers_total": "numbers", "keywords_total": "keywords",
    "clients_total": "clients", "transactions_total": "transactions", "messages_total": "messages",
}  # fmt: skip
BY_METHOD = {
    "get-sms-responses": "responses", "get-user-sms-responses": "responses", "get-sms-sent": "recipients",
    "get-user-sms-sent": "messages", "get-contact-sms-stats": "records", "get-link-hits": "link_hits",
}  # fmt: skip
ITEMS = {*BY_TOTAL.values(), *BY_METHOD.values()}


def items_of(tree: Tree) -> str:
    """The key of a page's items; blank where there are none."""
    return next((key for key, value in tree.items() if key in ITEMS and isinstance(value, list)), "")


def on_empty_pages(value: Any) -> Spoil:
    """Put something where a page without items has no key for them."""

    def spoil(exchange: Exchange) -> Answer:
        answer = faithfully(exchange)
        tree = tree_of(answer)
        if not isinstance(tree, dict) or "page" not in tree or items_of(tree):
            return answer
        key = next((BY_TOTAL[key] for key in tree if key in BY_TOTAL), BY_METHOD.get(exchange.request.method, "items"))
        error = tree.pop("error")
        return with_tree(answer, {**tree, key: value, "error": error})

    return spoil


def on_pages(change: Callable[[Tree], None]) -> Spoil:
    """Change the trees of pages, in place."""

    def spoil(tree: Tree) -> Tree:
        if "page" in tree:
            change(tree)
        return tree

    return successes(spoil)


def one_page_more(tree: Tree) -> None:
    tree["page"]["count"] = int(tree["page"]["count"]) + 1


def one_more_in_total(tree: Tree) -> None:
    total = next(key for key in tree if key.endswith("total"))
    tree[total] = int(tree[total]) + 1


def turned_round(tree: Tree) -> None:
    if key := items_of(tree):
        tree[key].reverse()


def without_last(tree: Tree) -> None:
    if (key := items_of(tree)) and len(tree[key]) > 1:
        tree[key].pop()


def called_first(tree: Tree) -> None:
    tree["page"]["number"] = 1


def last_page_again(exchange: Exchange) -> Answer:
    """A page beyond the end is the last one again."""
    answer = faithfully(exchange)
    tree = tree_of(answer)
    if not isinstance(tree, dict) or "page" not in tree or int(tree["page"]["number"]) <= int(tree["page"]["count"]):
        return answer
    count = str(tree["page"]["count"])
    again = exchange.request.with_form(lambda pairs: [(k, count if k == "page" else value) for k, value in pairs])
    found = exchange.forward(again)
    return with_tree(found, {**tree_of(found), "page": tree["page"]})


# Statuses and formats


def with_status(status: int, code: str = "") -> Spoil:
    """Another status for refusals, or for those of one code."""

    def change(answer: Answer) -> Answer:
        found = code_of(answer)
        is_meant = found == code if code else found not in ("", "SUCCESS")
        return replace(answer, status=status, reason="Whatever") if is_meant else answer

    return answers(change)


def in_format(wanted: str, given: str) -> Spoil:
    """Answer calls for one format in the other."""
    return asked(lambda request: request.with_target(request.line[1].replace(f".{wanted}", f".{given}", 1)))


def with_content_type(kind: str, only: str) -> Spoil:
    return answers(
        lambda answer: answer.with_header("content-type", kind) if only in answer.header("content-type") else answer
    )


# Who is let in, and what they see


def let_in(*codes: str) -> Spoil:
    """Let whoever would be refused with these codes in, as whoever was there before."""

    def spoil(exchange: Exchange) -> Answer:
        answer = faithfully(exchange)
        if code_of(answer) == "SUCCESS":
            exchange.memory["known"] = exchange.request.header("authorization")
        elif code_of(answer) in codes and "known" in exchange.memory:
            return exchange.forward(exchange.request.with_header("authorization", exchange.memory["known"]))
        return answer

    return spoil


def by_form(exchange: Exchange) -> Answer:
    """Take key and secret out of the parameters where there is no header."""
    form = exchange.request.form
    if exchange.request.header("authorization") or not {"key", "secret"} <= form.keys():
        return faithfully(exchange)
    header = basic(form["key"], form["secret"])["Authorization"]
    return exchange.forward(exchange.request.with_header("authorization", header))


def unthrottled(exchange: Exchange) -> Answer:
    """Wait instead of refusing."""
    while (answer := faithfully(exchange)).status == 429:
        time.sleep(0.05)
    return answer


def throttled_for_good(exchange: Exchange) -> Answer:
    """Whoever was over the limit once stays so."""
    own = exchange.request.header("authorization")
    answer: Answer = exchange.memory.get(own) or faithfully(exchange)
    if answer.status == 429:
        exchange.memory[own] = answer
    return answer


def leaking(*codes: str) -> Spoil:
    """Tell whoever is refused with these codes what another account is told."""

    def spoil(exchange: Exchange) -> Answer:
        answer = faithfully(exchange)
        others = other_accounts(exchange, answer)
        if exchange.request.method.startswith("get-") and code_of(answer) in codes:
            return next((each for each in others if each.status == 200), answer)
        next(others, None)
        return answer

    return spoil


def everybodys(method: str, key: str) -> Spoil:
    """List what other accounts have among one's own."""

    def spoil(exchange: Exchange) -> Answer:
        answer = faithfully(exchange)
        others = other_accounts(exchange, answer)
        if exchange.request.method != method or code_of(answer) != "SUCCESS":
            next(others, None)
            return answer
        tree = tree_of(answer)
        found = [row for each in others for row in tree_of(each).get(key, ())]
        error = tree.pop("error")
        return with_tree(answer, {**tree, key: [*tree.get(key, []), *found], "error": error}) if found else answer

    return spoil


# What is refused, and how


def in_other_words(tree: Tree) -> Tree:
    if isinstance(tree["error"]["description"], str):
        tree["error"]["description"] = "Something went wrong."
    return tree


def with_code(old: str, new: str) -> Spoil:
    def change(tree: Tree) -> Tree:
        if tree["error"]["code"] == old:
            tree["error"]["code"] = new
        return tree

    return refusals(change)


def in_a_sentence(tree: Tree) -> Tree:
    if not isinstance(tree["error"]["description"], str):
        tree["error"]["description"] = "No valid recipients left after validation."
    return tree


def lenient(method: str, code: str, tree: Callable[[Mapping[str, str]], Tree]) -> Spoil:
    """Answer a success where the sandbox refuses with a code."""

    def spoil(exchange: Exchange) -> Answer:
        answer = faithfully(exchange)
        if code_of(answer) != code:
            return answer
        return replace(with_tree(answer, {**tree(exchange.request.form), "error": SUCCESS}), status=200, reason="OK")

    return of(method, spoil)


def pretended(method: str, tree: Callable[[Mapping[str, str]], Tree]) -> Spoil:
    """Say that a call was carried out, and do not carry it out."""

    def spoil(exchange: Exchange) -> Answer:
        request = exchange.request
        known = exchange.forward(request.with_target(f"/get-balance.{request.path.rpartition('.')[2]}"))
        return with_tree(known, {**tree(request.form), "error": SUCCESS}) if known.status == 200 else known

    return of(method, spoil)


@cache
def known_names(method: str) -> frozenset[str]:
    return frozenset(fields_of(methods()[method]))


def strict(exchange: Exchange) -> Answer:
    """Refuse parameters that the method does not know."""
    request = exchange.request
    if request.method not in methods() or set(request.form) <= known_names(request.method):
        return faithfully(exchange)
    return exchange.forward(request.with_target("/get-sms.json?message_id=x").with_body(b""))


def never_cancelled(exchange: Exchange) -> Answer:
    """Say that a message that could be called off was, and send it all the same."""
    request = exchange.request
    ending = request.path.rpartition(".")[2]
    number = request.form.get("id", request.form.get("message_id", ""))
    found = exchange.forward(request.with_target(f"/get-sms.{ending}?message_id={number}"))
    tree = tree_of(found)
    told = exchange.memory.setdefault("told", set())
    if code_of(found) != "SUCCESS" or number in told or number not in exchange.memory.get("later", ()):
        return faithfully(exchange)
    told.add(number)
    return with_tree(found, {"success": "OK", "error": tree["error"]})


def noting_what_is_later(exchange: Exchange) -> Answer:
    """Cancel nothing; which messages could be cancelled is known from when they were sent."""
    if exchange.request.method == "cancel-sms":
        return never_cancelled(exchange)
    answer = faithfully(exchange)
    if exchange.request.method == "send-sms" and code_of(answer) == "SUCCESS" and exchange.request.form.get("send_at"):
        exchange.memory.setdefault("later", set()).add(str(tree_of(answer)["message_id"]))
    return answer


# How calls are read


def without_stop(request: Request) -> Request:
    """Let handsets write nothing that means anything."""
    if not request.path.endswith("/inbound"):
        return request
    return request.with_body(re.sub(rb'("text": ?")', rb"\1so ", request.body))


def only_post(exchange: Exchange) -> Answer:
    answer = faithfully(exchange)
    return replace(answer, status=405, reason="Not Allowed") if exchange.request.line[0] == "GET" else answer


def plain_paths(request: Request) -> Request:
    """A version or doubled slashes in front of a method lead nowhere."""
    return request if re.fullmatch(r"/[^/]+", request.path) else request.with_target("/nothing.json")


def without_bodies(kind: str) -> Spoil:
    return asked(lambda request: request.with_body(b"") if request.header("content-type").startswith(kind) else request)


def without_query(request: Request) -> Request:
    """Read the body of a POST alone."""
    return request.with_target(request.path) if request.line[0] == "POST" else request


def without_dotted(request: Request) -> Request:
    return request.with_form(lambda pairs: [pair for pair in pairs if "." not in pair[0]])


def blanks_count(request: Request) -> Request:
    """Take a blank parameter for a wrong one."""
    return request.with_form(lambda pairs: [(name, value or "-") for name, value in pairs])


def first_counts(request: Request) -> Request:
    """Of a name that stands twice the first counts."""
    return request.with_form(lambda pairs: list(dict(reversed(pairs)).items()))


# Callbacks


def changed(change: Callable[[Callback], Callback]) -> Relay:
    return lambda callback, send: send(change(callback))


def swallowed(*keys: str) -> Relay:
    """Make none of the callbacks that have all these parameters."""
    return lambda callback, send: 200 if set(keys) <= dict(callback.query).keys() else send(callback)


def twice(callback: Callback, send: Send) -> int:
    send(callback)
    return send(callback)


def received(callback: Callback, send: Send) -> int:
    """Take a failure for a success, so that nothing is tried again."""
    send(callback)
    return 200


def renamed(old: str, new: str) -> Relay:
    return changed(
        lambda callback: replace(callback, query=[(new if k == old else k, value) for k, value in callback.query])
    )


def saying(key: str, value: str) -> Relay:
    """Say always the same in a parameter."""
    return changed(
        lambda callback: replace(callback, query=[(k, value if k == key else each) for k, each in callback.query])
    )


def forged(callback: Callback) -> Callback:
    return replace(callback, signature="0" * 64)


def unsigned(callback: Callback) -> Callback:
    return replace(callback, signature="")


def in_other_order(callback: Callback) -> Callback:
    return replace(callback, query=list(reversed(callback.query)))


OURS = {
    "message_id", "mobile", "datetime", "status", "user_id", "rate", "response", "response_id", "longcode",
    "datetime_entry", "is_optout", "link_hits", "type", "list_id",
}  # fmt: skip


def without_own(callback: Callback) -> Callback:
    """Drop what the URL brought along."""
    return replace(callback, query=[pair for pair in callback.query if pair[0] in OURS])
