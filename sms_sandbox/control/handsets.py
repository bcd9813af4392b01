"""Operations on handsets: the texts they show, and what they do with the next message."""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from msgspec import UNSET

from ..domain import scenarios, text
from ..domain.carrier import DELIVERED, HARD_BOUNCE, SOFT_BOUNCE
from ..domain.codes import find_codes
from ..domain.links import find_links
from ..domain.merge import SHORT_LINK
from ..domain.numbers import assume_australia
from ..domain.rule_match import Match, Subject, Turns, parse_range, to_international
from ..simulation.inbound import link_tap
from ..store import handsets, links, messages, recipients, rules
from ..store.handsets import GotText
from ..store.recipients import Recipient
from ..store.rules import CARRIER, NewRule, Rule
from .conversion import page_info, paging_of
from .declare import Call, operation
from .errors import ControlError
from .shapes import handsets as shapes
from .shapes.primitives import Id, Msisdn, PageQuery

_STATES: dict[str, shapes.State] = {SOFT_BOUNCE: "off", HARD_BOUNCE: "disconnected"}
"""The state of a handset by its scenario. With all others it is on."""

_SCENARIOS = {state: scenario for scenario, state in _STATES.items()}

_REPLIES = "replies"


@operation("GET", "/handsets")
def list_handsets(call: Call, query: shapes.HandsetFilter) -> shapes.Handsets:
    """List the handsets that got or sent a text, by the time of the latest.

    A text that is still to come counts from when it was scheduled.
    """
    digits = re.sub(r"[\s()+-]", "", query.number or "")
    parts = {digits, assume_australia(digits)} if digits else set()
    page = handsets.list_numbers(call.db, call.tenant.id, call.now, paging_of(query), parts)
    return shapes.Handsets(page_info(page), _handsets(call, page.rows))


@operation("GET", "/handsets/{handset}")
def read_handset(call: Call, handset: Msisdn) -> shapes.Handset:
    """Return a handset by its number. Every number has one, even if no message was sent to it."""
    return _handsets(call, [to_international(handset)])[0]


@operation("GET", "/handsets/{handset}/texts")
def list_handset_texts(call: Call, handset: Msisdn, query: PageQuery) -> shapes.HandsetTexts:
    """List the texts of a handset, newest first: messages to it, scheduled ones too, and messages from it."""
    page = handsets.list_texts(call.db, call.tenant.id, to_international(handset), paging_of(query))
    return shapes.HandsetTexts(page_info(page), [_text(row) for row in page.rows])


@operation("PATCH", "/handsets/{handset}")
def change_handset(call: Call, handset: Msisdn, body: shapes.HandsetChange) -> shapes.Handset:
    """Switch a handset on or off, or let it answer messages.

    This replaces the carrier rules for this number alone that always apply. Messages that are pending keep their plan.
    """
    number = to_international(handset)
    rulebook = rules.list_rules(call.db, call.tenant.id, CARRIER)
    now = _fate(call, rulebook, number)
    state = now.state if body.state is UNSET else body.state
    replies = now.replies if body.replies is UNSET else body.replies
    scenario = _SCENARIOS.get(state) or (_REPLIES if replies else DELIVERED)
    options = {"text": replies} if scenario == _REPLIES else {}
    own = [rule for rule in rulebook if rule.match.to and _is_for(rule, number) and _is_one(rule.match.to)]
    for rule in own:
        rules.remove(call.db, call.tenant.id, rule.id)
    left = _fate(call, [rule for rule in rulebook if rule not in own], number)
    if (left.scenario, left.options) != (scenario, options):
        what = {"scenario": scenario, "options": options}
        rules.add(call.db, call.tenant.id, NewRule(CARRIER, Match(to=number), Turns(), what), first=True)
    return _handsets(call, [number])[0]


