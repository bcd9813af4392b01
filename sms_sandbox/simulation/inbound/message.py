"""A message from a handset, with everything that decides how it is handled."""

from datetime import datetime

from msgspec import Struct

from ...store.accounts import Account
from ...store.keywords import Keyword
from ...store.messages import Message
from ...store.numbers import Number
from ...store.recipients import Recipient
from ...store.tenants import Tenant


class InboundMessage(Struct, frozen=True):
    """A message from a handset to an account's number.

    `message` is the one it replies to, with its `recipient`; `keyword` is the one it begins with. Each may be None.
    `rule` names the carrier rule that made the handset send it, if any.
    """

    tenant: Tenant
    account: Account
    number: Number
    msisdn: str
    text: str
    at: datetime
    message: Message | None
    recipient: Recipient | None
    keyword: Keyword | None
    is_optout: bool
    rule: str = ""

    @property
    def message_id(self) -> int:
        """Return the id of the message it replies to, or 0, as callbacks have it."""
        return self.message.id if self.message else 0

    @property
    def options(self) -> Number | Keyword:
        """Return the automatic actions: those of the keyword alone, if there is one, even if it has none."""
        return self.keyword or self.number
