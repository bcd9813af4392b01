"""The comparison with the real service."""

from sms_sandbox.api.parity.evidence import EVIDENCE
from tests.sandbox import Account


def test_the_evidence_of_every_method_is_listed(server: Account) -> None:
    response = server.ok("GET", "/parity")
    assert [each["method"] for each in response["methods"]] == list(EVIDENCE)
    assert response["total"] == sum(each["reply"] for each in response["counts"]) == len(EVIDENCE)
    assert [each["mark"] for each in response["counts"]] == ["logged", "recorded", "documented", "clients", "assumed"]
    assert response["validated"] == sum(each["validated"] is not None for each in response["methods"])


def test_a_method_has_its_evidence_and_its_gaps(server: Account) -> None:
    response = server.ok("GET", "/parity")
    by_name = {each["method"]: each for each in response["methods"]}
    assert by_name["cancel-sms"]["evidence"] == {
        "parameters": ["recorded", "documented", "clients"],
        "reply": ["documented"],
        "xml": ["documented"],
        "refusals": ["recorded", "assumed"],
    }
    assert by_name["get-link-hits"]["evidence"]["reply"] == ["assumed"]
    assert "Cancelling" in {gap["what"] for gap in by_name["cancel-sms"]["gaps"]}
    assert "Cancelling" not in {gap["what"] for gap in by_name["get-balance"]["gaps"]}
    real = {gap["what"]: gap["really"] for gap in by_name["send-sms"]["gaps"]}
    assert (real["Short links"], real["Default sender"]) == ("resolve on the internet", None)
    assert "Throttle window" in {gap["what"] for gap in response["gaps"]}
