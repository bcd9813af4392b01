"""Mutators of refusals, and of the effects of calls."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from sms_sandbox.api.openapi import list_fields
from sms_sandbox.api.routes import load_methods
from tests.contract.exchanges import Answer, Exchange, Mutator, forward_unchanged
from tests.contract.mutators.combinators import Tree, answer_tree, change_refusals, code_of, for_methods, with_tree

SUCCESS = {"code": "SUCCESS", "description": "OK"}


def replace_description(tree: Tree) -> Tree:
    if isinstance(tree["error"]["description"], str):
        tree["error"]["description"] = "Something went wrong."
    return tree


def replace_code(old: str, new: str) -> Mutator:
    def change(tree: Tree) -> Tree:
        if tree["error"]["code"] == old:
            tree["error"]["code"] = new
        return tree

    return change_refusals(change)


def describe_in_a_sentence(tree: Tree) -> Tree:
    if not isinstance(tree["error"]["description"], str):
        tree["error"]["description"] = "No valid recipients left after validation."
    return tree


def list_recipients_as_before(tree: Tree) -> Tree:
    """Leave out of `fails` who opted out, and the reason."""
    described = tree["error"]["description"]
    if isinstance(described, dict):
        optouts = described["optouts"] or []
        fails = [number for number in described["fails"] if number not in optouts]
        tree["error"]["description"] = {"fails": fails, "optouts": described["optouts"]}
    return tree


def change_recipients(change: Callable[[Any], Any]) -> Mutator:
    """Change every number of RECIPIENTS_ERROR."""

    def change_lists(tree: Tree) -> Tree:
        described = tree["error"]["description"]
        for name in ("fails", "optouts") if isinstance(described, dict) else ():
            described[name] = [change(number) for number in described[name] or ()]
        return tree

    return change_refusals(change_lists)


def drop_reason(tree: Tree) -> Tree:
    if isinstance(tree["error"]["description"], dict):
        tree["error"]["description"].pop("reason", None)
    return tree


def accept_instead(method: str, code: str, tree: Callable[[Mapping[str, str]], Tree]) -> Mutator:
    """Answer with a success if the sandbox refuses with a code."""

    def mutate(exchange: Exchange) -> Answer:
        answer = forward_unchanged(exchange)
        if code_of(answer) != code:
            return answer
        return replace(with_tree(answer, {**tree(exchange.request.form), "error": SUCCESS}), status=200, reason="OK")

    return for_methods(method, mutate)


def pretend(method: str, tree: Callable[[Mapping[str, str]], Tree]) -> Mutator:
    """Answer with a success without making the call."""

    def mutate(exchange: Exchange) -> Answer:
        request = exchange.request
        balance = exchange.forward(request.with_target(f"/get-balance.{request.path.rpartition('.')[2]}"))
        return with_tree(balance, {**tree(request.form), "error": SUCCESS}) if balance.status == 200 else balance

    return for_methods(method, mutate)


@cache
def known_names(method: str) -> frozenset[str]:
    return frozenset(list_fields(load_methods()[method]))


def refuse_unknown_parameters(exchange: Exchange) -> Answer:
    """Refuse calls with unknown parameters."""
    request = exchange.request
    if request.method not in load_methods() or set(request.form) <= known_names(request.method):
        return forward_unchanged(exchange)
    return exchange.forward(request.with_target("/get-sms.json?message_id=x").with_body(b""))


def pretend_to_cancel(exchange: Exchange) -> Answer:
    """Answer that a scheduled message is cancelled, but send it."""
    request = exchange.request
    ending = request.path.rpartition(".")[2]
    message_id = request.form.get("id", request.form.get("message_id", ""))
    message = exchange.forward(request.with_target(f"/get-sms.{ending}?message_id={message_id}"))
    tree = answer_tree(message)
    cancelled, scheduled = exchange.memory.setdefault("cancelled", set()), exchange.memory.get("scheduled", ())
    if code_of(message) != "SUCCESS" or message_id in cancelled or message_id not in scheduled:
        return forward_unchanged(exchange)
    cancelled.add(message_id)
    return with_tree(message, {"success": "OK", "error": tree["error"]})


def cancel_nothing(exchange: Exchange) -> Answer:
    """Cancel no message. Scheduled messages are remembered from their send-sms."""
    if exchange.request.method == "cancel-sms":
        return pretend_to_cancel(exchange)
    answer = forward_unchanged(exchange)
    if exchange.request.method == "send-sms" and code_of(answer) == "SUCCESS" and exchange.request.form.get("send_at"):
        exchange.memory.setdefault("scheduled", set()).add(str(answer_tree(answer)["message_id"]))
    return answer
