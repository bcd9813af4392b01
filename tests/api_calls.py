"""Calls of API methods without HTTP."""

from sms_sandbox.api.answer import Answer, answer_call
from sms_sandbox.api.declare import Method
from sms_sandbox.api.forms import Form
from sms_sandbox.api.gate import Gate
from sms_sandbox.store.database import Store


def answer(store: Store, method: Method, form: Form | None, authorization: str, gate: Gate | None = None) -> Answer:
    """Carry out a call in a transaction of its own."""
    with store.begin() as db:
        return answer_call(db, gate or Gate(), method, form, authorization)
