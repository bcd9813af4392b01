"""A call for every code that a method is documented to refuse with (3.1, 13.1), and the words it must say."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .codes import GENERIC, NO_CONTACT, NO_MESSAGE, NOT_LEASED, NUMERIC, OF_CLIENTS, PLAINLY_REQUIRED, RESELLERS, WORDS
from .grants import NOTHING, SANDBOX, STATE, Need
from .scene import ANSWERING, DELETED, GYM, HANDSETS, STOPPED, Scene

Form = dict[str, Any]

NOBODYS = 999_999_999_999
"""An id that nothing has."""

ABROAD = "61491570999"
FILE = "https://example.com/contacts.csv"
NO_ACCESS = WORDS["NO_ACCESS"][2]
NOT_THERE = WORDS["NOT_FOUND"][2]


@dataclass(frozen=True)
class Case:
    """A call that must be refused. `says` is its description, `how` tells one case of a code from another."""

    method: str
    code: str
    form: Callable[[Scene], Form]
    says: str | None
    need: Need
    how: str = ""
    by_client: bool = False
    """Whether the reseller's client is to call."""

    @property
    def name(self) -> str:
        return f"{self.method}-{self.code}{f'-{self.how}' if self.how else ''}"


def plain(**form: Any) -> Callable[[Scene], Form]:
    """A form that hangs on nothing."""
    return lambda _: form


def empty(method: str, field: str) -> str:
    """What FIELD_EMPTY says of a field."""
    return WORDS["FIELD_EMPTY"][method in PLAINLY_REQUIRED].format(field=field)


def of_messages() -> Iterator[Case]:
    """Methods that name a message."""
    for method in ("get-sms", "get-sms-stats", "get-sms-sent", "get-sms-responses", "get-sms-delivery-status",
                   "get-message-log", "get-link-hits", "cancel-sms"):  # fmt: skip
        field, need = ("id", STATE) if method == "cancel-sms" else ("message_id", NOTHING)
        more: Form = {"msisdn": HANDSETS[5], "mobile": HANDSETS[5]} if method != "get-sms-responses" else {}

        def by(value: Any, field: str = field, more: Form = more) -> Callable[[Scene], Form]:
            return lambda scene: {
                field: scene[value] if value in ("their_message", "their_scheduled") else value,
                **more,
            }

        yield Case(method, "FIELD_EMPTY", plain(**more), empty(method, field), need)
        yield Case(method, "FIELD_EMPTY", by(""), empty(method, field), need, "blank")
        yield Case(method, "FIELD_INVALID", by("x"), NUMERIC.format(field=field), need)
        yield Case(method, "NOT_FOUND", by(NOBODYS), NO_MESSAGE, need)
        theirs = "their_scheduled" if method == "cancel-sms" else "their_message"
        yield Case(method, "NO_ACCESS", by(theirs), WORDS["NO_ACCESS"][1], SANDBOX)
    yield Case("cancel-sms", "ALREADY_SENT", lambda scene: {"id": scene["sent"]}, None, SANDBOX, "sent")
    yield Case("cancel-sms", "ALREADY_SENT", lambda scene: {"id": scene["cancelled"]}, None, SANDBOX, "cancelled")
    for method, field in (("get-sms-delivery-status", "msisdn"), ("get-message-log", "mobile")):
        yield Case(method, "FIELD_EMPTY", lambda scene: {"message_id": scene.known.need("message")},
                   empty(method, field), NOTHING, field)  # fmt: skip

        def elsewhere(scene: Scene, field: str = field) -> Form:
            return {"message_id": scene.known.need("message"), field: HANDSETS[5]}

        yield Case(method, "NOT_FOUND", elsewhere, NOT_THERE, SANDBOX, "handset")


