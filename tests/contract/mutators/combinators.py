"""Combinators that build mutators: from changes of calls, of answers' trees, or of their bytes."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree

from sms_sandbox.api.render import Verbatim, to_json, to_xml
from tests.contract.exchanges import Answer, Exchange, Mutator, Request, forward_unchanged

Tree = Any


# An answer as a tree, and back. Unchanged trees give the same bytes.


def answer_tree(answer: Answer) -> Tree:
    """Return an answer of the API as data, or None for other answers."""
    kind = answer.header("content-type")
    if kind.startswith("application/json"):
        return as_verbatim(json.loads(answer.plain))
    if kind.startswith("text/xml"):
        return element_value(ElementTree.fromstring(answer.plain))  # noqa: S314 (the sandbox wrote it)
    return None


def as_verbatim(value: Any) -> Any:
    """Mark all strings, so that numeric texts stay strings."""
    match value:
        case str():
            return Verbatim(value)
        case dict():
            return {key: as_verbatim(item) for key, item in value.items()}
        case list():
            return [as_verbatim(item) for item in value]
    return value


def element_value(element: ElementTree.Element) -> Any:
    if len(element) == 0:
        return Verbatim(element.text or "")
    if all(child.tag == "item" for child in element):
        return [element_value(child) for child in element]
    return {child.tag: element_value(child) for child in element}


def with_tree(answer: Answer, tree: Tree) -> Answer:
    is_json = answer.header("content-type").startswith("application/json")
    return answer.with_plain((to_json if is_json else to_xml)(tree))


def map_scalars(value: Any, change: Callable[[str, Any], Any], key: str = "") -> Any:
    """Change all scalars of a tree. `change` gets the key and the value."""
    match value:
        case dict():
            return {name: map_scalars(item, change, name) for name, item in value.items()}
        case list():
            return [map_scalars(item, change, key) for item in value]
    return change(key, value)


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield all objects of a tree, outer ones first."""
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(item)


def code_of(answer: Answer) -> str:
    """Return the code of an answer, or a blank if there is none."""
    tree = answer_tree(answer)
    return str(tree["error"]["code"]) if isinstance(tree, dict) and "error" in tree else ""


# Mutators


def for_methods(methods: str, mutate: Mutator) -> Mutator:
    """Apply a mutator only to these methods, separated by spaces."""
    return lambda exchange: (mutate if exchange.request.method in methods.split() else forward_unchanged)(exchange)


def except_method(method: str, mutate: Mutator) -> Mutator:
    """Apply a mutator to all methods but one."""
    return lambda exchange: (forward_unchanged if exchange.request.method == method else mutate)(exchange)


def change_answers(change: Callable[[Answer], Answer]) -> Mutator:
    """Change every answer."""
    return lambda exchange: change(forward_unchanged(exchange))


def change_trees(change: Callable[[Tree], Tree]) -> Mutator:
    """Change the tree of every answer."""

    def mutate(exchange: Exchange) -> Answer:
        answer = forward_unchanged(exchange)
        tree = answer_tree(answer)
        return answer if tree is None else with_tree(answer, change(tree))

    return mutate


def change_successes(change: Callable[[Tree], Tree]) -> Mutator:
    """Change the tree of every success."""
    return change_trees(lambda tree: change(tree) if tree["error"]["code"] == "SUCCESS" else tree)


def change_refusals(change: Callable[[Tree], Tree]) -> Mutator:
    """Change the tree of every refusal."""
    return change_trees(lambda tree: tree if tree["error"]["code"] == "SUCCESS" else change(tree))


def change_scalars(change: Callable[[str, Any], Any]) -> Mutator:
    """Change every value of every success."""

    def change_payload(tree: Tree) -> Tree:
        payload = {key: value for key, value in tree.items() if key != "error"}
        return {**map_scalars(payload, change), "error": tree["error"]}

    return change_successes(change_payload)


def change_keys(*keys: str, into: Callable[[Any], Any]) -> Mutator:
    """Change the values of these keys at any depth."""
    return change_scalars(lambda key, value: into(value) if key in keys else value)


def change_bytes(change: Callable[[bytes], bytes], only: str = "") -> Mutator:
    """Change the bytes of all answers of the API, or of those in one format."""

    def change_body(answer: Answer) -> Answer:
        kind = answer.header("content-type")
        is_api = kind.startswith(("application/json", "text/xml")) and only in kind
        return answer.with_plain(change(answer.plain)) if is_api else answer

    return change_answers(change_body)


def change_requests(change: Callable[[Request], Request]) -> Mutator:
    """Change every call."""
    return lambda exchange: exchange.forward(change(exchange.request))


def ignore_parameters(*names: str) -> Mutator:
    """Remove these parameters from every call."""
    return change_requests(
        lambda request: request.with_form(lambda pairs: [pair for pair in pairs if pair[0] not in names])
    )


def rewrite_parameter(name: str, change: Callable[[str], str]) -> Mutator:
    """Change the value of a parameter in every call."""
    return change_requests(
        lambda request: request.with_form(lambda pairs: [(key, change(v) if key == name else v) for key, v in pairs])
    )


def answers_for_other_accounts(exchange: Exchange, answer: Answer) -> Iterator[Answer]:
    """Yield the answers that other accounts would get for this call. The newest account comes first."""
    accounts = exchange.memory.setdefault("accounts", [])
    own = exchange.request.header("authorization")
    if answer.status == 200 and own not in accounts:
        accounts.append(own)
    for account in reversed(accounts):
        if account != own:
            yield exchange.forward(exchange.request.with_header("authorization", account))


def is_moment(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", value) is not None
