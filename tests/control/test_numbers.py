"""Virtual numbers in use, and their keywords."""

from tests.sandbox import Account


def test_leased_and_shared_numbers_are_listed(tenant: Account) -> None:
    leased = tenant.api_ok("lease-number")["number"]
    listed = tenant.ok("GET", "/numbers")["numbers"]
    account = tenant.ok("GET", "/accounts")["accounts"][0]["id"]
    by_number = {each["number"]: each for each in listed}
    assert by_number[str(leased)]["account_id"] == account
    assert by_number[str(leased)]["next_charge"] is not None
    shared = [each for each in listed if each["shared"]]
    assert shared
    assert all(each["account_id"] is None for each in shared)
    available = {str(each["number"]) for each in tenant.api_ok("get-numbers", filter="available")["numbers"]}
    assert not available & by_number.keys()


def test_keywords_are_listed(tenant: Account) -> None:
    number = next(each["number"] for each in tenant.ok("GET", "/numbers")["numbers"] if not each["shared"])
    tenant.api_ok("add-keyword", keyword="join", number=number, reference="fans")
    (keyword,) = tenant.ok("GET", "/keywords")["keywords"]
    assert (keyword["keyword"].lower(), keyword["number"], keyword["reference"]) == ("join", number, "fans")
    assert keyword["status"] == "open"
    assert tenant.ok("GET", "/keywords", number="61400000000")["keywords"] == []