def of_sending() -> Iterator[Case]:
    """send-sms and format-number."""
    hi = {"message": "hi"}
    to = {"to": ANSWERING}
    either = "You must provide either 'list_id' or 'to'"

    def send(code: str, how: str, says: str | None = None, need: Need = STATE, /, **form: Any) -> Case:
        return Case("send-sms", code, plain(**form), says, need, how)

    yield send("FIELD_EMPTY", "message", empty("send-sms", "message"))
    yield send("FIELD_EMPTY", "message first", empty("send-sms", "message"), SANDBOX, **to)
    yield send("FIELD_INVALID", "neither", either, **hi)
    yield send("FIELD_INVALID", "fillers", either, **hi, to="", list_id=0, send_at="", validity=0)
    yield send("FIELD_INVALID", "list", NUMERIC.format(field="list_id"), **hi, list_id="x")
    yield send("FIELD_INVALID", "send_at", GENERIC, SANDBOX, **hi, **to, send_at="tomorrow")
    yield send("FIELD_INVALID", "validity", NUMERIC.format(field="validity"), SANDBOX, **hi, **to, validity="long")
    yield send("FIELD_INVALID", "callback", GENERIC, SANDBOX, **hi, **to, dlr_callback="nonsense")
    yield send("FIELD_INVALID", "five parts", GENERIC, SANDBOX, **to, message="x" * 613)
    yield send("FIELD_INVALID", "five parts of UCS-2", GENERIC, SANDBOX, **to, message="漢" * 269)
    yield send("FIELD_INVALID", "501 numbers", GENERIC, SANDBOX, **hi, to=",".join([ANSWERING] * 501))
    yield send("NOT_FOUND", "list", NOT_THERE, SANDBOX, **hi, list_id=NOBODYS)
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
        yield Case("format-number", "FIELD_EMPTY", plain(**given), empty("format-number", field), NOTHING, field)
    yield Case("format-number", "FIELD_INVALID", plain(**{**number, "msisdn": "x"}), GENERIC, NOTHING, "number")
    yield Case("format-number", "FIELD_INVALID", plain(**{**number, "countrycode": "XX"}), GENERIC, NOTHING, "country")


def of_reports() -> Iterator[Case]:
    """Reports of a span, and message-reply."""
    for method in ("get-user-sms-responses", "get-user-sms-sent", "get-sms-sent-count", "get-message-report"):
        yield Case(method, "FIELD_INVALID", plain(start="x", end="2020-01-01"), GENERIC, NOTHING, "start")
    for field, other in (("start", "end"), ("end", "start")):
        only = plain(**{other: "2020-01-01"})
        yield Case("get-user-sms-sent", "FIELD_EMPTY", only, empty("get-user-sms-sent", field), NOTHING, field)
    spans = {"get-sms-sent-count": "2020-01-09", "get-message-report": "2020-02-01"}
    for method, end in spans.items():
        yield Case(method, "FIELD_INVALID", plain(start="2020-01-01", end=end), GENERIC, NOTHING, "too long")
        yield Case(method, "FIELD_INVALID", plain(start="2020-01-05", end="2020-01-01"), GENERIC, NOTHING, "backwards")
    yield Case("get-message-report", "FIELD_INVALID", plain(type="x"), GENERIC, NOTHING, "type")
    yield Case("get-message-report", "NOT_FOUND", plain(list_id=NOBODYS), NOT_THERE, NOTHING)
    yield Case("get-message-report", "NO_ACCESS", lambda scene: {"list_id": scene["their_list"]}, NO_ACCESS, SANDBOX)
    mobile = empty("get-contact-sms-stats", "mobile")
    yield Case("get-contact-sms-stats", "FIELD_EMPTY", plain(), mobile, NOTHING)
    yield Case("get-contact-sms-stats", "FIELD_INVALID", plain(mobile="x"), GENERIC, NOTHING)
    keyword = "If you provide 'keyword', you must provide 'number'"
    yield Case("get-sms-responses", "FIELD_INVALID", plain(keyword="NEWS"), keyword, NOTHING, "keyword")
    wrong = NUMERIC.format(field="keyword_id")
    yield Case("get-sms-responses", "FIELD_INVALID", plain(keyword_id="x"), wrong, NOTHING, "keyword_id")
    for field, value in {"delivery": "lost", "optouts": "perhaps"}.items():
        yield Case("get-sms-sent", "FIELD_INVALID", lambda scene, field=field, value=value: {  # type: ignore[misc]
                       "message_id": scene.known.need("message"), field: value}, GENERIC, NOTHING, field)  # fmt: skip
    reply = {"message": "hi", "from": ANSWERING, "to": "61491570129"}
    for field in reply:
        given = {name: value for name, value in reply.items() if name != field}
        yield Case("message-reply", "FIELD_EMPTY", plain(**given), empty("message-reply", field), SANDBOX, field)


