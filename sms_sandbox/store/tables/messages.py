"""Tables of messages, recipients, links, responses and mails."""

from sqlalchemy import Index, PrimaryKeyConstraint, Table, column

from .columns import flag, metadata, number, serial, short, text

messages = Table(
    "messages",
    metadata,
    number("tenant"),
    number("id"),
    number("account"),
    text("text"),
    text("sender"),
    short("type", 12),
    number("send_at"),
    number("created"),
    number("validity"),
    number("list_id"),
    text("list_name"),
    number("recipients"),
    number("parts"),
    number("cost"),
    text("status"),
    text("dlr_url", nullable=True),
    text("reply_url", nullable=True),
    text("link_hits_url", nullable=True),
    text("tracked_url", nullable=True),
    text("replies_to_email", nullable=True),
    number("delivered"),
    number("soft_bounced"),
    number("hard_bounced"),
    number("responses"),
    number("optouts"),
    number("link_hits"),
    PrimaryKeyConstraint("tenant", "id"),
    # The last columns are counted and added up for pages, which would otherwise read every message.
    Index("messages_by_time", "tenant", "account", "send_at", "id", "status", "recipients", "parts"),
)

recipients = Table(
    "recipients",
    metadata,
    number("tenant"),
    number("id"),
    number("message"),
    number("account"),
    short("msisdn", 16),
    text("text", nullable=True),
    number("sent_at"),
    short("status", 12),
    number("reported_at", nullable=True),
    flag("optout"),
    number("link_hits"),
    PrimaryKeyConstraint("tenant", "id"),
    Index("recipients_by_message", "tenant", "message", "id"),
    Index("recipients_by_handset", "tenant", "msisdn", "sent_at", "id"),
    Index("recipients_by_time", "tenant", "account", "sent_at", "id"),
    Index("recipients_by_latest", "tenant", column("sent_at").desc(), "msisdn"),  # for all accounts
)

links = Table(
    "links",
    metadata,
    serial(),
    short("code", 8),
    number("tenant"),
    number("recipient"),
    text("target", nullable=True),
    Index("links_by_code", "code", "id"),
    Index("links_by_tenant", "tenant"),
)

hits = Table(  # the last time each recipient opened its tracked link; the recipient's row has the count
    "hits",
    metadata,
    number("tenant"),
    number("recipient"),
    number("message"),
    number("at"),
    PrimaryKeyConstraint("tenant", "recipient"),
    Index("hits_by_message", "tenant", "message", "at", "recipient"),
)

responses = Table(
    "responses",
    metadata,
    number("tenant"),
    number("id"),
    number("account"),
    number("message"),
    number("recipient", nullable=True),
    number("list_id"),
    short("msisdn", 16),
    text("text"),
    short("longcode", 16),
    number("received_at"),
    flag("is_optout"),
    short("keyword", 255, nullable=True),
    number("keyword_id"),
    PrimaryKeyConstraint("tenant", "id"),
    Index("responses_by_message", "tenant", "message", "received_at", "id", "account"),
    Index("responses_by_handset", "tenant", "msisdn", "received_at", "id", "account"),
    Index("responses_by_time", "tenant", "account", "received_at", "id"),
    Index("responses_by_latest", "tenant", column("received_at").desc(), "msisdn"),  # for all accounts
)

mails = Table(
    "mails",
    metadata,
    number("tenant"),
    number("id"),
    number("account"),
    short("kind", 16),
    text("sender"),
    text("recipient"),
    text("subject"),
    text("body"),
    number("created"),
    PrimaryKeyConstraint("tenant", "id"),
    Index("mails_by_recipient", "tenant", "recipient", "id"),
)
