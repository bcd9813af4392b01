"""Ways to be wrong about how calls are read."""

import re
from dataclasses import replace

from tests.contract.exchanges import Answer, Exchange, Request, Spoil, faithfully
from tests.contract.mutators.combinators import asked


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