def of_lists() -> Iterator[Case]:
    """Lists and their members."""
    yield Case("add-list", "FIELD_EMPTY", plain(), empty("add-list", "name"), STATE)
    taken = WORDS["KEY_EXISTS"][2]
    yield Case("add-list", "KEY_EXISTS", plain(name="crowd"), taken, SANDBOX)
    yield Case("add-contacts-bulk", "KEY_EXISTS", plain(name="crowd", file_url=FILE), taken, SANDBOX)
    yield Case("add-field-to-list", "MISSING_PARAM", lambda scene: {"list_id": scene["rich"]}, None, SANDBOX)
    members = ("add-to-list", "edit-list-member", "get-contact", "delete-from-list", "optout-list-member")
    lists = ("get-list", "remove-list", "add-field-to-list", "set-list-callback", "add-contacts-bulk",
             "add-contacts-bulk-progress")  # fmt: skip
    more = {"msisdn": ANSWERING, "file_url": FILE, "field_1": "a"}
    for method in (*members, *lists):
        reads = method in ("get-list", "get-contact", "add-contacts-bulk-progress")
        need = NOTHING if reads else SANDBOX if method == "add-contacts-bulk" else STATE
        if method not in ("delete-from-list", "optout-list-member"):
            yield Case(method, "FIELD_EMPTY", plain(**more), empty(method, "list_id"), need, "list")
        wrong = NUMERIC.format(field="list_id")
        yield Case(method, "FIELD_INVALID", plain(**more, list_id="x"), wrong, need, "list")
        yield Case(method, "NOT_FOUND", plain(**more, list_id=NOBODYS), NOT_THERE, need, "list")
        yield Case(method, "NO_ACCESS", lambda scene: {**more, "list_id": scene["their_list"]}, NO_ACCESS, SANDBOX)
    for url in ("nonsense", "ftp://example.com/list"):
        yield Case("set-list-callback", "FIELD_INVALID", lambda scene, url=url: {"list_id": scene["rich"], "url": url},  # type: ignore[misc]
                   GENERIC, SANDBOX, url.partition(":")[0])  # fmt: skip
    for method in members:
        yield Case(method, "FIELD_EMPTY", lambda scene: {"list_id": scene["crowd"]}, empty(method, "msisdn"), SANDBOX,
                   "number")  # fmt: skip
        if method != "add-to-list":
            yield Case(method, "NOT_FOUND", lambda scene: {"list_id": scene["crowd"], "msisdn": ABROAD}, NO_CONTACT,
                       SANDBOX, "number")  # fmt: skip
    yield Case("delete-from-list", "NOT_FOUND", lambda scene: {"list_id": scene["crowd"], "msisdn": DELETED},
               NO_CONTACT, SANDBOX, "deleted")  # fmt: skip
    yield Case("add-to-list", "KEY_EXISTS", lambda scene: {"list_id": scene["crowd"], "msisdn": ANSWERING},
               WORDS["KEY_EXISTS"][1], SANDBOX)  # fmt: skip
    for method in ("add-to-list", "edit-list-member"):
        for code, given in {"BAD_MOBILE": {"msisdn": "x"}, "BAD_MOBILE_COUNTRY": {"msisdn": "0491570156",
                            "countrycode": "XX"}, "OPTOUT": {"msisdn": STOPPED},
                            "DUPLICATE_DELETED": {"msisdn": DELETED}}.items():  # fmt: skip
            yield Case(method, code, lambda scene, given=given: {"list_id": scene["crowd"], **given}, None,  # type: ignore[misc]
                       SANDBOX)  # fmt: skip
    yield Case("add-contacts-bulk", "FIELD_EMPTY", plain(file_url=FILE), empty("add-contacts-bulk", "list_id"), SANDBOX,
               "neither")  # fmt: skip
    yield Case("add-contacts-bulk", "FIELD_EMPTY", lambda scene: {"list_id": scene["crowd"]},
               empty("add-contacts-bulk", "file_url"), SANDBOX, "file")  # fmt: skip
    yield Case("add-contacts-bulk", "FIELD_INVALID", lambda scene: {"list_id": scene["crowd"], "file_url": "ftp://x/y"},
               GENERIC, SANDBOX, "file")  # fmt: skip
    yield Case("add-contacts-bulk-progress", "NOT_FOUND", lambda scene: {"list_id": scene["crowd"]}, NOT_THERE, SANDBOX,
               "import")  # fmt: skip


