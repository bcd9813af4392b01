"""The handsets of a report, as conversations."""

import re
from collections.abc import Iterable

from ..shapes.handsets import HandsetText
from .contents import Phone
from .markup import Markup, day_heading, element, join, time_element

STATES = {"off": "off", "disconnected": "not in service"}

MISSED = {"soft-bounce", "hard-bounce", "cancelled"}
"""States of messages that the handset does not show."""


def build_phone(shown: Phone) -> Markup:
    """Return a handset with its conversation, oldest text first."""
    handset, page = shown.handset, shown.texts
    badges = [
        *([element("span", STATES[handset.state], class_="badge warn")] if handset.state in STATES else []),
        *([element("span", "opted out", class_="badge bad")] if handset.opted_out_of else []),
        *([element("span", f"answers {handset.replies!r}", class_="badge")] if handset.replies else []),
    ]
    left_out = page.page.total - len(page.texts)
    earlier = [element("li", f"{left_out} earlier left out", class_="day")] if left_out else []
    return element(
        "article",
        element("header", element("h3", handset.number), *badges),
        element("ol", *earlier, *_conversation(reversed(page.texts)), class_="texts"),
        class_="phone",
    )


def _conversation(texts: Iterable[HandsetText]) -> list[Markup]:
    lines: list[Markup] = []
    day = sender = ""
    for text in texts:
        if (heading := day_heading(text.at)) != day:
            day, sender = heading, ""
            lines.append(element("li", day, class_="day"))
        lines.append(_text(text, text.number if text.number != sender else ""))
        sender = text.number
    return lines


def _text(text: HandsetText, number: str) -> Markup:
    is_missed = text.status in MISSED
    side = "got" if text.direction == "got" else "sent"
    name = f"{'to ' if side == 'sent' else ''}{number}" if number else None
    meta = [time_element(text.at), _status(text)]
    if text.parts > 1:
        meta.append(element("span", f"{text.parts} parts"))
    if text.link_hits:
        meta.append(element("span", f"link opened {text.link_hits} {'time' if text.link_hits == 1 else 'times'}"))
    if text.is_optout:
        meta.append(element("span", "opt-out", class_="bad-ink"))
    if text.keyword:
        meta.append(element("span", f"keyword {text.keyword}"))
    return element(
        "li",
        element("span", name, class_="name") if name else None,
        element("p", _with_codes(text.text, text.codes), class_="bubble"),
        element("p", *meta, class_="meta"),
        class_=f"text {side}{' missed' if is_missed else ''}{' later' if text.status == 'scheduled' else ''}",
    )


def _status(text: HandsetText) -> Markup | None:
    if text.direction == "sent":
        return None
    return element("span", text.status, class_="bad-ink" if text.status in MISSED else None)


def _with_codes(words: str, codes: list[str]) -> Markup:
    """Return a text with its most likely one-time code marked."""
    if not codes or codes[0] not in words:
        return join(words)
    before, code, after = re.split(f"({re.escape(codes[0])})", words, maxsplit=1)
    return join(before, element("mark", code), after)
