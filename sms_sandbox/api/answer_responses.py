"""The HTTP responses of answers: their status, headers and body."""

import gzip
import re
from functools import cache

from ..domain.profiles import Profile
from .answer import Answer
from .answered_call import ReceivedCall
from .http_responses import CompleteResponse, Headers

_GZIP = re.compile(rb"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))", re.IGNORECASE)

_EXPIRES = (b"expires", b"Thu, 19 Nov 1981 08:52:00 GMT")


def respond(call: ReceivedCall, answer: Answer) -> Answer:
    """Build the response to a call. Returns the answer with its rendered body."""
    if not answer.rendered:
        answer = answer._replace(rendered=call.render(answer.reply))
    # A broken body must be readable, so it is not compressed.
    encodings = b"" if answer.injected else call.encodings
    call.response = (
        build_response(answer, call.reply_type, answer.rendered, encodings, call.keeps_alive)
        if answer.gateway is None
        else answer.gateway.response()
    )
    return answer


def build_response(
    answer: Answer, content_type: str, body: bytes, encodings: bytes, keeps_alive: bool
) -> CompleteResponse:
    """Return status, headers and body. `encodings` is the Accept-Encoding header of the request."""
    billing = "Queries=1" if answer.billed is None else f"Queries=1; Messages={answer.billed}"
    headers = [*_usual_headers(answer.profile, content_type), (b"x-mashape-billing", billing.encode())]
    if keeps_alive:
        headers.append((b"connection", b"keep-alive"))
    if _GZIP.search(encodings):
        body = gzip.compress(body, compresslevel=1, mtime=0)
        headers += [(b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding")]
    if answer.code.status == 401:
        headers.append((b"www-authenticate", b'Basic realm="API"'))
    return {"status": answer.own_status, "headers": headers, "body": body}


@cache
def _usual_headers(profile: Profile, content_type: str) -> Headers:
    return [
        (b"server", profile.server.encode()),
        (b"content-type", content_type.encode()),
        _EXPIRES,
        (b"cache-control", profile.cache_control.encode()),
        (b"pragma", b"no-cache"),
    ]