def of_numbers() -> Iterator[Case]:
    """Numbers, keywords, e-mail to SMS."""
    for method in ("get-number", "edit-number-options"):
        need = NOTHING if method == "get-number" else STATE
        yield Case(method, "FIELD_EMPTY", plain(), empty(method, "number"), need)
        yield Case(method, "FIELD_INVALID", plain(number="61491570129"), NOT_LEASED, need)
    gone = "This number is not available for lease."
    yield Case("lease-number", "FIELD_INVALID", plain(number="61491570999"), gone, SANDBOX, "strange")
    yield Case("lease-number", "FIELD_INVALID", lambda scene: {"number": scene["number"]}, gone, SANDBOX, "own")
    yield Case("lease-number", "FIELD_INVALID", plain(number="0491570125"), gone, SANDBOX, "local")
    yield Case("lease-number", "LEDGER_ERROR", plain(number="61491570125"), None, SANDBOX, by_client=True)

    def of_number(**more: Any) -> Callable[[Scene], Form]:
        return lambda scene: {"number": scene["number"], **more}

    def theirs(**more: Any) -> Callable[[Scene], Form]:
        return lambda scene: {"number": scene["number"], "list_id": scene["their_list"], **more}

    yield Case("edit-number-options", "NOT_FOUND", of_number(list_id=NOBODYS), NOT_THERE, SANDBOX)
    yield Case("edit-number-options", "NO_ACCESS", theirs(), NO_ACCESS, SANDBOX)
    yield Case("edit-number-options", "FIELD_INVALID", of_number(forward_url="x"), GENERIC, SANDBOX, "url")
    for method in ("add-keyword", "edit-keyword"):
        yield Case(method, "FIELD_EMPTY", of_number(), empty(method, "keyword"), SANDBOX, "keyword")
        yield Case(method, "FIELD_EMPTY", plain(keyword="NEWS"), empty(method, "number"), SANDBOX, "number")
        strange = plain(keyword="NEWS", number="61491570129")
        yield Case(method, "FIELD_INVALID", strange, NOT_LEASED, SANDBOX, "number")
        name = "NEWS" if method == "add-keyword" else "CLUB"
        yield Case(method, "NO_ACCESS", theirs(keyword=name), NO_ACCESS, SANDBOX)
        yield Case(method, "NOT_FOUND", of_number(keyword=name, list_id=NOBODYS), NOT_THERE, SANDBOX, "list")
    yield Case("edit-keyword", "NOT_FOUND", of_number(keyword="NEWS"), NOT_THERE, SANDBOX, "keyword")
    yield Case("add-keyword", "KEY_EXISTS", of_number(keyword="club"), WORDS["KEY_EXISTS"][2], SANDBOX)
    for word in ("UNSUB", "UNSUBSCRIBE", "STOP", "HELP", "END", "MORE", "CONTINUE", "ADD", "OPT OUT", "OPTOUT",
                 "OPT-OUT", "CANCEL", "quit"):  # fmt: skip
        yield Case("add-keyword", "FIELD_INVALID", of_number(keyword=word), GENERIC, SANDBOX, word)
    for method in ("add-email", "delete-email"):
        yield Case(method, "FIELD_EMPTY", plain(), empty(method, "email"), STATE)
        yield Case(method, "FIELD_INVALID", plain(email="x"), GENERIC, STATE)
    nobody = plain(email="nobody@contract-suite.example.com")
    yield Case("delete-email", "NOT_FOUND", nobody, NOT_THERE, STATE)
    strange = plain(email="a@example.com", number="61491570129")
    yield Case("add-email", "FIELD_INVALID", strange, NOT_LEASED, SANDBOX, "number")


