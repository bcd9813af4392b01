"""`GET /report`: a tenant's story in one HTML file, in which nothing but the sandbox's own markup is markup."""

import base64
import hashlib
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from sms_sandbox.control.report import contents
from sms_sandbox.server.certificates import Certificates
from tests.receiver import Receiver
from tests.sandbox import HANDSET, Account, Answer, run_demo

EVIL = """<script>alert(1)</script><img src=x onerror='alert("2")'>&amp;"""


class Reader(HTMLParser):
    """Collects the elements, attributes and texts of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)


@pytest.fixture(scope="module")
def demo(certificates: Certificates) -> Iterator[Account]:
    """The default account of a server with the demo."""
    with run_demo(certificates) as account:
        yield account


def report(account: Account) -> Answer:
    answer = account.control("GET", "/report")
    assert answer.status == 200
    return answer


def test_a_report_tells_the_story(demo: Account) -> None:
    answer = report(demo)
    read = Reader(answer.body.decode()).text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-disposition"] == 'inline; filename="sms-sandbox-default.html"'
    for words in (
        "The story of tenant default",
        "Callback 16 (dlr) was given up after 5 attempts to http://localhost:1/last-years-app: nothing listens",
        "send-sms was refused with RECIPIENTS_ERROR: opted out: 61491570158",
        "Hint: send-sms has no parameter `mesage`. Did you mean `message`?",
        "Monday, 2 March 2026",
        "answered 503 after",
        "next attempt 2026-03-04 11:06:02",
        "handover to the carrier · message 340000018",
        "opted out",
        "keyword HOURS",
        "link opened 1 time",
    ):
        assert words in read, words
    assert "<mark>482913</mark>" in answer.body.decode()
    assert demo.secret not in answer.body.decode()
    for status, name in (("delivered", "Delivered"), ("pending", "Pending")):
        count = demo.ok("GET", "/recipients", status=status, sent="true")["page"]["total"]
        assert f"<dt>{name}</dt><dd>{count}</dd>" in answer.body.decode()
    everybody = demo.ok("GET", "/recipients", sent="true")["page"]["total"]
    assert f"<dt>Recipients</dt><dd>{everybody}</dd>" in answer.body.decode()
    numbers = [each["number"] for each in demo.ok("GET", "/handsets")["handsets"]]
    assert all(f"<h3>{number}</h3>" in answer.body.decode() for number in numbers)


def test_a_report_loads_and_runs_nothing(demo: Account) -> None:
    answer = report(demo)
    html = answer.body.decode()
    read = Reader(html)
    assert not read.tags & {"script", "link", "img", "iframe", "object", "form", "a", "base"}
    assert not read.attributes & {"src", "href", "style", "action"}
    assert not [name for name in read.attributes if name.startswith("on")]
    (css,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert "url(" not in css
    assert "@import" not in css
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert policy == f"default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-{digest}'"
    assert answer.headers["content-security-policy"] == f"{policy}; frame-ancestors 'none'"


def test_every_text_is_text(server: Account, receiver: Receiver) -> None:
    tenant = server.tenant(frozen_at="2030-01-31T12:00:00Z")
    receiver.status = 500
    receiver.files = {"/<b>": EVIL.encode()}
    tenant.ok("PATCH", "/account", {"dlr_url": f"{receiver.url}/<b>", "reply_url": receiver.url})
    tenant.send(EVIL)
    tenant.ok("POST", "/clock/advance", {"seconds": 2})
    tenant.ok("POST", "/inbound", {"from": HANDSET, "text": EVIL})
    tenant.ok("PATCH", f"/handsets/{HANDSET}", {"replies": EVIL})
    tenant.api("send-sms", to=HANDSET, message=EVIL, from_="<i>")
    tenant.api("<script>", **{"<script>": EVIL})
    read = Reader(report(tenant).body.decode())
    assert not read.tags & {"script", "img", "b", "i"}
    assert "onerror" not in read.attributes
    assert read.text.count(EVIL) >= 4


def test_a_tenant_without_a_story_says_so(server: Account) -> None:
    read = Reader(report(server.tenant()).body.decode()).text
    assert "No message was sent yet." in read
    assert "What went wrongNothing." in read


def test_a_report_says_what_it_leaves_out(demo: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MAX_HANDSETS", "MAX_TEXTS", "MAX_CALLBACKS", "MAX_ENTRIES"):
        monkeypatch.setattr(contents, name, 2)
    read = Reader(report(demo).body.decode()).text
    for words in (
        " handsets left out.",
        " earlier entries left out.",
        " older callbacks left out.",
        "6 earlier left out",
        "among the newest.",
    ):
        assert words in read, words
