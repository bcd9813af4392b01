"""The part of `Sandbox` that makes things fail."""

from collections.abc import Mapping
from typing import Any

from ..client.control import Client
from ..control.shapes.carrier_rules import Rule, Scenario
from ..control.shapes.faults import Fault


class FaultInjection(Client):
    """Makes calls, callbacks and deliveries fail. The first fault, or carrier rule, that matches is used.

    `to` is a number, a prefix (`6149157*`), or a range (`61491570100-61491570199`).
    """

    def fail_next(
        self, method: str | None = None, *, error: str | None = None, status: int | None = None,
        body: str | None = None, connection: str | None = None, gateway: str | None = None,
        delay: float | Mapping[str, float] | None = None, times: int | None = 1, **fields: Any,
    ) -> Fault:  # fmt: skip
        """Make the next calls of the API fail.

        Args:
            method: for example `send-sms`; any method if left out.
            error: the code of a documented error, for example `LEDGER_ERROR`.
            status: a bare 500, 502, 503 or 504.
            body: `malformed`, `truncated` or `html` instead of a sound answer.
            connection: `stall` (no answer), `reset`, or `lost` (the call is carried out, its answer is lost).
            gateway: `throttled` or `maintenance`, the JSON answers of 2026 that have no error block.
            delay: seconds until the answer, or `{"from": 0.1, "to": 2}`, or `{"median": 0.3, "sigma": 0.8}`.
            times: how many calls fail; None for all from now on.
            fields: other fields of `POST /faults`, for example `match`, `nth`, `share` or `for_seconds`.
        """
        effect = {"error": error, "status": status, "body": body, "connection": connection, "gateway": gateway}
        return self._add_fault(on="api", method=method, count=times, delay=_delay(delay), **effect, **fields)

    def fail_next_callback(
        self, callback: str | None = None, *, event: str | None = None,
        delay: float | Mapping[str, float] | None = None, times: int | None = 1, **fields: Any,
    ) -> Fault:  # fmt: skip
        """Make the next callbacks fail.

        Args:
            callback: `drop`, `duplicate`, `reorder`, `wrong-signature` or `corrupt`.
            event: `dlr`, `reply`, `inbound`, `link-hit` or `list-action`; any event if left out.
            delay: as for `fail_next`.
            times: how many callbacks fail; None for all from now on.
            fields: other fields of `POST /faults`, for example `match`, `nth`, `share` or `for_seconds`.
        """
        return self._add_fault(
            on="callback", event=event, callback=callback, delay=_delay(delay), count=times, **fields
        )

    def faults(self) -> list[Fault]:
        """Return the faults in the order they are checked. Each says how often it was used."""
        return self._read_list(Fault, "faults")

    def clear_faults(self) -> None:
        """Remove all faults."""
        self.control("DELETE", "/faults")

    def scenario(
        self, name: str, *, to: str | None = None, count: int | None = None, options: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> Rule:  # fmt: skip
        """Give a scenario to messages that are sent from now on.

        Args:
            name: of a scenario of the catalogue, for example `soft-bounce` or `report-twice`.
            to: the handsets; all if left out.
            count: how many messages to them; None for all.
            options: of the scenario, for example `{"text": "Yes please"}` for `replies`.
            fields: other fields of `POST /rules`, for example `match`, `nth`, `share`, `for_seconds` or `first`.
        """
        match = {"to": to} if to is not None else {}
        match |= fields.pop("match", {})
        body = {"scenario": name, "match": match, "count": count, "options": options or {}, **fields}
        return self.read(Rule, "POST", "/rules", body)

    def scenarios(self) -> list[Scenario]:
        """Return the catalogue of scenarios: the events of each, and the numbers it applies to without any rule."""
        return self._read_list(Scenario, "scenarios")

    def rules(self) -> list[Rule]:
        """Return the carrier rules in the order they are checked. Each says how often it was used."""
        return self._read_list(Rule, "rules")

    def clear_rules(self) -> None:
        """Remove all carrier rules. Only the numbers of the catalogue keep their scenarios."""
        self.control("DELETE", "/rules")

    def _add_fault(self, **fields: Any) -> Fault:
        body = {name: value for name, value in fields.items() if value is not None}
        return self.read(Fault, "POST", "/faults", body)


def _delay(given: float | Mapping[str, float] | None) -> Mapping[str, float] | None:
    return given if given is None or isinstance(given, Mapping) else {"seconds": given}
