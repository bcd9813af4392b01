"""Mutators of pages."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from tests.contract.exchanges import Answer, Exchange, Mutator, Pairs, forward_unchanged
from tests.contract.mutators.combinators import Tree, answer_tree, change_successes, with_tree

BY_TOTAL = {
    "lists_total": "lists", "members_total": "members", "numbers_total": "numbers", "keywords_total": "keywords",
    "clients_total": "clients", "transactions_total": "transactions", "messages_total": "messages",
}  # fmt: skip
BY_METHOD = {
    "get-sms-responses": "responses", "get-user-sms-responses": "responses", "get-sms-sent": "recipients",
    "get-user-sms-sent": "messages", "get-contact-sms-stats": "records", "get-link-hits": "link_hits",
}  # fmt: skip
KNOWN_ORDER = (
    "get-lists", "get-list", "get-keywords", "get-clients", "get-transactions", "get-message-report",
    "get-sms-responses", "get-user-sms-responses", "get-user-sms-sent", "get-contact-sms-stats",
)  # fmt: skip
"""Methods whose order of items is recorded, documented or seen in clients. That of the others is assumed."""

_PAGE_SIZE, _LARGEST = 25, 100

ITEMS = {*BY_TOTAL.values(), *BY_METHOD.values()}


def items_of(tree: Tree) -> str:
    """Return the key of a page's items, or a blank if there are none."""
    return next((key for key, value in tree.items() if key in ITEMS and isinstance(value, list)), "")


def set_items_of_empty_pages(value: Any) -> Mutator:
    """Give a page without items a key for them."""

    def mutate(exchange: Exchange) -> Answer:
        answer = forward_unchanged(exchange)
        tree = answer_tree(answer)
        if not isinstance(tree, dict) or "page" not in tree or items_of(tree):
            return answer
        key = next((BY_TOTAL[key] for key in tree if key in BY_TOTAL), BY_METHOD.get(exchange.request.method, "items"))
        error = tree.pop("error")
        return with_tree(answer, {**tree, key: value, "error": error})

    return mutate


def change_pages(change: Callable[[Tree], None]) -> Mutator:
    """Change the trees of pages in place."""

    def mutate(tree: Tree) -> Tree:
        if "page" in tree:
            change(tree)
        return tree

    return change_successes(mutate)


def add_page(tree: Tree) -> None:
    tree["page"]["count"] = int(tree["page"]["count"]) + 1


def increase_total(tree: Tree) -> None:
    total = next(key for key in tree if key.endswith("total"))
    tree[total] = int(tree[total]) + 1


def reverse_items(tree: Tree) -> None:
    if key := items_of(tree):
        tree[key].reverse()


def reverse_order(method: str, ending: str) -> Mutator:
    """Give the items of all pages of a method in reverse order, in one format. Nothing else is wrong."""

    def mutate(exchange: Exchange) -> Answer:
        answer, request = forward_unchanged(exchange), exchange.request
        tree = answer_tree(answer)
        if request.method != method or not request.path.endswith(ending) or not (key := items_of(tree or {})):
            return answer
        size = min(_read_size(request.form.get("max", "")), _LARGEST)
        rows: list[Any] = []
        while len(rows) < int(tree[next(name for name in tree if name.endswith("total"))]):
            page = exchange.forward(request.with_form(partial(_ask_for, len(rows) // _LARGEST + 1)))
            more = answer_tree(page).get(key)
            if not more:
                break
            rows += more
        first = (int(tree["page"]["number"]) - 1) * size
        return with_tree(answer, {**tree, key: rows[::-1][first : first + size]})

    return mutate


def _read_size(written: str) -> int:
    return int(written) if re.fullmatch("0*[1-9][0-9]*", written) else _PAGE_SIZE


def _ask_for(page: int, pairs: Pairs) -> Pairs:
    """Ask for a page of the largest size. Query and body are both changed, and the body wins."""
    return [pair for pair in pairs if pair[0] not in ("page", "max")] + [("page", str(page)), ("max", str(_LARGEST))]


def drop_last_item(tree: Tree) -> None:
    if (key := items_of(tree)) and len(tree[key]) > 1:
        tree[key].pop()


def claim_first_page(tree: Tree) -> None:
    tree["page"]["number"] = 1


def repeat_last_page(exchange: Exchange) -> Answer:
    """Answer a page beyond the end with the last page."""
    answer = forward_unchanged(exchange)
    tree = answer_tree(answer)
    if not isinstance(tree, dict) or "page" not in tree or int(tree["page"]["number"]) <= int(tree["page"]["count"]):
        return answer
    count = str(tree["page"]["count"])
    request = exchange.request.with_form(lambda pairs: [(k, count if k == "page" else value) for k, value in pairs])
    last = exchange.forward(request)
    return with_tree(last, {**answer_tree(last), "page": tree["page"]})
