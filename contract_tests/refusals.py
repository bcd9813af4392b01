"""Calls for every documented code of every method (3.1, 13.1), with the expected descriptions."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .codes import (
    CLIENT_METHODS,
    DESCRIPTIONS,
    INVALID,
    METHODS_SAYING_REQUIRED,
    NO_CONTACT,
    NO_MESSAGE,
    NOT_LEASED,
    NOT_NUMERIC,
    RESELLERS,
)
from .grants import NOTHING, SANDBOX, STATE, Need
from .scene import DELETED, GYM, HANDSETS, OPTED_OUT, REPLYING, Scene

Form = dict[str, Any]

UNKNOWN_ID = 999_999_999_999
"""An id that does not exist."""

UNKNOWN_NUMBER = "61491570999"
FILE = "https://example.com/contacts.csv"
NO_ACCESS = DESCRIPTIONS["NO_ACCESS"][2]
NO_RESOURCE = DESCRIPTIONS["NOT_FOUND"][2]


@dataclass(frozen=True)
class Case:
    """A call that must be refused. `variant` distinguishes several cases of one code."""

    method: str
    code: str
    form: Callable[[Scene], Form]
    description: str | None
    need: Need
    variant: str = ""
    by_client: bool = False
    """True if a client makes the call. It is not a reseller, and has no money."""

    @property
    def name(self) -> str:
        return f"{self.method}-{self.code}{f'-{self.variant}' if self.variant else ''}"


def fixed(**form: Any) -> Callable[[Scene], Form]:
    """Return a form that does not depend on the scene."""
    return lambda _: form


def empty_text(method: str, field: str) -> str:
    """Return the description of FIELD_EMPTY for a field."""
    return DESCRIPTIONS["FIELD_EMPTY"][method in METHODS_SAYING_REQUIRED].format(field=field)


def message_cases() -> Iterator[Case]:
    """Cases of methods that name a message."""
    for method in ("get-sms", "get-sms-stats", "get-sms-sent", "get-sms-responses", "get-sms-delivery-status",
                   "get-message-log", "get-link-hits", "cancel-sms"):  # fmt: skip
        field, need = ("id", STATE) if method == "cancel-sms" else ("message_id", NOTHING)
        more: Form = {"msisdn": HANDSETS[5], "mobile": HANDSETS[5]} if method != "get-sms-responses" else {}

        def by(value: Any, field: str = field, more: Form = more) -> Callable[[Scene], Form]:
            return lambda scene: {
                field: scene[value] if value in ("their_message", "their_scheduled") else value,
                **more,
            }

        yield Case(method, "FIELD_EMPTY", fixed(**more), empty_text(method, field), need)
        yield Case(method, "FIELD_EMPTY", by(""), empty_text(method, field), need, "blank")
        yield Case(method, "FIELD_INVALID", by("x"), NOT_NUMERIC.format(field=field), need)
        yield Case(method, "NOT_FOUND", by(UNKNOWN_ID), NO_MESSAGE, need)
        theirs = "their_scheduled" if method == "cancel-sms" else "their_message"
        yield Case(method, "NO_ACCESS", by(theirs), DESCRIPTIONS["NO_ACCESS"][1], SANDBOX)
    yield Case("cancel-sms", "ALREADY_SENT", lambda scene: {"id": scene["sent"]}, None, SANDBOX, "sent")
    yield Case("cancel-sms", "ALREADY_SENT", lambda scene: {"id": scene["cancelled"]}, None, SANDBOX, "cancelled")
    for method, field in (("get-sms-delivery-status", "msisdn"), ("get-message-log", "mobile")):
        yield Case(method, "FIELD_EMPTY", lambda scene: {"message_id": scene.known.need("message")},
                   empty_text(method, field), NOTHING, field)  # fmt: skip

        def elsewhere(scene: Scene, field: str = field) -> Form:
            return {"message_id": scene.known.need("message"), field: HANDSETS[5]}

        yield Case(method, "NOT_FOUND", elsewhere, NO_RESOURCE, SANDBOX, "handset")


def send_cases() -> Iterator[Case]:
    """Cases of send-sms and format-number."""
    hi = {"message": "hi"}
    to = {"to": REPLYING}
    either = "You must provide either 'list_id' or 'to'"

    def send(code: str, variant: str, description: str | None = None, need: Need = STATE, /, **form: Any) -> Case:
        return Case("send-sms", code, fixed(**form), description, need, variant)

    yield send("FIELD_EMPTY", "message", empty_text("send-sms", "message"))
    yield send("FIELD_EMPTY", "message first", empty_text("send-sms", "message"), SANDBOX, **to)
    yield send("FIELD_INVALID", "neither", either, **hi)
    yield send("FIELD_INVALID", "fillers", either, **hi, to="", list_id=0, send_at="", validity=0)
    yield send("FIELD_INVALID", "list", NOT_NUMERIC.format(field="list_id"), **hi, list_id="x")
    yield send("FIELD_INVALID", "send_at", INVALID, SANDBOX, **hi, **to, send_at="tomorrow")
    yield send("FIELD_INVALID", "validity", NOT_NUMERIC.format(field="validity"), SANDBOX, **hi, **to, validity="long")
    yield send("FIELD_INVALID", "callback", INVALID, SANDBOX, **hi, **to, dlr_callback="nonsense")
    yield send("FIELD_INVALID", "five parts", INVALID, SANDBOX, **to, message="x" * 613)
    yield send("FIELD_INVALID", "five parts of UCS-2", INVALID, SANDBOX, **to, message="漢" * 269)
    yield send("FIELD_INVALID", "501 numbers", INVALID, SANDBOX, **hi, to=",".join([REPLYING] * 501))
    yield send("NOT_FOUND", "list", NO_RESOURCE, SANDBOX, **hi, list_id=UNKNOWN_ID)
    yield Case("send-sms", "NO_ACCESS", lambda scene: {**hi, "list_id": scene["their_list"]}, NO_ACCESS, SANDBOX)
    yield Case("send-sms", "LIST_EMPTY", lambda scene: {**hi, "list_id": scene["empty"]}, None, SANDBOX)
    yield send("BAD_CALLER_ID", "long", None, SANDBOX, **hi, **to, from_="TwelveLetter")
    yield send("BAD_CALLER_ID", "blank", None, SANDBOX, **hi, **to, from_="My Shop")
    yield send("BAD_CALLER_ID", "not ours", None, SANDBOX, **hi, **to, from_="61491570129")
    yield send("BAD_CALLER_ID", "too many digits", None, SANDBOX, **hi, **to, from_="1" * 16)
    yield send("RECIPIENTS_ERROR", "no number", None, SANDBOX, **hi, to="0491570007x")
    yield send("RECIPIENTS_ERROR", "stopped", None, SANDBOX, **hi, to=HANDSETS[1])
    number = {"msisdn": "0491570156", "countrycode": "AU"}
    for field in number:
        given = {name: value for name, value in number.items() if name != field}
        yield Case("format-number", "FIELD_EMPTY", fixed(**given), empty_text("format-number", field), NOTHING, field)
    yield Case("format-number", "FIELD_INVALID", fixed(**{**number, "msisdn": "x"}), INVALID, NOTHING, "number")
    yield Case("format-number", "FIELD_INVALID", fixed(**{**number, "countrycode": "XX"}), INVALID, NOTHING, "country")


def report_cases() -> Iterator[Case]:
    """Cases of reports over a time span, and of message-reply."""
    for method in ("get-user-sms-responses", "get-user-sms-sent", "get-sms-sent-count", "get-message-report"):
        yield Case(method, "FIELD_INVALID", fixed(start="x", end="2020-01-01"), INVALID, NOTHING, "start")
    for field, other in (("start", "end"), ("end", "start")):
        only = fixed(**{other: "2020-01-01"})
        yield Case("get-user-sms-sent", "FIELD_EMPTY", only, empty_text("get-user-sms-sent", field), NOTHING, field)
    spans = {"get-sms-sent-count": "2020-01-09", "get-message-report": "2020-02-01"}
    for method, end in spans.items():
        yield Case(method, "FIELD_INVALID", fixed(start="2020-01-01", end=end), INVALID, NOTHING, "too long")
        yield Case(method, "FIELD_INVALID", fixed(start="2020-01-05", end="2020-01-01"), INVALID, NOTHING, "backwards")
    yield Case("get-message-report", "FIELD_INVALID", fixed(type="x"), INVALID, NOTHING, "type")
    yield Case("get-message-report", "NOT_FOUND", fixed(list_id=UNKNOWN_ID), NO_RESOURCE, NOTHING)
    yield Case("get-message-report", "NO_ACCESS", lambda scene: {"list_id": scene["their_list"]}, NO_ACCESS, SANDBOX)
    mobile = empty_text("get-contact-sms-stats", "mobile")
    yield Case("get-contact-sms-stats", "FIELD_EMPTY", fixed(), mobile, NOTHING)
    yield Case("get-contact-sms-stats", "FIELD_INVALID", fixed(mobile="x"), INVALID, NOTHING)
    keyword = "If you provide 'keyword', you must provide 'number'"
    yield Case("get-sms-responses", "FIELD_INVALID", fixed(keyword="NEWS"), keyword, NOTHING, "keyword")
    wrong = NOT_NUMERIC.format(field="keyword_id")
    yield Case("get-sms-responses", "FIELD_INVALID", fixed(keyword_id="x"), wrong, NOTHING, "keyword_id")
    reply = {"message": "hi", "from": REPLYING, "to": "61491570129"}
    for field in reply:
        given = {name: value for name, value in reply.items() if name != field}
        yield Case("message-reply", "FIELD_EMPTY", fixed(**given), empty_text("message-reply", field), SANDBOX, field)


def list_cases() -> Iterator[Case]:
    """Cases of lists and their members."""
    yield Case("add-list", "FIELD_EMPTY", fixed(), empty_text("add-list", "name"), STATE)
    taken = DESCRIPTIONS["KEY_EXISTS"][2]
    yield Case("add-list", "KEY_EXISTS", fixed(name="crowd"), taken, SANDBOX)
    yield Case("add-contacts-bulk", "KEY_EXISTS", fixed(name="crowd", file_url=FILE), taken, SANDBOX)
    yield Case("add-field-to-list", "MISSING_PARAM", lambda scene: {"list_id": scene["rich"]}, None, SANDBOX)
    members = ("add-to-list", "edit-list-member", "get-contact", "delete-from-list", "optout-list-member")
    lists = ("get-list", "remove-list", "add-field-to-list", "set-list-callback", "add-contacts-bulk",
             "add-contacts-bulk-progress")  # fmt: skip
    more = {"msisdn": REPLYING, "file_url": FILE, "field_1": "a"}
    for method in (*members, *lists):
        reads = method in ("get-list", "get-contact", "add-contacts-bulk-progress")
        need = NOTHING if reads else SANDBOX if method == "add-contacts-bulk" else STATE
        if method not in ("delete-from-list", "optout-list-member"):
            yield Case(method, "FIELD_EMPTY", fixed(**more), empty_text(method, "list_id"), need, "list")
        wrong = NOT_NUMERIC.format(field="list_id")
        yield Case(method, "FIELD_INVALID", fixed(**more, list_id="x"), wrong, need, "list")
        yield Case(method, "NOT_FOUND", fixed(**more, list_id=UNKNOWN_ID), NO_RESOURCE, need, "list")
        yield Case(method, "NO_ACCESS", lambda scene: {**more, "list_id": scene["their_list"]}, NO_ACCESS, SANDBOX)
    for url in ("nonsense", "ftp://example.com/list"):
        yield Case("set-list-callback", "FIELD_INVALID", lambda scene, url=url: {"list_id": scene["rich"], "url": url},  # type: ignore[misc]
                   INVALID, SANDBOX, url.partition(":")[0])  # fmt: skip

    def in_crowd(**more: Any) -> Callable[[Scene], Form]:
        return lambda scene: {"list_id": scene["crowd"], **more}

    for method in members:
        yield Case(method, "FIELD_EMPTY", in_crowd(), empty_text(method, "msisdn"), SANDBOX, "number")
        if method != "add-to-list":
            yield Case(method, "NOT_FOUND", in_crowd(msisdn=UNKNOWN_NUMBER), NO_CONTACT, SANDBOX, "number")
    yield Case("delete-from-list", "NOT_FOUND", in_crowd(msisdn=DELETED), NO_CONTACT, SANDBOX, "deleted")
    yield Case("add-to-list", "KEY_EXISTS", in_crowd(msisdn=REPLYING), DESCRIPTIONS["KEY_EXISTS"][1], SANDBOX)
    contacts = {
        "BAD_MOBILE": {"msisdn": "x"}, "BAD_MOBILE_COUNTRY": {"msisdn": "0491570156", "countrycode": "XX"},
        "OPTOUT": {"msisdn": OPTED_OUT}, "DUPLICATE_DELETED": {"msisdn": DELETED},
    }  # fmt: skip
    for method in ("add-to-list", "edit-list-member"):
        for code, contact in contacts.items():
            yield Case(method, code, in_crowd(**contact), None, SANDBOX)
    bulk = "add-contacts-bulk"
    yield Case(bulk, "FIELD_EMPTY", fixed(file_url=FILE), empty_text(bulk, "list_id"), SANDBOX, "neither")
    yield Case(bulk, "FIELD_EMPTY", in_crowd(), empty_text(bulk, "file_url"), SANDBOX, "file")
    yield Case(bulk, "FIELD_INVALID", in_crowd(file_url="ftp://x/y"), INVALID, SANDBOX, "file")
    yield Case("add-contacts-bulk-progress", "NOT_FOUND", in_crowd(), NO_RESOURCE, SANDBOX, "import")


def number_cases() -> Iterator[Case]:
    """Cases of numbers, keywords and e-mail to SMS."""
    for method in ("get-number", "edit-number-options"):
        need = NOTHING if method == "get-number" else STATE
        yield Case(method, "FIELD_EMPTY", fixed(), empty_text(method, "number"), need)
        yield Case(method, "FIELD_INVALID", fixed(number="61491570129"), NOT_LEASED, need)
    gone = "This number is not available for lease."
    yield Case("lease-number", "FIELD_INVALID", fixed(number="61491570999"), gone, SANDBOX, "strange")
    yield Case("lease-number", "FIELD_INVALID", lambda scene: {"number": scene["number"]}, gone, SANDBOX, "own")
    yield Case("lease-number", "FIELD_INVALID", fixed(number="0491570125"), gone, SANDBOX, "local")
    yield Case("lease-number", "LEDGER_ERROR", fixed(number="61491570125"), None, SANDBOX, by_client=True)

    def of_number(**more: Any) -> Callable[[Scene], Form]:
        return lambda scene: {"number": scene["number"], **more}

    def theirs(**more: Any) -> Callable[[Scene], Form]:
        return lambda scene: {"number": scene["number"], "list_id": scene["their_list"], **more}

    yield Case("edit-number-options", "NOT_FOUND", of_number(list_id=UNKNOWN_ID), NO_RESOURCE, SANDBOX)
    yield Case("edit-number-options", "NO_ACCESS", theirs(), NO_ACCESS, SANDBOX)
    yield Case("edit-number-options", "FIELD_INVALID", of_number(forward_url="x"), INVALID, SANDBOX, "url")
    for method in ("add-keyword", "edit-keyword"):
        yield Case(method, "FIELD_EMPTY", of_number(), empty_text(method, "keyword"), SANDBOX, "keyword")
        yield Case(method, "FIELD_EMPTY", fixed(keyword="NEWS"), empty_text(method, "number"), SANDBOX, "number")
        strange = fixed(keyword="NEWS", number="61491570129")
        yield Case(method, "FIELD_INVALID", strange, NOT_LEASED, SANDBOX, "number")
        name = "NEWS" if method == "add-keyword" else "CLUB"
        yield Case(method, "NO_ACCESS", theirs(keyword=name), NO_ACCESS, SANDBOX)
        yield Case(method, "NOT_FOUND", of_number(keyword=name, list_id=UNKNOWN_ID), NO_RESOURCE, SANDBOX, "list")
    yield Case("edit-keyword", "NOT_FOUND", of_number(keyword="NEWS"), NO_RESOURCE, SANDBOX, "keyword")
    yield Case("add-keyword", "KEY_EXISTS", of_number(keyword="club"), DESCRIPTIONS["KEY_EXISTS"][2], SANDBOX)
    for word in ("UNSUB", "UNSUBSCRIBE", "STOP", "HELP", "END", "MORE", "CONTINUE", "ADD", "OPT OUT", "OPTOUT",
                 "OPT-OUT", "CANCEL", "quit"):  # fmt: skip
        yield Case("add-keyword", "FIELD_INVALID", of_number(keyword=word), INVALID, SANDBOX, word)
    for method in ("add-email", "delete-email"):
        yield Case(method, "FIELD_EMPTY", fixed(), empty_text(method, "email"), STATE)
        yield Case(method, "FIELD_INVALID", fixed(email="x"), INVALID, STATE)
    nobody = fixed(email="nobody@contract-suite.example.com")
    yield Case("delete-email", "NOT_FOUND", nobody, NO_RESOURCE, STATE)
    strange = fixed(email="a@example.com", number="61491570129")
    yield Case("add-email", "FIELD_INVALID", strange, NOT_LEASED, SANDBOX, "number")


def reseller_cases() -> Iterator[Case]:
    """Cases of clients and transactions, and of accounts that are not resellers."""
    ids = {"edit-client": "client_id", "get-client": "client_id", "get-transactions": "client_id",
           "get-transaction": "id"}  # fmt: skip
    for method, field in ids.items():
        theirs = "their_client" if field == "client_id" else "their_transaction"
        need = SANDBOX if method == "edit-client" else NOTHING

        def foreign(scene: Scene, field: str = field, theirs: str = theirs) -> Form:
            return {field: scene[theirs]}

        def of_a_reseller(scene: Scene, form: Form) -> Form:
            scene.known.need("client")  # an account that is not a reseller gets NO_ACCESS instead
            return form

        for code, form, description in (
            ("FIELD_EMPTY", {}, empty_text(method, field)),
            ("FIELD_INVALID", {field: "x"}, NOT_NUMERIC.format(field=field)),
            ("NOT_FOUND", {field: UNKNOWN_ID}, NO_RESOURCE),
        ):
            yield Case(method, code, lambda scene, form=form: of_a_reseller(scene, form), description, need)  # type: ignore[misc]
        yield Case(method, "NO_ACCESS", foreign, NO_ACCESS, SANDBOX, "foreign")
    new = {**GYM, "name": "New", "email": "new@example.com"}
    for field in ("name", "email", "password", "msisdn"):
        given = {name: value for name, value in new.items() if name != field}
        yield Case("add-client", "FIELD_EMPTY", fixed(**given), empty_text("add-client", field), SANDBOX, field)
    yield Case("add-client", "FIELD_INVALID", fixed(**{**new, "email": "x"}), INVALID, SANDBOX)
    exists = DESCRIPTIONS["KEY_EXISTS"][0]
    yield Case("add-client", "KEY_EXISTS", fixed(**{**new, "email": GYM["email"]}), exists, SANDBOX, "email")
    yield Case("add-client", "KEY_EXISTS", fixed(**{**new, "name": GYM["name"]}), exists, SANDBOX, "name")
    for field in ("name", "email"):
        taken = {"name": "Club", "email": "club@example.com"}[field]
        yield Case("edit-client", "KEY_EXISTS", lambda scene, field=field, taken=taken: {  # type: ignore[misc]
                       "client_id": scene["gym"], field: taken}, exists, SANDBOX, field)  # fmt: skip
    forms: dict[str, Form] = {"add-client": new, "get-clients": {}, "get-transaction": {"id": 1}}
    for method in CLIENT_METHODS:
        form = forms.get(method, {"client_id": 1})
        yield Case(method, "NO_ACCESS", fixed(**form), RESELLERS, SANDBOX, "no reseller", by_client=True)
    for method in ("add-credit", "add-card"):
        yield Case(method, "NOT_IMPLEMENTED", fixed(), None, SANDBOX)


CASES = (*message_cases(), *send_cases(), *report_cases(), *list_cases(), *number_cases(), *reseller_cases())
