"""The documentation that the sandbox itself serves."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from build_docs import copy_docs
from sms_sandbox.api.routes import Methods
from sms_sandbox.control.routes import OPERATIONS
from sms_sandbox.web.docs.endpoints import _build_page
from sms_sandbox.web.docs.markdown import render
from sms_sandbox.web.docs.schema_text import describe_type, link_type, make_example
from sms_sandbox.web.docs.source import BUNDLE, find_root, list_files, to_address, to_path
from tests.sandbox import Account, Answer, fetch

ROOT = Path(__file__).parents[2]
FILES = list_files(ROOT)


def read(server: Account, address: str) -> Answer:
    answer = fetch(server.ready.http + address)
    assert answer.status == 200, address
    return answer


@pytest.fixture(scope="module")
def pages(server: Account) -> dict[str, str]:
    """The HTML of every page by its address."""
    addresses = [to_address(path) for path in FILES if path.endswith(".md")]
    addresses += ["/_sandbox/docs/api", "/_sandbox/docs/control"]
    return {address: read(server, address).body.decode() for address in addresses}


def links(html: str) -> Iterator[str]:
    yield from re.findall(r'(?:href|src)="([^"]+)"', html)


def test_every_link_leads_somewhere(server: Account, pages: dict[str, str]) -> None:
    checked = set()
    for page, html in pages.items():
        for link in links(html):
            if re.match(r"https?:", link):
                continue
            address, _, anchor = link.partition("#")
            address = address or page
            assert address.startswith("/_sandbox/"), f"{page} links to {link}"
            if address in pages and anchor:
                assert f'id="{anchor}"' in pages[address], f"{page} links to {link}"
            elif address not in pages and address not in checked:
                checked.add(address)
                assert fetch(server.ready.http + address).status == 200, f"{page} links to {link}"
    assert len(checked) > 3


def test_the_links_of_the_page_lead_somewhere(server: Account) -> None:
    scripts = (ROOT / "sms_sandbox/web/page/js").rglob("*.js")
    texts = "\n".join(path.read_text() for path in scripts)
    targets = set(re.findall(r"""["'](docs/[^"'#]*|v1/openapi.json|openapi.json|ca.pem)[#"']""", texts))
    assert {"docs/", "docs/api", "docs/control", "docs/shared.md"} <= targets
    for target in targets:
        assert fetch(f"{server.ready.http}/_sandbox/{target}").status == 200, target


def test_the_index_lists_the_pages_in_the_order_to_read_them(pages: dict[str, str]) -> None:
    index = pages["/_sandbox/docs/"]
    nav = index.partition('aria-label="Pages')[2].partition("</nav>")[0]
    listed = list(links(nav))
    assert listed[0] == "/_sandbox/docs/project/README.md"
    assert listed[-2:] == ["/_sandbox/docs/api", "/_sandbox/docs/control"]
    written = {to_address(path) for path in FILES if path.startswith("docs/") and path.endswith(".md")}
    assert written - {"/_sandbox/docs/"} <= set(listed), "docs/README.md must lead to every page"


def test_no_page_needs_anything_inline_or_of_another_host(server: Account, pages: dict[str, str]) -> None:
    for address, html in pages.items():
        assert " style=" not in html, address
        assert "<style" not in html, address
        assert not re.search(r"<script(?! src=\"/_sandbox/)", html), address
        assert not re.search(r'<(?:img|link|script)[^>]*(?:src|href)="(?!/_sandbox/)', html), address
    policy = read(server, "/_sandbox/docs/").headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


def test_only_documentation_is_served(server: Account) -> None:
    for path in ("nothing.md", "../pyproject.toml", "project/pyproject.toml", "project/../sms_sandbox/app.py",
                 "%2e%2e/pyproject.toml", "project//etc/passwd"):  # fmt: skip
        assert fetch(f"{server.ready.http}/_sandbox/docs/{path}").status == 404
    assert fetch(f"{server.ready.http}/_sandbox/docs/", "POST").status in (403, 405)
    moved = fetch(f"{server.ready.http}/_sandbox/docs")
    assert (moved.status, moved.headers["location"]) == (302, "/_sandbox/docs/")
    assert read(server, "/_sandbox/docs/seed.toml").headers["content-type"].startswith("text/plain")


def test_a_page_is_found_without_its_ending(server: Account) -> None:
    for address in ("faults", "project/README"):
        moved = fetch(f"{server.ready.http}/_sandbox/docs/{address}")
        assert (moved.status, moved.headers["location"]) == (302, f"/_sandbox/docs/{address}.md")


def test_the_reference_shows_every_method_and_operation(pages: dict[str, str]) -> None:
    api, control = pages["/_sandbox/docs/api"], pages["/_sandbox/docs/control"]
    for name in Methods():
        assert api.count(f"<code>/{name}.json</code> or <code>/{name}.xml</code>") == 1, name
    for operation in OPERATIONS:
        assert f'<h3 id="{operation.name}">' in control, operation.name
        assert f"<code>{operation.path}</code>" in control
    created = control.partition('<h3 id="create_tenant">')[2].partition("</section>")[0]
    assert "needs the operator's token" in created
    assert "-H &#x27;X-Sandbox-Token: TOKEN&#x27;" in created or "-H 'X-Sandbox-Token: TOKEN'" in created
    assert "<td><code>frozen_at</code></td>" in created, "the fields of the body"
    assert "At most 2000 characters." in api
    assert "-d message=text" in api
    assert '"delivery_stats": {' in api


def test_addresses_are_those_of_the_request(server: Account) -> None:
    port = server.ready.http.rpartition(":")[2]
    page = fetch(f"{server.ready.http}/_sandbox/docs/control", headers={"Host": f"app.localhost:{port}"})
    assert f"Base URL: <code>http://app.localhost:{port}/_sandbox/v1</code>" in page.body.decode()


def test_a_package_holds_all_pages_and_no_old_one(tmp_path: Path) -> None:
    bundle = tmp_path / "sms_sandbox/web/docs" / BUNDLE
    bundle.mkdir(parents=True)
    (bundle / "old.md").write_text("of an earlier build")
    copy_docs(tmp_path)
    assert list_files(bundle) == FILES
    assert (bundle / "docs/faults.md").read_bytes() == (ROOT / "docs/faults.md").read_bytes()
    assert find_root() == ROOT, "a checkout has no copy that could be stale"


def test_a_changed_page_is_shown_at_once(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/README.md").write_text("[One](one.md)")
    page = tmp_path / "docs/one.md"
    files = ("docs/README.md", "docs/one.md")
    page.write_text("# Before")
    assert b"Before" in _build_page(tmp_path, "docs/one.md", files, 1)
    page.write_text("# After")
    assert b"After" in _build_page(tmp_path, "docs/one.md", files, 2)


def test_markdown_becomes_html_that_the_policy_allows() -> None:
    text = (
        "# A `b` c!\n\n## A b c\n\n## A b c\n\n| x | y |\n|-|-:|\n| 1 | 2 |\n\n"
        "[s](../a.py) [t](b.md#z) ![i](images/p.png)"
    )
    rendered = render(text, "docs/x.md", {"docs/b.md", "docs/images/p.png"})
    assert rendered.title == "A b c!"
    assert [each.anchor for each in rendered.headings] == ["a-b-c", "a-b-c-1", "a-b-c-2"]
    assert '<td class="align-right">2</td>' in rendered.html
    assert '<p>s <a href="/_sandbox/docs/b.md#z">t</a> <img src="/_sandbox/docs/images/p.png"' in rendered.html


@pytest.mark.parametrize("path", FILES)
def test_an_address_leads_back_to_its_file(path: str) -> None:
    assert to_path(to_address(path).removeprefix("/_sandbox/docs/")) == path


def test_schemas_are_described_in_words() -> None:
    named = {
        "Thing": {
            "type": "object",
            "properties": {"id": {"type": "integer"}, "more": {"$ref": "#/components/schemas/Thing"}},
        }
    }
    assert link_type({"anyOf": [{"$ref": "#/components/schemas/Thing"}, {"type": "null"}]}) == (
        '<a href="#schema-Thing">Thing</a> or null'
    )
    assert link_type({"type": "array", "items": {"enum": ["a", 1]}}) == (
        "list of one of <code>a</code>, <code>1</code>"
    )
    assert link_type({"type": "object", "additionalProperties": {"type": "string"}}) == "object of string"
    assert describe_type({"minimum": 1, "maximum": 5, "default": False}) == "1 to 5. Default: false."
    assert describe_type({"minLength": 1, "description": "A word."}) == "A word. At least 1 characters."
    example = make_example({"$ref": "#/components/schemas/Thing"}, named)
    assert example["id"] == 1
    assert example["more"]["more"]["more"]["more"] == {}


def test_the_commands_have_the_addresses_that_the_reader_can_use(server: Account) -> None:
    port = server.ready.http.rpartition(":")[2]
    https_port = server.ready.https.rpartition(":")[2]
    for address in ("/_sandbox/docs/shared.md", "/_sandbox/docs/testing.md", "/_sandbox/docs/project/README.md"):
        html = fetch(server.ready.http + address, headers={"Host": f"192.0.2.9:{port}"}).body.decode()
        assert f"http://192.0.2.9:{port}/_sandbox/" in html, address
        assert f"https://192.0.2.9:{https_port}" in html, address
        assert not re.search(r"(localhost|sandbox\.example\.net):8(080|443)", html), address
