"""The events in a report: the problems, each traffic entry, and each callback with its attempts."""

import json
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from ..shapes.callbacks import Attempt, Callback
from ..shapes.traffic import Entry
from .markup import Markup, count_words, day_heading, element, join, time_element

GOOD = {"SUCCESS", "ok", "received", "delivered"}
_NEITHER = {"pending"}

_MAX_PROBLEMS = 20
"""Most problems that are listed; the newest."""

_MAX_DATA_CHARS = 4000
"""Longest request or answer that is shown."""


def build_problems(entries: Iterable[Entry], callbacks: Iterable[Callback]) -> list[Markup]:
    """Return the refused calls and the callbacks that failed, newest first."""
    failures = [(entry.at, _refusal(entry)) for entry in entries if entry.kind == "call" and entry.code != "SUCCESS"]
    failures += [(callback.attempts[-1].at, _failure(callback)) for callback in callbacks if has_failed(callback)]
    failures.sort(key=lambda each: each[0], reverse=True)
    return [line for _, line in failures[:_MAX_PROBLEMS]]


def has_failed(callback: Callback) -> bool:
    """Return True if a callback was given up, or waits because an attempt failed."""
    return callback.state != "delivered" and bool(callback.attempts)


def _refusal(entry: Entry) -> Markup:
    rule = f" (caused by {entry.rule})" if entry.rule else ""
    what = element("strong", f"{entry.method or 'A call'} was refused with {entry.code}")
    words = join(what, f": {entry.refusal}{rule}" if entry.refusal else rule)
    hints = (element("p", f"Hint: {hint}", class_="hint") for hint in entry.hints)
    return element("li", time_element(entry.at, "%Y-%m-%d %H:%M:%S"), element("div", element("p", words), *hints))


def _failure(callback: Callback) -> Markup:
    last, number = callback.attempts[-1], len(callback.attempts)
    state = "was given up" if callback.state == "given-up" else "has failed so far"
    words = join(
        element("strong", f"Callback {callback.id} ({callback.event}) {state}"),
        f" after {count_words(number, 'attempt')} to {_short_url(callback.url)}: {_answer_words(last)}.",
    )
    return element("li", time_element(last.at, "%Y-%m-%d %H:%M:%S"), element("div", element("p", words)))


def build_entry_rows(entries: Iterable[Entry]) -> list[Markup]:
    """Return entries as rows under the days they are of, oldest first."""
    rows: list[Markup] = []
    day = ""
    for entry in entries:
        if (heading := day_heading(entry.at)) != day:
            day = heading
            rows.append(element("h3", day, class_="day"))
        rows.append(_row(entry))
    return rows


def _row(entry: Entry) -> Markup:
    text = entry.request.get("message") or entry.request.get("text") or entry.request.get("response")
    status = f" {entry.status}" if entry.status and entry.status != 200 else ""
    tone = "good" if entry.code in GOOD else "neither" if entry.code in _NEITHER else "bad"
    what = element(
        "summary",
        time_element(entry.at),
        element("span", entry.kind, class_=f"kind kind-{entry.kind}"),
        element("span", " ".join(word for word in (entry.method, entry.number) if word), class_="what"),
        element("span", f"{entry.code or '-'}{status}", class_=f"badge {tone}"),
        element("span", text, class_="words") if text else None,
        element("span", why, class_="why") if (why := entry.refusal or entry.error) else None,
        element("span", entry.rule, class_="rule") if entry.rule else None,
    )
    return element("details", what, element("div", *_details(entry), class_="details"), class_="entry")


def _details(entry: Entry) -> Iterator[Markup]:
    yield from (element("p", f"Hint: {hint}", class_="hint") for hint in entry.hints)
    if entry.error:
        yield element("p", entry.error, class_="hint")
    if entry.took_ms is not None:
        yield element("p", f"Took {entry.took_ms:.1f} ms.", class_="soft")
    if entry.url:
        yield element("pre", f"{entry.verb} {entry.url}")
    if entry.request:
        yield _data("Request", entry.request)
    if entry.reply:
        yield _data("Answer", entry.reply)


def _data(name: str, data: Any) -> Markup:
    written = data if isinstance(data, str) else json.dumps(data, indent=1, ensure_ascii=False, default=str)
    shown = written if len(written) <= _MAX_DATA_CHARS else f"{written[:_MAX_DATA_CHARS]}… (cut)"
    return join(element("p", name, class_="soft"), element("pre", shown))


def build_callback_cards(callbacks: Iterable[Callback]) -> list[Markup]:
    """Return callbacks with all their attempts."""
    return [_card(callback) for callback in callbacks]


def _card(callback: Callback) -> Markup:
    tone = {"delivered": "good", "given-up": "bad"}.get(callback.state, "warn")
    due = join("next attempt ", time_element(callback.next_due, "%Y-%m-%d %H:%M:%S")) if callback.next_due else None
    head = element(
        "header",
        element("strong", f"{callback.id} {callback.event}"),
        element("span", f"handset {callback.msisdn}, message {callback.message_id}"),
        element("span", callback.state, class_=f"badge {tone}"),
        element("span", callback.rule, class_="rule") if callback.rule else None,
    )
    attempts = (
        element("li", time_element(each.at, "%Y-%m-%d %H:%M:%S"), element("span", _answer_words(each)))
        for each in callback.attempts
    )
    return element(
        "article", head, element("p", _short_url(callback.url), class_="url"), element("ol", *attempts),
        element("p", due, class_="soft") if due else None, class_="callback",
    )  # fmt: skip


def _answer_words(attempt: Attempt) -> str:
    """Return what an app answered to an attempt, or why it failed."""
    latency = "" if attempt.latency_ms is None else f" after {attempt.latency_ms:.0f} ms"
    if attempt.status is None:
        return (attempt.error or "under way").rstrip(".")
    answer = attempt.answer.strip().partition("\n")[0].rstrip(".")
    return f"answered {attempt.status}{latency}{f': {answer}' if answer else ''}"


def _short_url(url: str) -> str:
    """Return a URL without its parameters, which repeat the event."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"