@operation("POST", "/recipients/{recipient}/tap")
def tap_link(call: Call, recipient: Id, body: shapes.Tap) -> shapes.TappedLink:
    """Open a short link in the text that a recipient got, as its handset does: it is counted, or opts out."""
    row = recipients.read(call.db, call.tenant.id, recipient)
    if row is None:
        raise ControlError("not_found", f"There is no recipient {recipient}.")
    match = re.fullmatch(SHORT_LINK, body.link, re.IGNORECASE)
    link = links.find(call.db, match[1]) if match else None
    if match is None or link is None or (link.tenant, link.recipient) != (call.tenant.id, recipient):
        raise ControlError("not_found", f"The text of recipient {recipient} has no short link {body.link[:100]!r}.")
    tap = link_tap.open_link(call.db, match[1], call.real)
    if tap is None:
        raise ControlError("conflict", f"The message to recipient {recipient} is not sent yet, or was cancelled.")
    return shapes.TappedLink(tap.target)


class _Fate(NamedTuple):
    """The scenario of the next message to a number, and the rule that chose it."""

    scenario: str
    options: dict[str, Any]
    rule_id: int | None

    @property
    def state(self) -> shapes.State:
        return _STATES.get(self.scenario, "on")

    @property
    def replies(self) -> str | None:
        steps = [step.says for step in scenarios.BY_NAME[self.scenario].steps if step.does == scenarios.REPLY]
        return self.options.get("text", steps[0]) if steps else None


def _fate(call: Call, rulebook: Iterable[Rule], number: str) -> _Fate:
    for rule in rulebook:
        if rule.enabled and (rule.until is None or call.now < rule.until) and _is_for(rule, number):
            return _Fate(rule.what["scenario"], dict(rule.what["options"]), rule.id)
    return _Fate(scenarios.BY_NUMBER.get(number, DELIVERED), {}, None)


def _is_for(rule: Rule, number: str) -> bool:
    """True if a rule applies to every message to a number."""
    match = rule.match
    depends = match.sender is not None or match.text is not None or match.key is not None
    return not depends and rule.turns.always_applies and match.matches(Subject((number,)))


def _is_one(to: str) -> bool:
    first, last = parse_range(to)
    return first == last


def _handsets(call: Call, numbers: Iterable[str]) -> list[shapes.Handset]:
    numbers = list(numbers)
    rulebook = rules.list_rules(call.db, call.tenant.id, CARRIER)
    opt_outs = handsets.find_opt_outs(call.db, call.tenant.id, numbers)
    rows = []
    for number in numbers:
        fate = _fate(call, rulebook, number)
        last = handsets.find_last_text(call.db, call.tenant.id, call.now, number)
        rows.append(
            shapes.Handset(
                number, fate.state, fate.replies, fate.scenario, fate.rule_id, opt_outs.get(number, []),
                _text(last) if last else None,
            )
        )  # fmt: skip
    return rows


def _text(row: handsets.HandsetText) -> shapes.HandsetText:
    if isinstance(row, GotText):
        return _got_text(row, row.recipient)
    return shapes.HandsetText(
        direction="sent", id=row.id, at=row.received_at, number=row.longcode, text=row.text, status="received",
        message_id=row.message, account_id=row.account, **_contents(row.text), is_optout=row.is_optout,
        keyword=row.keyword, link_hits=0,
    )  # fmt: skip


def _got_text(row: GotText, recipient: Recipient) -> shapes.HandsetText:
    return shapes.HandsetText(
        direction="got", id=recipient.id, at=recipient.sent_at, number=recipient.sender, text=recipient.text,
        status=recipient.status if row.status == messages.SENT else row.status, message_id=recipient.message,
        account_id=row.account, **_contents(recipient.text), is_optout=recipient.optout, keyword=None,
        link_hits=recipient.link_hits,
    )  # fmt: skip


def _contents(words: str) -> dict[str, Any]:
    segments = text.segments(words)
    return {
        "codes": list(find_codes(words)),
        "links": list(find_links(words)),
        "encoding": segments.encoding,
        "parts": segments.parts,
    }


OPERATIONS = (list_handsets, read_handset, list_handset_texts, change_handset, tap_link)
