"""Pages beside the API: health, status, the CA."""

import html
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.sandbox import KEY, SECRET, Account, fetch


@pytest.mark.parametrize("where", ["http", "https"])
def test_health_is_told_on_both_listeners(server: Account, where: str) -> None:
    url = getattr(server.ready, where)
    assert fetch(f"{url}/livez", ca=server.ready.ca).json == {"status": "alive"}
    ready = fetch(f"{url}/readyz", ca=server.ready.ca)
    assert (ready.status, ready.json["status"]) == (200, "ready")
    assert fetch(f"{url}/readyz", "POST", ca=server.ready.ca).status == 405
    head = fetch(f"{url}/readyz", "HEAD", ca=server.ready.ca)
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(ready.body)))


def test_the_status_page_says_what_a_newcomer_needs(server: Account) -> None:
    for path in ("/", "/_sandbox"):
        answer = fetch(server.ready.http + path)
        assert (answer.status, answer.headers["location"]) == (302, "/_sandbox/")
    page = fetch(f"{server.ready.http}/_sandbox/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    text = page.body.decode()
    for part in (server.ready.https, KEY, SECRET, server.ready.ca, server.ready.ca_bundle, "sms-sandbox env"):
        assert part in text
    assert "<script" not in text
    assert re.search(r"<pre><code>curl --cacert \S+ \\\n  -u ", text)
    command = html.unescape(text.partition('eval "$(')[2].partition(')"')[0])
    printed = subprocess.run(shlex.split(command), check=True, capture_output=True, text=True).stdout
    assert f"export SMS_SANDBOX_URL={server.ready.https}\n" in printed
    assert f"export SMS_SANDBOX_CA={server.ready.ca}\n" in printed
    links = set(re.findall(r'href="([^"]+)"', text))
    assert links
    for link in links:
        assert fetch(server.ready.http + link).status == 200
    assert fetch(f"{server.ready.http}/_sandbox/", "DELETE").status == 405


def test_the_ca_can_be_downloaded(server: Account) -> None:
    answer = fetch(f"{server.ready.http}/_sandbox/ca.pem")
    assert answer.body == Path(server.ready.ca).read_bytes()


def test_nothing_is_at_the_root_of_the_api(server: Account) -> None:
    assert fetch(f"{server.ready.https}/", ca=server.ready.ca).status == 404
    assert fetch(f"{server.ready.http}/nothing").status == 404
