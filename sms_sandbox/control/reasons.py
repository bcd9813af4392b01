"""The operation that explains a message: why this sender, these parts, this price, this fate, this report."""

from collections.abc import Sequence

from ..api.render import to_xml
from ..domain import scenarios, text
from ..domain.redaction import redact, redact_url
from ..domain.text import Segments
from ..journal import entries, queries
from ..journal.queries import Entry, EntryFilter
from ..store import accounts, callbacks, due_events, messages, numbers, reports
from ..store.messages import Message
from ..store.paging import Paging
from ..store.recipients import Recipient
from .conversion import from_units, parse_reply
from .declare import Call, operation
from .errors import ControlError
from .shapes import reasons as shapes
from .shapes.primitives import Id

_MAX_SHOWN = 8
"""Most characters and rules that a sentence lists."""

_NOT_REPORTED = " Nothing was sent yet, because the carrier has not reported."
_FROZEN = " The clock is frozen, so nothing more happens until it is resumed or advanced."

_ORIGINS = {
    "keyword": "A number sent this message automatically, because of its settings or those of a keyword.",
    "email-sms": "An e-mail became this message, and its domain has this sender.",
}
"""Reasons for the sender of a message that no call sent, by its type."""


@operation("GET", "/messages/{message}/reasons")
def explain_message(call: Call, message: Id) -> shapes.Reasons:
    """Explain a message: its sender, parts and price, what decides its fate, and who gets its delivery report."""
    row = messages.read(call.db, call.tenant.id, message)
    if row is None:
        raise ControlError("not_found", f"There is no message {message}.")
    some = reports.list_recipients(call.db, call.tenant.id, Paging(1, 100), message, None, None).rows
    sent_by = _first_entry(call, EntryFilter(kind=entries.CALL, message=message, text=None))
    words = some[-1].text if some else row.text
    segments = text.segments(words)
    return shapes.Reasons(
        sender=_explain_sender(call, row, sent_by),
        parts=_explain_parts(words, segments),
        price=_explain_price(row),
        fate=_explain_fate(call, row, some),
        delivery_report=_explain_report(call, row),
        encoding=segments.encoding,
        units=segments.units,
        texts=text.split_to_parts(words),
        call_id=sent_by.id if sent_by else None,
        reply_xml=_spell_xml(sent_by),
    )


def _first_entry(call: Call, where: EntryFilter) -> Entry | None:
    return next(iter(queries.list_next(call.db, call.tenant.id, where, 1)), None)


def _explain_sender(call: Call, message: Message, sent_by: Entry | None) -> str:
    if sent_by is not None and (given := sent_by.request.get("from")):
        same = given.lstrip("+") == message.sender
        return f"The call gave it: from={given}." if same else f"The call gave from={given}, which is {message.sender}."
    number = numbers.read(call.db, call.tenant.id, message.sender)
    if message.type in _ORIGINS:
        return _ORIGINS[message.type]
    prefix = "The call gave no `from`: " if sent_by is not None else "The call is no longer in the traffic. "
    if number is None:
        return f"{prefix}{message.sender} is not a number of this tenant."
    kind = (
        "a shared number, as the account leases none" if number.shared else "the lowest number that the account leases"
    )
    return f"{prefix}{message.sender} is {kind}."


def _explain_parts(words: str, segments: Segments) -> str:
    single, several, unit = (160, 153, "septets") if segments.encoding == "GSM-7" else (70, 67, "UTF-16 units")
    if segments.encoding == "GSM-7":
        why = "All characters are in GSM-7."
        if extension := text.find_extension_characters(words):
            why += f" {_show(extension)} count twice."
    else:
        why = f"{_show(text.find_other_characters(words))} are not in GSM-7, so the whole text is UCS-2."
    fits = f"up to {single} fit one part" if segments.parts == 1 else f"over {single}, so each part holds {several}"
    return f"{why} {segments.units} {unit}: {fits}."


def _show(characters: str) -> str:
    shown = [f"{each} (U+{ord(each):04X})" if each.isprintable() else f"U+{ord(each):04X}" for each in characters]
    rest = f" and {len(shown) - _MAX_SHOWN} more" if len(shown) > _MAX_SHOWN else ""
    return ", ".join(shown[:_MAX_SHOWN]) + rest


def _explain_price(message: Message) -> str:
    if not message.parts:
        return "No part was sent, so nothing is charged."
    each = from_units(message.cost) / message.parts
    handsets = "1 handset" if message.recipients == 1 else f"{message.recipients} handsets"
    parts = "1 part" if message.parts == 1 else f"{message.parts} parts"
    return f"{parts} to {handsets}, at {each:.4g} a part: {from_units(message.cost):.3f}."


