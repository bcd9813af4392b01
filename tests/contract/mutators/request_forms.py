"""Mutators of requests: their verbs, paths, bodies and parameters."""

import re
from dataclasses import replace

from tests.contract.exchanges import Answer, Exchange, Mutator, Request, forward_unchanged
from tests.contract.mutators.combinators import change_requests


def disarm_stop(request: Request) -> Request:
    """Put a word before a handset's text, so that STOP is no opt-out."""
    if not request.path.endswith("/inbound"):
        return request
    return request.with_body(re.sub(rb'("text": ?")', rb"\1so ", request.body))


def refuse_get(exchange: Exchange) -> Answer:
    answer = forward_unchanged(exchange)
    return replace(answer, status=405, reason="Not Allowed") if exchange.request.line[0] == "GET" else answer


def refuse_other_paths(request: Request) -> Request:
    """Refuse paths with a version or double slashes."""
    return request if re.fullmatch(r"/[^/]+/*", request.path) else request.with_target("/nothing.json")


def refuse_last_slash(request: Request) -> Request:
    """Refuse paths with a slash after the extension."""
    return request.with_target("/nothing.json") if request.method and request.path.endswith("/") else request


def ignore_bodies(kind: str) -> Mutator:
    return change_requests(
        lambda request: request.with_body(b"") if request.header("content-type").startswith(kind) else request
    )


def ignore_query(request: Request) -> Request:
    """Ignore the query of a POST."""
    return request.with_target(request.path) if request.line[0] == "POST" else request


def refuse_booleans(*names: str) -> Mutator:
    """Refuse calls in which one of these parameters is `true` or `false`."""

    def refuse(request: Request) -> Request:
        given = {request.form.get(name, "").lower() for name in names}
        return (
            request.with_target("/get-sms.json?message_id=x").with_body(b"") if given & {"true", "false"} else request
        )

    return change_requests(refuse)


def ignore_dotted_names(request: Request) -> Request:
    return request.with_form(lambda pairs: [pair for pair in pairs if "." not in pair[0]])


def fill_blanks(request: Request) -> Request:
    """Give blank parameters a wrong value."""
    return request.with_form(lambda pairs: [(name, value or "-") for name, value in pairs])


def first_value_wins(request: Request) -> Request:
    """Keep the first value of a repeated parameter."""
    return request.with_form(lambda pairs: list(dict(reversed(pairs)).items()))
