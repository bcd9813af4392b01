"""The page of a report: everything in one HTML file, which loads and runs nothing."""

import base64
import hashlib
from functools import cache
from pathlib import Path

from msgspec import Struct

from ..shapes.clock import DueEvent
from .contents import Contents
from .markup import Markup, count_words, element, join, time_element
from .phones import build_phone
from .timeline import build_callback_cards, build_entry_rows, build_problems, has_failed

_PACKAGE = Path(__file__).parents[2]
_STYLE_SHEETS = (_PACKAGE / "web/page/css/tokens.css", Path(__file__).with_name("report.css"))
"""The page's own scales and colours, and the rules of the report."""

_DUE_WORDS = {
    "send": "handover to the carrier", "report": "delivery report", "callback": "callback attempt",
    "inbound": "message from a handset", "number-renewal": "renewal of a number",
    "keyword-renewal": "renewal of a keyword",
}  # fmt: skip


class Style(Struct, frozen=True):
    """The style sheet of reports, and the Content-Security-Policy that allows it and nothing else."""

    css: str
    policy: str


@cache
def read_style() -> Style:
    """Read the style sheet."""
    css = "\n".join(path.read_text(encoding="utf-8") for path in _STYLE_SHEETS)
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return Style(css, f"default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-{digest}'")


def render(contents: Contents) -> str:
    """Return the report as HTML."""
    title = f"The story of tenant {contents.tenant.name}"
    style = read_style()
    head = element(
        "head",
        Markup('<meta charset="utf-8">'),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{style.policy}">'),
        Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        element("title", title),
        element("style", Markup(style.css)),
    )
    body = element("body", element("main", _head(title, contents), *_sections(contents), _foot(contents)))
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _head(title: str, contents: Contents) -> Markup:
    clock, account = contents.tenant.clock, contents.account
    state = "running" if clock.running else "frozen"
    lists = ((contents.messages, contents.messages.messages), (contents.callbacks, contents.callbacks.callbacks),
             (contents.traffic, contents.traffic.entries))  # fmt: skip
    is_cut = any(page.page.total > len(rows) for page, rows in lists)
    return element(
        "header",
        element("h1", title),
        element(
            "p",
            join("Clock ", time_element(clock.now, "%A, %Y-%m-%d %H:%M:%S"), f" UTC, {state}"),
            f" · account {account.key} · balance {account.balance:.3f} {account.currency}",
            f" · {account.price:.3f} a part",
            class_="soft",
        ),
        element("dl", *_figures(contents), class_="figures"),
        element("p", "Replies, calls and callbacks are counted among the newest.", class_="soft") if is_cut else None,
        class_="page-head",
    )


def _figures(contents: Contents) -> list[Markup]:
    refused = sum(entry.kind == "call" and entry.code != "SUCCESS" for entry in contents.traffic.entries)
    failed = sum(map(has_failed, contents.callbacks.callbacks))
    figures = (
        ("Messages", contents.messages.page.total, ""),
        ("Recipients", sum(contents.recipients.values()), ""),
        ("Delivered", contents.recipients["delivered"], ""),
        ("Pending", contents.recipients["pending"], ""),
        ("Bounced", contents.recipients["soft-bounce"] + contents.recipients["hard-bounce"], "bad"),
        ("Replies", sum(each.responses for each in contents.messages.messages), ""),
        ("Calls refused", refused, "bad"),
        ("Callbacks failed", failed, "bad"),
    )
    return [
        element("div", element("dt", name), element("dd", f"{number:,}"), class_=tone if number and tone else None)
        for name, number, tone in figures
    ]


def _sections(contents: Contents) -> list[Markup]:
    entries, callbacks = contents.traffic.entries, contents.callbacks.callbacks
    wrong = build_problems(entries, callbacks)
    due = [_due(each) for each in contents.due.events]
    phones = [build_phone(each) for each in contents.phones]
    earlier = contents.traffic.page.total + contents.traffic.dropped - len(entries)
    return [
        _section("What went wrong", element("ul", *wrong, class_="problems") if wrong else None),
        _section(
            "Handsets", element("div", *phones, class_="phones") if phones else None,
            _left_out(contents.handset_count - len(phones), "handset"), empty="No message was sent yet.",
        ),
        _section(
            "What happened", *build_entry_rows(reversed(entries)),
            _left_out(earlier, "earlier entry", "earlier entries"),
        ),
        _section(
            "Callbacks", element("div", *build_callback_cards(callbacks), class_="callbacks") if callbacks else None,
            _left_out(contents.callbacks.page.total - len(callbacks), "older callback"),
        ),
        _section("Due next", element("ul", *due, class_="problems") if due else None),
    ]  # fmt: skip


def _due(event: DueEvent) -> Markup:
    about = event.number or (f"message {event.message_id}" if event.message_id else None)
    words = " · ".join(filter(None, [_DUE_WORDS.get(event.kind, event.kind), about, event.says]))
    return element("li", time_element(event.at, "%Y-%m-%d %H:%M:%S"), element("span", words))


def _section(title: str, *children: Markup | None, empty: str = "Nothing.") -> Markup:
    """Return a section; one without contents says so."""
    inside = [child for child in children if child]
    return element("section", element("h2", title), *(inside or [element("p", empty, class_="soft")]))


def _left_out(number: int, one: str, several: str | None = None) -> Markup | None:
    if number <= 0:
        return None
    return element("p", f"{count_words(number, one, several)} left out.", class_="soft")


def _foot(contents: Contents) -> Markup:
    return element(
        "footer",
        f"Written by sms-sandbox {contents.version}. Times are those of the tenant's clock, in UTC. ",
        "Nothing in here reached a phone. Secrets are left out.",
    )
