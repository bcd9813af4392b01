"""Addresses beside the API: health, the page and its files, the CA."""

import re
import subprocess
from html import escape
from pathlib import Path
from urllib.parse import quote

import pytest

from sms_sandbox.web.assets import PAGE_DIRECTORY
from tests.sandbox import KEY, SECRET, Account, fetch

FILES = sorted(path.relative_to(PAGE_DIRECTORY) for path in PAGE_DIRECTORY.rglob("*") if path.is_file())
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@pytest.mark.parametrize("where", ["http", "https"])
def test_health_is_answered_on_both_listeners(server: Account, where: str) -> None:
    url = getattr(server.ready, where)
    assert fetch(f"{url}/livez", ca=server.ready.ca).json == {"status": "alive"}
    ready = fetch(f"{url}/readyz", ca=server.ready.ca)
    assert (ready.status, ready.json["status"]) == (200, "ready")
    assert fetch(f"{url}/readyz", "POST", ca=server.ready.ca).status == 405
    head = fetch(f"{url}/readyz", "HEAD", ca=server.ready.ca)
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(ready.body)))


def test_the_page_loads_only_its_own_files(server: Account) -> None:
    for path in ("/", "/_sandbox"):
        answer = fetch(server.ready.http + path)
        assert (answer.status, answer.headers["location"]) == (302, "/_sandbox/")
    page = fetch(f"{server.ready.http}/_sandbox/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-cache"
    text = page.body.decode()
    assert not re.search(r"<style|\bstyle=|\bon[a-z]+=|<script(?! (?:type=\"module\" )?src=)|://", text)
    links = set(re.findall(r'(?:href|src)="([^"#]+)"', text)) - {"v1/openapi.json"}
    assert links
    for link in links:
        assert fetch(f"{server.ready.http}/_sandbox/{link}").status == 200, link
    assert fetch(f"{server.ready.http}/_sandbox/", "DELETE").status == 405


@pytest.mark.parametrize("path", FILES, ids=str)
def test_each_file_of_the_page_has_its_type_and_is_validated_again(server: Account, path: Path) -> None:
    url = f"{server.ready.http}/_sandbox/page/{path.as_posix()}"
    answer = fetch(url)
    assert answer.status == 200
    assert answer.headers["content-type"] == TYPES[path.suffix]
    assert answer.headers["cache-control"] == "no-cache"
    assert "'none'" in answer.headers["content-security-policy"]
    assert answer.body == (PAGE_DIRECTORY / path).read_bytes()
    again = fetch(url, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert fetch(url, "POST").status == 405
    lines = answer.body.decode().splitlines()
    assert len(lines) <= 300
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", answer.body.decode()
    )


def test_modules_import_files_that_exist() -> None:
    for path in FILES:
        for name in re.findall(r"""(?:from|import\() ?"(\.[^"]+)\"""", (PAGE_DIRECTORY / path).read_text()):
            assert (PAGE_DIRECTORY / path.parent / name).resolve().is_file(), (path, name)


def test_files_outside_the_page_are_not_served(server: Account) -> None:
    for path in ("../pages.py", "..%2fpages.py", "js", "", "js/none.js"):
        assert fetch(f"{server.ready.http}/_sandbox/page/{path}").status == 404, path


@pytest.mark.parametrize("path", ["nothing", "docs/nothing", "<b>x</b>", "x" * 5000])
def test_an_address_of_ours_with_nothing_leads_on(server: Account, path: str) -> None:
    answer = fetch(f"{server.ready.http}/_sandbox/{quote(path)}")
    text = answer.body.decode()
    assert (answer.status, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert 'href="/_sandbox/docs/"' in text
    assert escape(f"/_sandbox/{path}"[:200]) in text
    assert "<b>" not in text
    assert len(text) < 3000


def test_the_page_finds_out_how_to_call_the_api(server: Account) -> None:
    facts = server.ok("GET", "/connection")
    assert (facts["https"], facts["http"]) == (server.ready.https, server.ready.http)
    assert (facts["ca"], facts["ca_bundle"]) == (server.ready.ca, server.ready.ca_bundle)
    assert (facts["key"], facts["secret"]) == (KEY, SECRET)
    printed = subprocess.run(facts["env_command"], check=True, capture_output=True, text=True).stdout
    assert f"export SMS_SANDBOX_URL={server.ready.https}\n" in printed
    assert f"export SMS_SANDBOX_CA={server.ready.ca}\n" in printed


def test_the_page_gets_the_account_of_the_credentials(server: Account) -> None:
    tenant = server.tenant()
    facts = tenant.ok("GET", "/connection")
    assert (facts["key"], facts["secret"]) == (tenant.key, tenant.secret)


def test_the_ca_can_be_downloaded(server: Account) -> None:
    answer = fetch(f"{server.ready.http}/_sandbox/ca.pem")
    assert answer.body == Path(server.ready.ca).read_bytes()


def test_the_root_of_the_api_is_not_found(server: Account) -> None:
    assert fetch(f"{server.ready.https}/", ca=server.ready.ca).status == 404
    assert fetch(f"{server.ready.http}/nothing").status == 404