def of_resellers() -> Iterator[Case]:
    """Clients and transactions; and nobody but resellers."""
    ids = {"edit-client": "client_id", "get-client": "client_id", "get-transactions": "client_id",
           "get-transaction": "id"}  # fmt: skip
    for method, field in ids.items():
        theirs = "their_client" if field == "client_id" else "their_transaction"
        need = SANDBOX if method == "edit-client" else NOTHING

        def foreign(scene: Scene, field: str = field, theirs: str = theirs) -> Form:
            return {field: scene[theirs]}

        def of_a_reseller(scene: Scene, form: Form) -> Form:
            scene.known.need("client")  # others are refused for what they are
            return form

        for code, form, says in (
            ("FIELD_EMPTY", {}, empty(method, field)),
            ("FIELD_INVALID", {field: "x"}, NUMERIC.format(field=field)),
            ("NOT_FOUND", {field: NOBODYS}, NOT_THERE),
        ):
            yield Case(method, code, lambda scene, form=form: of_a_reseller(scene, form), says, need)  # type: ignore[misc]
        yield Case(method, "NO_ACCESS", foreign, NO_ACCESS, SANDBOX, "foreign")
    new = {**GYM, "name": "New", "email": "new@example.com"}
    for field in ("name", "email", "password", "msisdn"):
        given = {name: value for name, value in new.items() if name != field}
        yield Case("add-client", "FIELD_EMPTY", plain(**given), empty("add-client", field), SANDBOX, field)
    yield Case("add-client", "FIELD_INVALID", plain(**{**new, "email": "x"}), GENERIC, SANDBOX)
    exists = WORDS["KEY_EXISTS"][0]
    yield Case("add-client", "KEY_EXISTS", plain(**{**new, "email": GYM["email"]}), exists, SANDBOX, "email")
    yield Case("add-client", "KEY_EXISTS", plain(**{**new, "name": GYM["name"]}), exists, SANDBOX, "name")
    for field in ("name", "email"):
        taken = {"name": "Club", "email": "club@example.com"}[field]
        yield Case("edit-client", "KEY_EXISTS", lambda scene, field=field, taken=taken: {  # type: ignore[misc]
                       "client_id": scene["gym"], field: taken}, exists, SANDBOX, field)  # fmt: skip
    forms: dict[str, Form] = {"add-client": new, "get-clients": {}, "get-transaction": {"id": 1}}
    for method in OF_CLIENTS:
        form = forms.get(method, {"client_id": 1})
        yield Case(method, "NO_ACCESS", plain(**form), RESELLERS, SANDBOX, "no reseller", by_client=True)
    for method in ("add-credit", "add-card"):
        yield Case(method, "NOT_IMPLEMENTED", plain(), None, SANDBOX)


CASES = (*of_messages(), *of_sending(), *of_reports(), *of_lists(), *of_numbers(), *of_resellers())
