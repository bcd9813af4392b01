"""Traffic entries of the events that happen without a call."""

from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy import Connection

from ..domain.clock import to_micros
from ..domain.redaction import redact, redact_url
from ..journal.entries import CALLBACK, FAILURE, INBOUND, REPORT, NewEntry, build_entry, to_pending
from ..store import accounts
from ..store.callbacks import Callback, Outcome
from ..store.real_time import real_now
from ..store.recipients import Reporting
from ..store.scopes import PendingEntry
from ..store.timeline import ENLIST, SEND, Due
from ..store.unit_of_work import record
from .inbound.message import InboundMessage


def record_report(db: Connection, tenant: int, recipient: Reporting, status: str, at: datetime, rule: str) -> None:
    """Add a traffic entry for a report of the carrier."""
    record(db, PendingEntry(tenant, to_micros(real_now()), _report_of, (tenant, recipient, status, at, rule)))


def _report_of(tenant: int, recipient: Reporting, status: str, at: datetime, rule: str) -> NewEntry:
    return NewEntry(
        tenant, to_micros(at), REPORT, recipient.account, "", f" {recipient.msisdn} ", status, None, rule, None,
        recipient.message, "", "", "", "{}", "", "", "", 0,
    )  # fmt: skip


def record_attempt(db: Connection, outcome: Outcome, callback: Callback) -> None:
    """Add a traffic entry for a callback attempt."""
    secret = accounts.find_secret(db, outcome.tenant, callback.account)
    address, params = _split_url(callback.url, secret)
    entry = build_entry(
        tenant=outcome.tenant,
        at=outcome.at,
        kind=CALLBACK,
        account=callback.account,
        method=callback.event,
        numbers=[number for number in (callback.msisdn, params.get("longcode", "")) if number.isdigit()],
        code="ok" if outcome.error is None else "failed",
        status=outcome.status,
        rule=callback.rule,
        took=outcome.latency,
        message=callback.message,
        verb="GET",
        url=address,
        text=params.get("response", params.get("message", "")),
        request=params,
        reply=redact(outcome.answer, secret),
        error=redact(outcome.error or "", secret),
        hints=_hints_for(outcome),
    )
    record(db, to_pending(entry))


def _split_url(url: str, secret: str) -> tuple[str, dict[str, str]]:
    """Split a URL into its address and its parameters, with all secrets replaced."""
    parts = urlsplit(redact_url(url, secret))
    params = parse_qsl(parts.query, keep_blank_values=True, errors="replace")
    return f"{parts.scheme}://{parts.netloc}{parts.path}", dict(params)


def _hints_for(outcome: Outcome) -> list[str]:
    """Return hints on the most likely cause of a failed attempt."""
    if (outcome.error or "").startswith("refused:"):
        return ["Callbacks are sent to this machine and private networks only; --callback-host allows a public host."]
    if outcome.status is not None and 300 <= outcome.status < 400:
        return ["Redirects are not followed: use the final address as callback URL."]
    return []


def record_inbound(db: Connection, inbound: InboundMessage, response: int, url: str | None) -> None:
    """Add a traffic entry for a message that a handset sent to an account."""
    secret = inbound.account.secret or ""
    text = redact(inbound.text, secret)
    entry = build_entry(
        tenant=inbound.tenant.id,
        at=inbound.at,
        kind=INBOUND,
        account=inbound.account.id,
        method="reply" if inbound.message else "inbound",
        numbers=(inbound.msisdn, inbound.number.number),
        code="received",
        rule=inbound.rule,
        message=inbound.message_id,
        url=_split_url(url, secret)[0] if url else "",
        text=text,
        request={"from": inbound.msisdn, "to": inbound.number.number, "text": text},
        reply=f'{{"response_id":{response},"is_optout":{"true" if inbound.is_optout else "false"}}}',
    )
    record(db, to_pending(entry))


def record_lost_inbound(
    db: Connection, tenant: int, at: datetime, msisdn: str, to: str | None, text: str, error: str, rule: str
) -> None:
    """Add a traffic entry for a message that reached no account.

    The entry is kept even if the transaction is rolled back.
    """
    entry = build_entry(
        tenant=tenant,
        at=at,
        kind=INBOUND,
        method="inbound",
        numbers=[number for number in (msisdn, to) if number],
        code="unreachable",
        rule=rule,
        text=text,
        request={"from": msisdn, **({"to": to} if to else {}), "text": text},
        error=error,
    )
    record(db, to_pending(entry), even_if_rolled_back=True)


def record_failure(db: Connection, row: Due, failed_event: int, error: str, at: datetime) -> None:
    """Add a traffic entry for an event that failed."""
    entry = build_entry(
        tenant=row.tenant,
        at=at,
        kind=FAILURE,
        method=row.kind,
        code="failed",
        message=row.ref if row.kind in (ENLIST, SEND) else 0,
        error=error,
        hints=[f"The event is kept: POST /_sandbox/v1/failed-events/{failed_event}/run runs it again."],
    )
    record(db, to_pending(entry))
