"""Traffic entries of calls."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection

from sms_sandbox.api.answer import Answer
from sms_sandbox.api.answered_call import AnsweredCall, ApiContext
from sms_sandbox.api.errors import Code
from sms_sandbox.api.routes import Methods
from sms_sandbox.api.traffic_entry import make_entry
from sms_sandbox.domain.profiles import PROFILES
from sms_sandbox.journal.entries import NewEntry
from sms_sandbox.store.scopes import PendingEntry
from tests.conftest import FreshTenant

METHODS = Methods()
FORM = "application/x-www-form-urlencoded"


def entry(fresh: FreshTenant, name: str = "send-sms", reply: object = None, **form: str) -> NewEntry:
    """Return the traffic entry of a call."""
    answer = Answer(Code.SUCCESS, reply or {}, PROFILES["seed"], account=fresh.account)  # type: ignore[arg-type]
    given = {each.rstrip("_"): value for each, value in form.items()}
    call = AnsweredCall(
        0, 1, "POST", f"/{name}.json", FORM, "", name, METHODS.get(name), given, answer, None
    )  # fmt: skip
    return make_entry(call, ApiContext(METHODS))


class KeptTraffic:
    """A journal that keeps the entries it gets, in memory and as they are."""

    def __init__(self) -> None:
        self.entries: list[PendingEntry] = []

    def write(self, db: Connection, new: Sequence[PendingEntry], with_waiting: bool) -> Collection[int]:  # noqa: ARG002
        self.entries += new
        return ()

    def add_later(self, new: Sequence[PendingEntry]) -> None:
        self.entries += new
