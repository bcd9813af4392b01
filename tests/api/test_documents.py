"""The documents made from the declarations: valid and complete."""

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import validate

from sms_sandbox.api.errors import Code
from sms_sandbox.api.openapi import build_document
from sms_sandbox.api.parity.evidence import EVIDENCE
from sms_sandbox.api.routes import load_methods
from tests.conftest import Caller

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return build_document(load_methods().values(), "1.2.3", "https://localhost:8443")


def test_the_openapi_document_is_valid(described: dict[str, Any]) -> None:
    validate(described)


def test_the_openapi_document_has_every_method_in_both_formats_and_verbs(described: dict[str, Any]) -> None:
    paths = {f"/{name}.{ending}" for name in load_methods() for ending in ("json", "xml")}
    assert set(described["paths"]) == paths
    assert all(set(verbs) == {"get", "post"} for verbs in described["paths"].values())
    ids = [each["operationId"] for verbs in described["paths"].values() for each in verbs.values()]
    assert len(set(ids)) == len(ids)


def test_every_method_has_evidence_and_no_other_has() -> None:
    assert set(load_methods()) == set(EVIDENCE)


def test_the_methods_are_those_of_the_reference() -> None:
    reference = ROOT.parent / "shared" / "api" / "reference.md"
    if not reference.exists():
        pytest.skip("the reference is not beside this checkout")
    index = reference.read_text().partition("## 13. Method index")[2]
    assert re.findall(r"^\| \d+ \| ([a-z-]+) \|", index, re.MULTILINE) == list(EVIDENCE)


def test_the_page_shows_every_method_and_no_failure() -> None:
    page = (ROOT / "docs" / "methods.md").read_text()
    shown = re.findall(r"POST /([a-z-]+)\.json\n", page)
    assert sorted(shown) == sorted(EVIDENCE)
    codes = re.findall(r'"error":\{"code":"([A-Z_]+)"', page)
    assert set(codes) <= {Code.SUCCESS.name, Code.NOT_IMPLEMENTED.name}


def test_replies_are_as_the_document_says(call: Caller, described: dict[str, Any]) -> None:
    call.ok("send-sms", message="Hi", to="61491570156")
    made = call.ok("add-list", name="Friends", field_1="City")["id"]
    call.ok("add-to-list", list_id=made, msisdn="61491570156", field_1="2000")
    asked = {
        "get-balance": {},
        "get-numbers": {},
        "get-lists": {},
        "get-list": {"list_id": made},
        "get-sms": {"message_id": 340000001},
        "get-sms-sent": {"message_id": 340000001},
        "get-sms-stats": {"message_id": 340000001},
    }
    for name, params in asked.items():
        schema = described["paths"][f"/{name}.json"]["post"]["responses"]["200"]["content"]["application/json"][
            "schema"
        ]
        jsonschema.validate(call.ok(name, **params), {**schema, "components": described["components"]})
