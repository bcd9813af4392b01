"""A guard that checks each call before it is made: the allowed handsets, and the cap on costs."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .grants import Grants

FICTITIOUS = re.compile(r"(?:61|0)4915(?:70(?:006|110|156|157|158|159|313|737)|71(?:266|491|804)|72(?:549|665|983))")
"""Australian numbers reserved for fiction. Tests that send nothing use them for contacts."""

ASSUMED_PRICE_PER_PART = Decimal(1)
"""The price of a part until an answer tells the real one."""

MIN_PART_LENGTH = 67
"""Characters of the shortest possible part. So the number of parts is never estimated too low."""


class NotAllowedError(Exception):
    """The suite refuses to make this call."""


class CapReachedError(Exception):
    """A send could cost more than the rest of the cap."""


@dataclass
class Guard:
    """Checks calls, and adds up their costs. On a sandbox every call is allowed."""

    grants: Grants
    spent: Decimal = Decimal(0)
    price: Decimal | None = None
    members: dict[str, set[str]] = field(default_factory=dict)
    """Lists that the suite created, and their members."""

    def check(self, method: str, params: Mapping[str, Any]) -> None:
        """Check that a call is allowed. Raises NotAllowedError or CapReachedError."""
        if self.grants.is_sandbox:
            return
        for number in _numbers(params, ("forward_sms",)):
            self._must_be_granted(number)
        if method == "send-sms":
            self._check_send(params)
        elif method == "message-reply":
            for number in _numbers(params, ("from",)):
                self._must_be_granted(number)
        elif method in ("add-to-list", "edit-list-member"):
            for number in _numbers(params, ("msisdn",)):
                if not FICTITIOUS.fullmatch(number):
                    self._must_be_granted(number)
        elif method in ("add-client", "add-contacts-bulk", "lease-number", "add-keyword", "add-credit", "add-card"):
            raise NotAllowedError(f"{method} cannot be undone, so the suite calls it only on a sandbox.")

    def _check_send(self, params: Mapping[str, Any]) -> None:
        list_id = str(params.get("list_id") or "")
        recipients = self.members.get(list_id, set()) if list_id else _numbers(params, ("to",))
        if list_id and list_id not in self.members:
            raise NotAllowedError("A message may go only to a list that the suite created.")
        for number in recipients:
            self._must_be_granted(number)
        parts = len(str(params.get("message", ""))) // MIN_PART_LENGTH + 1
        most = (self.price or ASSUMED_PRICE_PER_PART) * parts * len(recipients)
        if self.spent + most > (self.grants.spend or 0):
            details = f"{self.spent} of {self.grants.spend} is spent, and the next send may cost {most}"
            raise CapReachedError(f"SPEND is used up: {details}")

    def _must_be_granted(self, number: str) -> None:
        if number not in self.grants.to:
            raise NotAllowedError("The recipient is not in TO. Nothing was sent.")

    def record(self, method: str, params: Mapping[str, Any], payload: Mapping[str, Any]) -> None:
        """Record the effects of a successful call."""
        if method == "send-sms":
            cost, sms = Decimal(str(payload.get("cost", 0))), int(payload.get("sms", 0))
            self.spent += cost
            if sms:
                self.price = max(self.price or Decimal(0), cost / sms)
        elif method == "add-list":
            self.members[str(payload.get("id"))] = set()
        elif method == "add-to-list":
            self.members.setdefault(str(payload.get("list_id")), set()).update(_numbers(params, ("msisdn",)))


def _numbers(params: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """Return the digits of all numbers in these parameters. A value without digits reaches nobody."""
    values = ",".join(str(params.get(name) or "") for name in names)
    return [digits for value in values.split(",") if (digits := re.sub(r"\D", "", value))]
