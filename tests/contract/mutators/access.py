"""Mutators of authentication, the throttle, and the isolation of accounts."""

import time

from tests.contract.exchanges import Answer, Exchange, Mutator, forward_unchanged
from tests.contract.mutators.combinators import answer_tree, answers_for_other_accounts, code_of, with_tree
from tests.sandbox import basic


def accept_refused(*codes: str) -> Mutator:
    """Accept calls that are refused with these codes, as the last account that called."""

    def mutate(exchange: Exchange) -> Answer:
        answer = forward_unchanged(exchange)
        if code_of(answer) == "SUCCESS":
            exchange.memory["known"] = exchange.request.header("authorization")
        elif code_of(answer) in codes and "known" in exchange.memory:
            return exchange.forward(exchange.request.with_header("authorization", exchange.memory["known"]))
        return answer

    return mutate


def accept_credentials_in_form(exchange: Exchange) -> Answer:
    """Accept key and secret as parameters, if there is no header."""
    form = exchange.request.form
    if exchange.request.header("authorization") or not {"key", "secret"} <= form.keys():
        return forward_unchanged(exchange)
    header = basic(form["key"], form["secret"])["Authorization"]
    return exchange.forward(exchange.request.with_header("authorization", header))


def wait_instead_of_refusing(exchange: Exchange) -> Answer:
    """Retry until the throttle lets the call pass."""
    while (answer := forward_unchanged(exchange)).status == 429:
        time.sleep(0.05)
    return answer


def throttle_forever(exchange: Exchange) -> Answer:
    """Keep refusing an account that was over the limit once."""
    own = exchange.request.header("authorization")
    answer: Answer = exchange.memory.get(own) or forward_unchanged(exchange)
    if answer.status == 429:
        exchange.memory[own] = answer
    return answer


def leak(*codes: str) -> Mutator:
    """Give an account that is refused with these codes the answer of another account."""

    def mutate(exchange: Exchange) -> Answer:
        answer = forward_unchanged(exchange)
        others = answers_for_other_accounts(exchange, answer)
        if exchange.request.method.startswith("get-") and code_of(answer) in codes:
            return next((other for other in others if other.status == 200), answer)
        next(others, None)
        return answer

    return mutate


def list_rows_of_others(method: str, key: str) -> Mutator:
    """Add the rows of other accounts to a method's own rows."""

    def mutate(exchange: Exchange) -> Answer:
        answer = forward_unchanged(exchange)
        others = answers_for_other_accounts(exchange, answer)
        if exchange.request.method != method or code_of(answer) != "SUCCESS":
            next(others, None)
            return answer
        tree = answer_tree(answer)
        rows = [row for other in others for row in answer_tree(other).get(key, ())]
        error = tree.pop("error")
        return with_tree(answer, {**tree, key: [*tree.get(key, []), *rows], "error": error}) if rows else answer

    return mutate
