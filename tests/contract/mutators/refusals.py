"""Ways to be wrong about what is refused, and how, and about what is carried out."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

from sms_sandbox.api.openapi import list_fields
from sms_sandbox.api.routes import methods
from tests.contract.exchanges import Answer, Exchange, Spoil, faithfully
from tests.contract.mutators.combinators import Tree, code_of, of, refusals, tree_of, with_tree

SUCCESS = {"code": "SUCCESS", "description": "OK"}


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
    return frozenset(list_fields(methods()[method]))


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
