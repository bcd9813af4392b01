"""Operations on the built-in receiver, an address for callbacks before there is an app.

It calls nothing, so the sandbox may call it.
"""

from hmac import compare_digest
from urllib.parse import parse_qsl, urlsplit

from ..domain.callbacks import signature
from ..domain.receiver import path_of
from ..domain.redaction import redact_url
from ..store import accounts, receivers
from ..store.paging import Paging
from ..store.receivers import Answer, Request
from .conversion import page_info, paging_of, shape_of
from .declare import Call, operation
from .errors import ControlError
from .shapes import receivers as shapes
from .shapes.primitives import Name, PageQuery


@operation("GET", "/receivers")
def list_receivers(call: Call) -> shapes.Receivers:
    """List the receivers that got something or have answers of their own.

    Any other name works, too: a receiver is there as soon as something is sent to its URL.
    """
    return shapes.Receivers([_shape(call, name) for name in receivers.list_names(call.db, call.tenant.id)])


@operation("GET", "/receivers/{receiver}")
def read_receiver(call: Call, receiver: Name) -> shapes.Receiver:
    """Return a receiver: the URL to give to the API, and how it answers."""
    return _shape(call, receiver)


@operation("PUT", "/receivers/{receiver}")
def change_receiver(call: Call, receiver: Name, body: shapes.ReceiverChange) -> shapes.Receiver:
    """Set how a receiver answers."""
    answer = Answer(body.status, body.body, round(body.delay_seconds * 1000))
    if not receivers.set_answer(call.db, call.tenant.id, receiver, answer):
        raise ControlError("conflict", f"{receivers.MAX_RECEIVERS} receivers have answers of their own; delete some.")
    return _shape(call, receiver)


@operation("GET", "/receivers/{receiver}/requests")
def list_received(call: Call, receiver: Name, query: PageQuery) -> shapes.ReceivedRequests:
    """List the requests that a receiver got, newest first. The last 200 of a tenant are kept."""
    page = receivers.list_page(call.db, call.tenant.id, paging_of(query), receiver)
    return shapes.ReceivedRequests(page_info(page), [_request(call, row) for row in page.rows])


@operation("DELETE", "/receivers/{receiver}")
def clear_receiver(call: Call, receiver: Name) -> shapes.ClearedReceiver:
    """Delete what a receiver got, and let it answer 200 again."""
    return shapes.ClearedReceiver(receivers.clear(call.db, call.tenant.id, receiver))


def _shape(call: Call, name: str) -> shapes.Receiver:
    answer = receivers.read_answer(call.db, call.tenant.id, name)
    count = receivers.list_page(call.db, call.tenant.id, Paging(1, 1), name).total
    url = call.context.info["http"] + path_of(call.tenant.name, name)
    return shapes.Receiver(name, url, answer.status, answer.body, answer.delay / 1000, count)


def _request(call: Call, row: Request) -> shapes.ReceivedRequest:
    params = dict(parse_qsl(urlsplit(row.url).query, keep_blank_values=True, errors="replace"))
    user = params.get("user_id", "")
    account = int(user) if user.isascii() and user.isdigit() and len(user) < 19 else 0
    secret = accounts.find_secret(call.db, call.tenant.id, account) or call.account.secret or ""
    given = row.headers.get("x-transmitsms-signature")
    return shape_of(
        shapes.ReceivedRequest,
        row,
        url=redact_url(row.url, secret),
        params=params,
        headers=dict(row.headers),
        is_signed=None if given is None else compare_digest(given.encode(), signature(row.url, secret).encode()),
    )


OPERATIONS = (list_receivers, read_receiver, change_receiver, list_received, clear_receiver)
