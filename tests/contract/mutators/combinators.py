"""How a mutation is written: what it does to calls, to the trees of answers, to their bytes, or to callbacks."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree

from sms_sandbox.api.render import Verbatim, to_json, to_xml
from tests.contract.exchanges import Answer, Exchange, Request, Spoil, faithfully

Tree = Any


# An answer as a tree, and back, byte for byte where nothing is changed


def tree_of(answer: Answer) -> Tree:
    """An answer as data; None for what is no answer of the API."""
    kind = answer.header("content-type")
    if kind.startswith("application/json"):
        return verbatim(json.loads(answer.plain))
    if kind.startswith("text/xml"):
        return inside(ElementTree.fromstring(answer.plain))  # noqa: S314 (the sandbox wrote it)
    return None


def verbatim(value: Any) -> Any:
    """Texts that stay texts however they look."""
    match value:
        case str():
            return Verbatim(value)
        case dict():
            return {key: verbatim(each) for key, each in value.items()}
        case list():
            return [verbatim(each) for each in value]
    return value


def inside(element: ElementTree.Element) -> Any:
    if len(element) == 0:
        return Verbatim(element.text or "")
    if all(child.tag == "item" for child in element):
        return [inside(child) for child in element]
    return {child.tag: inside(child) for child in element}


def with_tree(answer: Answer, tree: Tree) -> Answer:
    is_json = answer.header("content-type").startswith("application/json")
    return answer.with_plain((to_json if is_json else to_xml)(tree))


def mapped(value: Any, change: Callable[[str, Any], Any], key: str = "") -> Any:
    """A tree with each of its scalars changed, which is told with the key it stands under."""
    match value:
        case dict():
            return {name: mapped(each, change, name) for name, each in value.items()}
        case list():
            return [mapped(each, change, key) for each in value]
    return change(key, value)


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object of a tree, the outer before the inner."""
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(each)


def code_of(answer: Answer) -> str:
    """The code of an answer; blank where there is none."""
    tree = tree_of(answer)
    return str(tree["error"]["code"]) if isinstance(tree, dict) and "error" in tree else ""


# Kinds of mutations


def of(methods: str, spoil: Spoil) -> Spoil:
    """Only for calls of these methods, which are named with blanks between."""
    return lambda exchange: (spoil if exchange.request.method in methods.split() else faithfully)(exchange)


def but(method: str, spoil: Spoil) -> Spoil:
    """For calls of every method but one."""
    return lambda exchange: (faithfully if exchange.request.method == method else spoil)(exchange)


def answers(change: Callable[[Answer], Answer]) -> Spoil:
    """Change every answer."""
    return lambda exchange: change(faithfully(exchange))


def trees(change: Callable[[Tree], Tree]) -> Spoil:
    """Change the tree of every answer."""

    def spoil(exchange: Exchange) -> Answer:
        answer = faithfully(exchange)
        tree = tree_of(answer)
        return answer if tree is None else with_tree(answer, change(tree))

    return spoil


def successes(change: Callable[[Tree], Tree]) -> Spoil:
    """Change the tree of every success."""
    return trees(lambda tree: change(tree) if tree["error"]["code"] == "SUCCESS" else tree)


def refusals(change: Callable[[Tree], Tree]) -> Spoil:
    """Change the tree of every refusal."""
    return trees(lambda tree: tree if tree["error"]["code"] == "SUCCESS" else change(tree))


def scalars(change: Callable[[str, Any], Any]) -> Spoil:
    """Change every value of every success."""
    return successes(lambda tree: {**mapped({k: v for k, v in tree.items() if k != "error"}, change),
                                   "error": tree["error"]})  # fmt: skip


def named(*keys: str, into: Callable[[Any], Any]) -> Spoil:
    """Change the values under these keys, wherever they are."""
    return scalars(lambda key, value: into(value) if key in keys else value)


def bytes_(change: Callable[[bytes], bytes], only: str = "") -> Spoil:
    """Change the bytes of every answer of the API, or of those in one format."""

    def spoiled(answer: Answer) -> Answer:
        kind = answer.header("content-type")
        is_ours = kind.startswith(("application/json", "text/xml")) and only in kind
        return answer.with_plain(change(answer.plain)) if is_ours else answer

    return answers(spoiled)


def asked(change: Callable[[Request], Request]) -> Spoil:
    """Change every call."""
    return lambda exchange: exchange.forward(change(exchange.request))


def without(*names: str) -> Spoil:
    """Never read these parameters."""
    return asked(lambda request: request.with_form(lambda pairs: [pair for pair in pairs if pair[0] not in names]))


def rewritten(name: str, change: Callable[[str], str]) -> Spoil:
    """Read something else in a parameter than it says."""
    return asked(
        lambda request: request.with_form(lambda pairs: [(key, change(v) if key == name else v) for key, v in pairs])
    )


def other_accounts(exchange: Exchange, answer: Answer) -> Iterator[Answer]:
    """What the other accounts that have called would be answered, the newest first."""
    seen = exchange.memory.setdefault("accounts", [])
    own = exchange.request.header("authorization")
    if answer.status == 200 and own not in seen:
        seen.append(own)
    for each in reversed(seen):
        if each != own:
            yield exchange.forward(exchange.request.with_header("authorization", each))


def is_moment(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", value) is not None
