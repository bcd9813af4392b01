"""All tables. Ids that clients see are counted for each tenant, so they reveal nothing about others."""

from .callbacks import attempts, callbacks
from .columns import metadata
from .contacts import imports, lists, members, optouts
from .journal import journals, traffic
from .messages import hits, links, mails, messages, recipients, responses
from .receivers import received, receivers
from .rules import rules
from .sessions import sessions
from .tenants import (
    accounts,
    counters,
    email_senders,
    keywords,
    meta,
    numbers,
    sender_ids,
    tenants,
    transactions,
)
from .timeline import failed_events, timeline
from .totals import totals

__all__ = [
    "OF_A_TENANT",
    "accounts",
    "attempts",
    "callbacks",
    "counters",
    "email_senders",
    "failed_events",
    "hits",
    "imports",
    "journals",
    "keywords",
    "links",
    "lists",
    "mails",
    "members",
    "messages",
    "meta",
    "metadata",
    "numbers",
    "optouts",
    "received",
    "receivers",
    "recipients",
    "responses",
    "rules",
    "sender_ids",
    "sessions",
    "tenants",
    "throttle",
    "timeline",
    "totals",
    "traffic",
    "transactions",
]

for _table in metadata.tables.values():
    if len(_table.primary_key) > 1:  # SQLite then stores the rows in the index of the key, not in a second tree
        _table.dialect_options["sqlite"]["with_rowid"] = False

OF_A_TENANT = tuple(table for table in metadata.sorted_tables if "tenant" in table.c)