def _explain_fate(call: Call, message: Message, some: Sequence[Recipient]) -> str:
    if message.status == messages.CANCELLED:
        return "It was cancelled before it was sent."
    if message.status == messages.SCHEDULED:
        return "It waits for its time. Carrier rules are checked when it is sent."
    rules = _rules_of(call, message, some)
    if len(some) == 1:
        return _explain_rule(rules.get(some[0].msisdn, ""), some[0].msisdn)
    chosen = list(dict.fromkeys(rule for rule in rules.values() if rule))
    if not chosen:
        return "No carrier rule and no scenario chose it, so it is delivered to every handset."
    by_rule = [f"{rule} for {sum(each == rule for each in rules.values())}" for rule in chosen[:_MAX_SHOWN]]
    return f"Chosen by {', '.join(by_rule)}; it is delivered to all others."


def _explain_rule(rule: str, msisdn: str) -> str:
    kind, _, name = rule.partition(" ")
    if kind == "rule":
        return f"Carrier rule {name} matched; it is the first that did."
    if kind == "scenario":
        return f"No carrier rule matched, and {msisdn} has the scenario {name}: {scenarios.BY_NAME[name].summary}"
    return f"No carrier rule matched, and {msisdn} has no scenario of its own, so it is delivered."


def _explain_report(call: Call, message: Message) -> str:
    """Say which URL gets the delivery reports, and why nobody gets one."""
    if message.status == messages.CANCELLED:
        return "It was cancelled, so there is nothing to report."
    own = messages.find_report_url(call.db, call.tenant.id, message.id)
    account = accounts.read(call.db, call.tenant.id, message.account)
    url = own or (account and account.dlr_url)
    if not url:
        return "Neither the call (`dlr_callback`) nor the account has a URL for delivery reports, so none is sent."
    secret = (account and account.secret) or ""
    made = callbacks.list_page(call.db, call.tenant.id, Paging(1, 1), event="dlr", message=message.id).total > 0
    if not made and message.pending == 0:
        return "There was no URL for delivery reports at that time, so none was sent. The account has one now."
    giver = (
        "the call gave it as `dlr_callback`" if own else "the call gave no `dlr_callback`, and the account has this one"
    )
    failure, waits = _explain_attempts(call, message, secret) if made else (_NOT_REPORTED, True)
    clock = call.tenant.clock
    is_held = waits and clock.frozen_at is not None and not clock.moving
    return f"Goes to `{redact_url(url, secret)}`: {giver}.{failure}{_FROZEN if is_held else ''}"


def _explain_attempts(call: Call, message: Message, secret: str) -> tuple[str, bool]:
    """Return why the worst report did not arrive, and if another attempt is planned.

    A report that was given up is the worst, before one that waits.
    """
    for state in (callbacks.GIVEN_UP, callbacks.WAITING):
        page = callbacks.list_page(call.db, call.tenant.id, Paging(1, 1), event="dlr", state=state, message=message.id)
        for callback in page.rows:
            attempts = callbacks.attempts_of(call.db, call.tenant.id, [callback.id])[callback.id]
            errors = [attempt.error for attempt in attempts if attempt.error is not None]
            receiver = f" for {callback.msisdn}" if message.recipients > 1 else ""
            why = redact(errors[-1], secret).removeprefix("refused: ").rstrip(".") if errors else ""
            failed = f" The last attempt{receiver} failed: {why}." if errors else ""
            return (f"{failed} It was given up.", False) if state == callbacks.GIVEN_UP else (failed, True)
    return "", False


def _rules_of(call: Call, message: Message, some: Sequence[Recipient]) -> dict[str, str]:
    """Return what decides on each handset: as planned, or as the traffic tells of the reports."""
    rules = due_events.find_rules(call.db, call.tenant.id, {recipient.id: recipient.msisdn for recipient in some})
    reported = EntryFilter(kind=entries.REPORT, message=message.id)
    for entry in queries.list_next(call.db, call.tenant.id, reported, 1000):
        if entry.numbers:
            rules.setdefault(entry.numbers[0], entry.rule)
    return rules


def _spell_xml(entry: Entry | None) -> str | None:
    reply = parse_reply(entry.reply) if entry is not None else None  # a text if it was cut
    return to_xml(reply).decode() if isinstance(reply, dict) else None


OPERATIONS = (explain_message,)
