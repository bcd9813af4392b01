"""What stands between the suite and a send: the list of handsets, and the cap on what it may cost."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .grants import Grants

FICTION = re.compile(r"(?:61|0)4915(?:70(?:006|110|156|157|158|159|313|737)|71(?:266|491|804)|72(?:549|665|983))")
"""Numbers kept for fiction in Australia: nobody has them. Contacts of tests that send nothing."""

PRICE_UNTIL_TOLD = Decimal(1)
"""What a part is taken to cost until an answer has told."""

SHORTEST_PART = 67
"""Characters of the shortest part of a text, so that parts are never counted too few."""


class NotAllowedError(Exception):
    """A call that the suite itself refuses to make."""


class CapReachedError(Exception):
    """A send that could cost more than is left."""


@dataclass
class Guard:
    """Lets calls pass or not, and keeps count of what they cost. Anything goes against a sandbox."""

    grants: Grants
    spent: Decimal = Decimal(0)
    price: Decimal | None = None
    members: dict[str, set[str]] = field(default_factory=dict)
    """Lists the suite made, and whom it put on them."""

    def admit(self, method: str, params: Mapping[str, Any]) -> None:
        """Raise NotAllowedError or CapReachedError if this call must not be made."""
        if self.grants.is_sandbox:
            return
        for number in _numbers(params, ("forward_sms",)):
            self._must_be_granted(number)
        if method == "send-sms":
            self._admit_send(params)
        elif method == "message-reply":
            for number in _numbers(params, ("from",)):
                self._must_be_granted(number)
        elif method in ("add-to-list", "edit-list-member"):
            for number in _numbers(params, ("msisdn",)):
                if not FICTION.fullmatch(number):
                    self._must_be_granted(number)
        elif method in ("add-client", "add-contacts-bulk", "lease-number", "add-keyword", "add-credit", "add-card"):
            raise NotAllowedError(f"{method} can't be undone, so the suite calls it on a sandbox only.")

    def _admit_send(self, params: Mapping[str, Any]) -> None:
        list_id = str(params.get("list_id") or "")
        recipients = self.members.get(list_id, set()) if list_id else _numbers(params, ("to",))
        if list_id and list_id not in self.members:
            raise NotAllowedError("A message may go only to a list that the suite made itself.")
        for number in recipients:
            self._must_be_granted(number)
        parts = len(str(params.get("message", ""))) // SHORTEST_PART + 1
        most = (self.price or PRICE_UNTIL_TOLD) * parts * len(recipients)
        if self.spent + most > (self.grants.spend or 0):
            left = f"of the cap of {self.grants.spend} {self.spent} is spent, and the next send may cost {most}"
            raise CapReachedError(f"SPEND is used up: {left}")

    def _must_be_granted(self, number: str) -> None:
        if number not in self.grants.to:
            raise NotAllowedError("A number that is not in TO was about to be written to; nothing was sent.")

    def note(self, method: str, params: Mapping[str, Any], payload: Mapping[str, Any]) -> None:
        """Take to the books what a call that succeeded did."""
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
    """The digits of every number in these parameters. What holds no digit is no number that could be reached."""
    given = ",".join(str(params.get(name) or "") for name in names)
    return [digits for each in given.split(",") if (digits := re.sub(r"\D", "", each))]
