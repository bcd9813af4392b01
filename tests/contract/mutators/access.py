"""Ways to be wrong about who is let in, and what they see."""

import time

from tests.contract.exchanges import Answer, Exchange, Spoil, faithfully
from tests.contract.mutators.combinators import code_of, other_accounts, tree_of, with_tree
from tests.sandbox import basic


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
