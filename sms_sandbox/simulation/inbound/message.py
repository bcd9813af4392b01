"""A handset's message as it arrives, with all that decides what becomes of it."""

from dataclasses import dataclass
from datetime import datetime

from ...store.accounts import Account
from ...store.keywords import Keyword
from ...store.messages import Message
from ...store.numbers import Number
from ...store.recipients import Recipient
from ...store.tenants import Tenant


@dataclass(frozen=True)
class Arrival:
    """What a handset wrote to a number of an account: the message it answers, with its recipient, and the keyword it
    begins with, where there are such. `rule` is the carrier's rule that made it write, if one did."""

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
        """0 where nothing is answered, as callbacks tell it."""
        return self.message.id if self.message else 0

    @property
    def options(self) -> Number | Keyword:
        """What says what is done with it: the keyword alone, if there is one, however little it says."""
        return self.keyword or self.number
