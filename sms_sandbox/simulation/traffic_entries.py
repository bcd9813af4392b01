"""What happens by itself, as entries of the journal."""

from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy import Connection

from ..domain.clock import to_micros
from ..domain.redaction import redact, redact_url
from ..journal.entries import CALLBACK, INBOUND, PLAIN, REPORT, NewEntry, made, note_of
from ..store import accounts, callbacks
from ..store.callbacks import Outcome
from ..store.recipients import Reporting
from ..store.unit_of_work import Note, noted
from .inbound.message import Arrival


def note_report(db: Connection, tenant: int, found: Reporting, status: str, at: datetime, rule: str) -> None:
    """Note what the carrier reported of a recipient."""
    noted(db, Note(tenant, PLAIN, _report_of, (tenant, found, status, at, rule)))


def _report_of(tenant: int, found: Reporting, status: str, at: datetime, rule: str) -> NewEntry:
    return NewEntry(
        tenant, to_micros(at), REPORT, found.account, "", f" {found.msisdn} ", status, None, rule, None, found.message,
        "", "", "", "{}", "", "", "", 0,
    )  # fmt: skip


def note_attempt(db: Connection, outcome: Outcome) -> None:
    """Note how a try of a callback ended."""
    about = callbacks.find(db, outcome.tenant, outcome.callback)
    if about is None:
        return
    secret = accounts.secret_of(db, outcome.tenant, about.account)
    address, params = parts(about.url, secret)
    entry = made(
        tenant=outcome.tenant,
        at=outcome.at,
        kind=CALLBACK,
        account=about.account,
        method=about.event,
        numbers=[number for number in (about.msisdn, params.get("longcode", "")) if number.isdigit()],
        code="ok" if outcome.error is None else "failed",
        status=outcome.status,
        rule=about.rule,
        took=outcome.latency,
        message=about.message,
        verb="GET",
        url=address,
        text=params.get("response", params.get("message", "")),
        request=params,
        reply=redact(outcome.answer, secret),
        error=redact(outcome.error or "", secret),
        hints=hints_for(outcome),
    )
    noted(db, note_of(entry))


def parts(url: str, secret: str) -> tuple[str, dict[str, str]]:
    """An address without its query, and the parameters of the query; nowhere a password, the account's secret, or what
    the user's own parameters say is one."""
    pieces = urlsplit(redact_url(url, secret))
    given = parse_qsl(pieces.query, keep_blank_values=True, errors="replace")
    return f"{pieces.scheme}://{pieces.netloc}{pieces.path}", dict(given)


def hints_for(outcome: Outcome) -> list[str]:
    """What is most likely wrong where a callback arrives."""
    if (outcome.error or "").startswith("refused:"):
        return [
            "Callbacks go to this machine and private networks; --callback-host names a public host they may go to."
        ]
    if outcome.status is not None and 300 <= outcome.status < 400:
        return ["Redirects are not followed: give the address the callback is to end at."]
    return []


def note_inbound(db: Connection, here: Arrival, response: int, url: str | None) -> None:
    """Note a handset's message that arrived."""
    secret = here.account.secret or ""
    text = redact(here.text, secret)
    entry = made(
        tenant=here.tenant.id,
        at=here.at,
        kind=INBOUND,
        account=here.account.id,
        method="reply" if here.message else "inbound",
        numbers=(here.msisdn, here.number.number),
        code="received",
        rule=here.rule,
        message=here.message_id,
        url=parts(url, secret)[0] if url else "",
        text=text,
        request={"from": here.msisdn, "to": here.number.number, "text": text},
        reply=f'{{"response_id":{response},"is_optout":{"true" if here.is_optout else "false"}}}',
    )
    noted(db, note_of(entry))


def note_lost(
    db: Connection, tenant: int, at: datetime, msisdn: str, to: str | None, text: str, why: str, rule: str
) -> None:
    """Note a handset's message that reached nobody, though the transaction is to be undone for it."""
    entry = made(
        tenant=tenant,
        at=at,
        kind=INBOUND,
        method="inbound",
        numbers=[number for number in (msisdn, to) if number],
        code="unreachable",
        rule=rule,
        text=text,
        request={"from": msisdn, **({"to": to} if to else {}), "text": text},
        error=why,
    )
    noted(db, note_of(entry), even_if_undone=True)
