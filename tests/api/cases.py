"""A world with something of everything, and calls in it that meet every reply and every refusal of each method."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sms_sandbox.api.errors import Code
from sms_sandbox.store import contacts
from sms_sandbox.store.world import OWN_NUMBER
from tests.api.acts import advance, neighbours_call, reply
from tests.conftest import Caller, World

TO = "61491570156"
LATER = "2999-01-01"

CHECKED = [
    "send-sms", "cancel-sms", "format-number", "get-sms", "get-sms-stats", "get-sms-sent", "get-sms-delivery-status",
    "get-sms-responses", "get-user-sms-responses", "get-user-sms-sent", "get-balance", "get-numbers", "add-list",
    "add-to-list", "get-list", "get-lists",
]  # fmt: skip
"""Methods of which there are cases here."""


@dataclass(frozen=True)
class Scene:
    """A world with something of everything in it."""

    sent: int
    scheduled: int
    foreign: int
    crowd: int
    rich: int
    empty: int
    foreign_list: int


def scene_in(world: World) -> Scene:
    call, other = Caller(world.store), neighbours_call(world)
    crowd = call.ok("add-list", name="crowd")["id"]
    rich = call.ok("add-list", name="rich", field_1="Email", field_3="Post Code")["id"]
    for number in range(61491570150, 61491570158):
        call.ok("add-to-list", list_id=crowd, msisdn=number, first_name="Kim")
    call.ok("add-to-list", list_id=rich, msisdn=TO, field_3="06000")
    message = "Hi [firstname] [tracked-link]"
    sent = call.ok("send-sms", message=message, list_id=crowd, tracked_link_url="https://a.example")["message_id"]
    advance(world, seconds=2)
    reply(world, "61491570151", "stop")
    reply(world, "61491570152", "thanks")
    reply(world, "61491570159", "0042", to=OWN_NUMBER)
    with world.store.begin() as db:
        contacts.leave(db, world.tenant, crowd, "61491570153", contacts.DELETED)
    return Scene(
        sent=sent,
        scheduled=call.ok("send-sms", message="later", to=TO, send_at=LATER)["message_id"],
        foreign=other.ok("send-sms", message="theirs", to=TO)["message_id"],
        crowd=crowd,
        rich=rich,
        empty=call.ok("add-list", name="empty")["id"],
        foreign_list=other.ok("add-list", name="theirs")["id"],
    )


Form = Mapping[str, Any]
HELLO = {"message": "hi"}

REFUSED: dict[tuple[str, Code], Callable[[Scene], Form]] = {
    ("send-sms", Code.FIELD_EMPTY): lambda _: {"to": TO},
    ("send-sms", Code.FIELD_INVALID): lambda _: HELLO,
    ("send-sms", Code.NOT_FOUND): lambda _: {**HELLO, "list_id": 1},
    ("send-sms", Code.NO_ACCESS): lambda at: {**HELLO, "list_id": at.foreign_list},
    ("send-sms", Code.BAD_CALLER_ID): lambda _: {**HELLO, "to": TO, "from": "BadCallerId"},
    ("send-sms", Code.LIST_EMPTY): lambda at: {**HELLO, "list_id": at.empty},
    ("send-sms", Code.RECIPIENTS_ERROR): lambda _: {**HELLO, "to": "61491570151"},
    ("send-sms", Code.LEDGER_ERROR): lambda _: {**HELLO, "to": TO},
    ("cancel-sms", Code.FIELD_EMPTY): lambda _: {},
    ("cancel-sms", Code.FIELD_INVALID): lambda _: {"id": "x"},
    ("cancel-sms", Code.NOT_FOUND): lambda _: {"id": 1},
    ("cancel-sms", Code.NO_ACCESS): lambda at: {"id": at.foreign},
    ("cancel-sms", Code.ALREADY_SENT): lambda at: {"id": at.sent},
    ("format-number", Code.FIELD_EMPTY): lambda _: {},
    ("format-number", Code.FIELD_INVALID): lambda _: {"msisdn": "x", "countrycode": "AU"},
    ("get-sms-responses", Code.FIELD_EMPTY): lambda _: {},
    ("get-sms-responses", Code.FIELD_INVALID): lambda _: {"keyword": "NEWS"},
    ("get-user-sms-responses", Code.FIELD_INVALID): lambda _: {"start": "x"},
    ("get-user-sms-sent", Code.FIELD_EMPTY): lambda _: {},
    ("get-user-sms-sent", Code.FIELD_INVALID): lambda _: {"start": "x", "end": "y"},
    ("get-numbers", Code.FIELD_INVALID): lambda _: {"filter": "x" * 300},
    ("add-list", Code.FIELD_EMPTY): lambda _: {},
    ("add-list", Code.FIELD_INVALID): lambda _: {"name": "x" * 300},
    ("add-list", Code.KEY_EXISTS): lambda _: {"name": "crowd"},
    ("get-lists", Code.FIELD_INVALID): lambda _: {"response_style": "\x00"},
    ("add-to-list", Code.BAD_MOBILE): lambda at: {"list_id": at.crowd, "msisdn": "x"},
    ("add-to-list", Code.BAD_MOBILE_COUNTRY): lambda at: {"list_id": at.crowd, "msisdn": TO, "countrycode": "x"},
    ("add-to-list", Code.KEY_EXISTS): lambda at: {"list_id": at.crowd, "msisdn": TO},
    ("add-to-list", Code.OPTOUT): lambda at: {"list_id": at.crowd, "msisdn": "61491570151"},
    ("add-to-list", Code.DUPLICATE_DELETED): lambda at: {"list_id": at.crowd, "msisdn": "61491570153"},
}  # fmt: skip
for name in ("get-sms", "get-sms-stats", "get-sms-sent", "get-sms-delivery-status", "get-sms-responses"):
    REFUSED.setdefault((name, Code.FIELD_EMPTY), lambda _: {"msisdn": TO})
    REFUSED.setdefault((name, Code.FIELD_INVALID), lambda _: {"message_id": "x", "msisdn": TO})
    REFUSED[name, Code.NOT_FOUND] = lambda _: {"message_id": 1, "msisdn": TO}
    REFUSED[name, Code.NO_ACCESS] = lambda at: {"message_id": at.foreign, "msisdn": TO}
for name in ("get-list", "add-to-list"):
    REFUSED[name, Code.FIELD_EMPTY] = lambda _: {"msisdn": TO}
    REFUSED[name, Code.FIELD_INVALID] = lambda _: {"list_id": "x", "msisdn": TO}
    REFUSED[name, Code.NOT_FOUND] = lambda _: {"list_id": 1, "msisdn": TO}
    REFUSED[name, Code.NO_ACCESS] = lambda at: {"list_id": at.foreign_list, "msisdn": TO}

UNREACHABLE = {
    ("get-balance", Code.FIELD_EMPTY): "it has no parameters",
    ("get-balance", Code.FIELD_INVALID): "it has no parameters, but for a body that can not be read",
    ("get-lists", Code.FIELD_EMPTY): "none of its parameters is required",
    ("get-numbers", Code.FIELD_EMPTY): "none of its parameters is required",
    ("get-user-sms-responses", Code.FIELD_EMPTY): "none of its parameters is required",
}
"""Codes that the parameters of every method may be refused with, but not of these."""


SPAN = {"start": "2020-01-01", "end": LATER}
ANSWERED: list[tuple[str, Callable[[Scene], Form]]] = [
    ("send-sms", lambda _: {**HELLO, "to": TO}),
    ("send-sms", lambda at: {**HELLO, "list_id": at.crowd}),
    ("cancel-sms", lambda at: {"id": at.scheduled}),
    ("format-number", lambda _: {"msisdn": "0491570126", "countrycode": "AU"}),
    ("format-number", lambda _: {"msisdn": "12345", "countrycode": "AU"}),
    ("get-sms", lambda at: {"message_id": at.sent}),
    ("get-sms", lambda at: {"message_id": at.scheduled}),
    ("get-sms-stats", lambda at: {"message_id": at.sent}),
    ("get-sms-sent", lambda at: {"message_id": at.sent}),
    ("get-sms-sent", lambda at: {"message_id": at.scheduled, "list_id": at.rich}),
    ("get-sms-sent", lambda at: {"message_id": at.sent, "delivery": "pending"}),
    ("get-sms-delivery-status", lambda at: {"message_id": at.sent, "msisdn": TO}),
    ("get-sms-delivery-status", lambda at: {"message_id": at.scheduled, "msisdn": TO}),
    ("get-sms-responses", lambda at: {"message_id": at.sent, "include_original": 1}),
    ("get-sms-responses", lambda at: {"message_id": at.scheduled}),
    ("get-user-sms-responses", lambda _: {}),
    ("get-user-sms-responses", lambda _: {"include_original": "yes"}),
    ("get-user-sms-responses", lambda _: {"page": 9}),
    ("get-user-sms-sent", lambda _: SPAN),
    ("get-user-sms-sent", lambda _: {**SPAN, "msisdn": 1}),
    ("get-balance", lambda _: {}),
    ("get-numbers", lambda _: {}),
    ("get-numbers", lambda _: {"filter": "available"}),
    ("get-numbers", lambda _: {"page": 9}),
    ("add-list", lambda _: {"name": "a"}),
    ("add-list", lambda _: {"name": "b", "field_1": "Email"}),
    ("add-list", lambda _: {"name": "c", "field_1": "Email", "response_style": "array"}),
    ("add-to-list", lambda at: {"list_id": at.empty, "msisdn": TO}),
    ("add-to-list", lambda at: {"list_id": at.rich, "msisdn": "61491570151", "field_1": "x"}),
    ("add-to-list", lambda at: {"list_id": at.rich, "msisdn": "61491570152", "response_style": "array"}),
    ("get-list", lambda at: {"list_id": at.crowd, "members": "all"}),
    ("get-list", lambda at: {"list_id": at.rich}),
    ("get-list", lambda at: {"list_id": at.rich, "response_style": "array"}),
    ("get-list", lambda at: {"list_id": at.crowd, "members": "none"}),
    ("get-lists", lambda _: {}),
    ("get-lists", lambda _: {"response_style": "array"}),
    ("get-lists", lambda _: {"page": 9}),
]
