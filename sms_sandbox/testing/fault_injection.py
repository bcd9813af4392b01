"""What a test lets go wrong in a world."""

from collections.abc import Mapping
from typing import Any

from ..client.control import Client
from ..control.shapes.carrier_rules import Rule, Scenario
from ..control.shapes.faults import Fault


class Failing(Client):
    """The part of a sandbox that makes calls, callbacks and deliveries fail. The first rule, or fault, that fits
    decides; `to` is a number, a prefix as `6149157*` or a range as `61491570100-61491570199`."""

    def fail_next(
        self, method: str | None = None, *, error: str | None = None, status: int | None = None,
        body: str | None = None, connection: str | None = None, delay: float | Mapping[str, float] | None = None,
        times: int | None = 1, **fields: Any,
    ) -> Fault:  # fmt: skip
        """Let the next calls of a method of the API, or of any, go wrong.

        Args:
            method: as `send-sms`; any, if not given.
            error: the code of a documented error, as `LEDGER_ERROR`.
            status: a bare 500, 502, 503 or 504.
            body: `malformed`, `truncated` or `html`, in the place of a sound one.
            connection: `stall` (no answer), `reset`, or `lost` (the work is done, the answer does not arrive).
            delay: seconds until the answer, or `{"from": 0.1, "to": 2}`, or `{"median": 0.3, "sigma": 0.8}`.
            times: how many calls; None for all from now on.
            fields: what else `POST /faults` takes, as `match`, `nth`, `share` or `for_seconds`.
        """
        effect = {"error": error, "status": status, "body": body, "connection": connection, "delay": _delay(delay)}
        return self._fault(on="api", method=method, count=times, **effect, **fields)

    def fail_next_callback(
        self, callback: str | None = None, *, event: str | None = None,
        delay: float | Mapping[str, float] | None = None, times: int | None = 1, **fields: Any,
    ) -> Fault:  # fmt: skip
        """Let the next callbacks of an event, or of any, go wrong.

        Args:
            callback: `drop`, `duplicate`, `reorder`, `wrong-signature` or `corrupt`.
            event: `dlr`, `reply`, `inbound`, `link-hit` or `list-action`; any, if not given.
            delay: as for `fail_next`.
            times: how many callbacks; None for all from now on.
            fields: what else `POST /faults` takes, as `match`, `nth`, `share` or `for_seconds`.
        """
        return self._fault(on="callback", event=event, callback=callback, delay=_delay(delay), count=times, **fields)

    def faults(self) -> list[Fault]:
        """The faults there are, in the order they are asked, each with how often it did something."""
        return self._listed(Fault, "faults")

    def clear_faults(self) -> None:
        """Let nothing go wrong any more."""
        self.control("DELETE", "/faults")

    def scenario(
        self, name: str, *, to: str | None = None, count: int | None = None, options: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> Rule:  # fmt: skip
        """Let something other than a delivery become of messages that are sent from now on.

        Args:
            name: of a scenario of the catalogue, as `soft-bounce` or `report-twice`.
            to: the handsets; all, if not given.
            count: how many messages to them; None for all.
            options: of the scenario, as `{"text": "Yes please"}` for `replies`.
            fields: what else `POST /rules` takes, as `match`, `nth`, `share`, `for_seconds` or `first`.
        """
        match = {"to": to} if to is not None else {}
        match |= fields.pop("match", {})
        body = {"scenario": name, "match": match, "count": count, "options": options or {}, **fields}
        return self._read(Rule, "POST", "/rules", body)

    def scenarios(self) -> list[Scenario]:
        """The catalogue: what can become of a message, what happens when, and to which numbers without any rule."""
        return self._listed(Scenario, "scenarios")

    def rules(self) -> list[Rule]:
        """The scenarios that were asked for, in the order they are asked, each with how often it applied."""
        return self._listed(Rule, "rules")

    def clear_rules(self) -> None:
        """Let every message be delivered again, but those to the numbers of the catalogue."""
        self.control("DELETE", "/rules")

    def _fault(self, **fields: Any) -> Fault:
        body = {name: value for name, value in fields.items() if value is not None}
        return self._read(Fault, "POST", "/faults", body)


def _delay(given: float | Mapping[str, float] | None) -> Mapping[str, float] | None:
    return given if given is None or isinstance(given, Mapping) else {"seconds": given}
