"""Ways to be wrong about pages."""

from collections.abc import Callable
from typing import Any

from tests.contract.exchanges import Answer, Exchange, Spoil, faithfully
from tests.contract.mutators.combinators import Tree, successes, tree_of, with_tree

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
