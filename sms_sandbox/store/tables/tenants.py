"""Tables of tenants, their accounts, and what accounts own."""

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, Table

from .columns import flag, metadata, number, serial, short, sorted_text, text

meta = Table("meta", metadata, Column("version", Integer, primary_key=True))

tenants = Table(
    "tenants",
    metadata,
    serial(),
    short("name", 64, unique=True),
    text("seed"),
    number("created"),
    number("clock_offset"),
    number("frozen_at", nullable=True),
    flag("moving"),  # 1 if an advance moves the clock, 2 if it was frozen before
    text("profile"),
    number("delivery_delay"),
    flag("strict_senders"),
    number("version"),
    number("state"),
    text("throttle"),
    text("made_by"),
    number("last_used"),
    sqlite_autoincrement=True,
)

counters = Table(
    "counters",
    metadata,
    number("tenant"),
    short("kind", 16),
    number("value"),
    PrimaryKeyConstraint("tenant", "kind"),
)

accounts = Table(
    "accounts",
    metadata,
    number("tenant"),
    number("id"),
    short("key", 255, unique=True),
    text("secret", nullable=True),
    sorted_text("name"),
    text("currency"),
    number("balance"),
    number("price"),
    flag("credit_based"),
    number("throttle"),
    number("page_size"),
    text("dlr_url", nullable=True),
    text("reply_url", nullable=True),
    text("link_hits_url", nullable=True),
    flag("suspended"),
    number("created"),
    number("parent", nullable=True),
    flag("reseller"),
    text("contact"),
    text("email"),
    text("msisdn"),
    text("timezone"),
    flag("client_pays"),
    number("sms_margin"),
    number("number_margin"),
    text("payment_method"),
    number("top_up"),
    number("total_sms"),
    number("total_spend"),
    number("total_revenue"),
    flag("global_optouts"),
    PrimaryKeyConstraint("tenant", "id"),
    Index("accounts_by_parent", "tenant", "parent", "name", "id"),
    Index("accounts_by_email", "email", "tenant"),
)

transactions = Table(
    "transactions",
    metadata,
    number("tenant"),
    number("id"),
    number("account"),
    text("description"),
    number("amount"),
    number("balance"),
    number("created"),
    number("message"),
    number("type_id"),
    number("revenue"),
    PrimaryKeyConstraint("tenant", "id"),
    Index("transactions_by_account", "tenant", "account", "id", "created"),
    Index("transactions_by_message", "tenant", "message", "id"),
)

numbers = Table(
    "numbers",
    metadata,
    number("tenant"),
    short("number", 16),
    number("account", nullable=True),
    flag("shared"),
    number("price"),
    flag("auto_renew"),
    number("next_charge", nullable=True),
    text("status"),
    text("forward_url"),
    text("forward_email"),
    text("forward_sms"),
    number("list_id"),
    text("welcome_message"),
    text("members_message"),
    PrimaryKeyConstraint("tenant", "number"),
    Index("numbers_by_account", "tenant", "account", "number"),
)

keywords = Table(
    "keywords",
    metadata,
    number("tenant"),
    number("id"),
    number("account"),
    sorted_text("keyword"),
    short("number", 16),
    text("reference"),
    number("list_id"),
    text("welcome_message"),
    text("members_message"),
    text("forward_url"),
    text("forward_sms"),
    text("forward_email"),
    short("status", 8),
    number("billing_date"),
    PrimaryKeyConstraint("tenant", "id"),
    Index("keywords_by_number", "tenant", "number", "keyword", unique=True),
    Index("keywords_by_account", "tenant", "account", "keyword"),
)

sender_ids = Table(
    "sender_ids",
    metadata,
    number("tenant"),
    number("account"),
    sorted_text("word"),
    PrimaryKeyConstraint("tenant", "account", "word"),
)

email_senders = Table(
    "email_senders",
    metadata,
    number("tenant"),
    number("account"),
    short("email", 255),
    number("max_sms"),
    short("number", 16, nullable=True),
    PrimaryKeyConstraint("tenant", "account", "email"),
)
