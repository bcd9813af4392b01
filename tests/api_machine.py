"""A state machine that calls the API and moves the clock; tests give it rules."""

import asyncio
import json
from base64 import b64encode
from datetime import timedelta
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine

from sms_sandbox.api.gate import Gate
from sms_sandbox.api.render import to_json, to_xml
from sms_sandbox.api.routes import load_methods
from sms_sandbox.simulation.callbacks.http_client import CallbackClient
from sms_sandbox.simulation.runner import Runner
from sms_sandbox.store import tenants
from sms_sandbox.store.database import Store
from sms_sandbox.store.real_time import real_now
from tests import api_calls
from tests.api.xml_values import parse_xml, read_back, to_xml_value
from tests.conftest import make_tenant

METHODS = load_methods()


class ApiMachine(RuleBasedStateMachine):
    """Calls the API of its own tenant, whose clock is frozen between the steps."""

    store: Store
    made = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).made += 1
        self.key = f"key-{type(self).made}"
        fresh = make_tenant(self.store, key=self.key, secret="secret", name=f"tenant-{type(self).made}")
        self.tenant = fresh.tenant
        with self.store.begin() as db:
            tenants.set_clock(db, fresh.tenant, fresh.account.clock.frozen(real_now()))
        self.gate = Gate()
        self.client = CallbackClient()
        self.runner = Runner(self.store, self.client)
        self.loop = asyncio.Runner()

    def teardown(self) -> None:
        self.loop.run(self.client.close())
        self.loop.close()

    def call(self, method: str, /, caller: tuple[str, str] | None = None, **params: Any) -> tuple[str, Any]:
        """Call a method, and return the code and the response.

        JSON and XML must say the same, and no call may answer FAILED.
        """
        key, secret = caller or (self.key, "secret")
        authorization = f"Basic {b64encode(f'{key}:{secret}'.encode()).decode()}"
        form = {name.rstrip("_"): str(value) for name, value in params.items()}
        answered = api_calls.answer(self.store, METHODS[method], form, authorization, self.gate)
        assert answered.code.name != "FAILED", (method, params)
        reply = json.loads(to_json(answered.reply))
        assert read_back(parse_xml(to_xml(answered.reply)), reply) == to_xml_value(reply)
        return reply["error"]["code"], reply

    def ok(self, method: str, /, **params: Any) -> Any:
        code, reply = self.call(method, **params)
        assert code == "SUCCESS", (method, params, reply)
        return reply

    def read_pages(self, name: str, key: str, **params: Any) -> list[Any]:
        """Return all rows of a paged method, read in pages of two."""
        rows: list[Any] = []
        number, count = 1, 1
        while number <= count:
            reply = self.ok(name, **params, page=number, max=2)
            count = reply["page"]["count"]
            rows += reply.get(key, [])
            number += 1
        return rows

    def let_time_pass(self, **span: float) -> None:
        self.loop.run(self.runner.advance(self.tenant, by=timedelta(**span)))
